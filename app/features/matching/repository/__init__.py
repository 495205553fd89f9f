"""Every query about bringing orders and people together."""

from app.features.matching.repository.counting import CountingRepository
from app.features.matching.repository.letters import LetterRepository
from app.features.matching.repository.matches import MatchRepository
from app.features.matching.repository.recommending import RecommendingRepository, Seeker
from app.features.matching.repository.searches import SearchRepository

__all__ = [
    "CountingRepository",
    "LetterRepository",
    "MatchRepository",
    "RecommendingRepository",
    "SearchRepository",
    "Seeker",
]
