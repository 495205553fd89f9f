"""What follows for profiles, without a database."""

from app.features.profiles.rules.facts import ENOUGH, share
from app.features.profiles.rules.own import MAX_KEPT, MAX_PORTFOLIO, hints, profile_faults, to_html
from app.features.profiles.rules.scoring import Points, points_of, total

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
