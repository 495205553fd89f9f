"""What bringing together does in the background."""

from app.features.matching.tasks import counting

__all__ = ["counting"]
