"""Every query about profiles."""

from app.features.profiles.repository.facts import FactsRepository

__all__ = ["FactsRepository"]
