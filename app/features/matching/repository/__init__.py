"""Queries of matching."""

from app.features.matching.repository.alert_emails import AlertEmailRepository
from app.features.matching.repository.customer_stats import CountingRepository
from app.features.matching.repository.matches import MatchRepository
from app.features.matching.repository.recommendations import RecommendingRepository, Seeker
from app.features.matching.repository.saved_searches import SearchRepository

__all__ = [
    "AlertEmailRepository",
    "CountingRepository",
    "MatchRepository",
    "RecommendingRepository",
    "SearchRepository",
    "Seeker",
]
