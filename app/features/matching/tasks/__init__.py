"""Event subscriptions and periodic tasks of matching."""

from app.features.matching.tasks import customer_stats, saved_searches

__all__ = ["customer_stats", "saved_searches"]
