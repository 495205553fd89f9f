"""What bringing together does in the background."""

from app.features.matching.tasks import counting, searches

__all__ = ["counting", "searches"]
