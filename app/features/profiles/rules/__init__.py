"""Rules of profiles; pure functions."""

from app.features.profiles.rules.customer_stats import ENOUGH, share
from app.features.profiles.rules.match_score import Points, points_of, total
from app.features.profiles.rules.profile_fields import (
    LISTED_BY_ACCOUNT,
    MAX_LISTED,
    MAX_PORTFOLIO,
    hints,
    to_html,
    validate_day,
    validate_profile,
)

__all__ = [
    "ENOUGH",
    "LISTED_BY_ACCOUNT",
    "MAX_LISTED",
    "MAX_PORTFOLIO",
    "Points",
    "hints",
    "points_of",
    "share",
    "to_html",
    "total",
    "validate_day",
    "validate_profile",
]
