"""What follows for profiles, without a database."""

from app.features.profiles.rules.facts import ENOUGH, share
from app.features.profiles.rules.own import MAX_KEPT, MAX_PORTFOLIO, hints, profile_faults, to_html

__all__ = ["ENOUGH", "MAX_KEPT", "MAX_PORTFOLIO", "hints", "profile_faults", "share", "to_html"]
