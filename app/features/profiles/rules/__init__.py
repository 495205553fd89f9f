"""What follows for profiles, without a database."""

from app.features.profiles.rules.facts import ENOUGH, share

__all__ = ["ENOUGH", "share"]
