"""Every query about profiles."""

from app.features.profiles.repository.catalogue import COUNT_LIMIT, CatalogueRepository, Found, PeopleConditions
from app.features.profiles.repository.facts import FactsRepository
from app.features.profiles.repository.merging import MergingRepository
from app.features.profiles.repository.own import Person, ProfileRepository, Seen

__all__ = [
    "COUNT_LIMIT",
    "CatalogueRepository",
    "FactsRepository",
    "Found",
    "MergingRepository",
    "PeopleConditions",
    "Person",
    "ProfileRepository",
    "Seen",
]
