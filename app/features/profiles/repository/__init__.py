"""Queries for profiles."""

from app.features.profiles.repository.catalogue import COUNT_LIMIT, CatalogueRepository, Found, PeopleConditions
from app.features.profiles.repository.customer_stats import CustomerStatsRepository
from app.features.profiles.repository.profiles import Person, ProfileRepository, Seen
from app.features.profiles.repository.skill_merge import MergingRepository

__all__ = [
    "COUNT_LIMIT",
    "CatalogueRepository",
    "CustomerStatsRepository",
    "Found",
    "MergingRepository",
    "PeopleConditions",
    "Person",
    "ProfileRepository",
    "Seen",
]
