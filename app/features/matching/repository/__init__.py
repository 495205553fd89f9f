"""Every query about bringing orders and people together."""

from app.features.matching.repository.counting import CountingRepository

__all__ = ["CountingRepository"]
