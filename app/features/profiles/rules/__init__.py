"""What follows for profiles, without a database."""

from app.features.profiles.rules.customer_stats import ENOUGH, share
from app.features.profiles.rules.match_score import Points, points_of, total
from app.features.profiles.rules.profile_fields import MAX_KEPT, MAX_PORTFOLIO, hints, profile_faults, to_html

__all__ = [
    "ENOUGH",
    "MAX_KEPT",
    "MAX_PORTFOLIO",
    "Points",
    "hints",
    "points_of",
    "profile_faults",
    "share",
    "to_html",
    "total",
]
