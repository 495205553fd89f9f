"""Every query about profiles."""

from app.features.profiles.repository.facts import FactsRepository
from app.features.profiles.repository.own import Person, ProfileRepository

__all__ = ["FactsRepository", "Person", "ProfileRepository"]
