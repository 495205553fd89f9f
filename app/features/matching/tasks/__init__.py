"""What bringing together does in the background."""

from app.features.matching.tasks import customer_stats, saved_searches

__all__ = ["customer_stats", "saved_searches"]
