"""Event consumers and periodic tasks of notifications."""

from app.features.notifications.tasks import general, money
from app.features.notifications.tasks.general import prune, send_mail

__all__ = ["general", "money", "prune", "send_mail"]
