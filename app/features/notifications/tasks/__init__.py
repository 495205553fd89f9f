"""Event consumers and periodic tasks of notifications."""

from app.features.notifications.tasks import general, hiring, money
from app.features.notifications.tasks.general import prune, send_mail

__all__ = ["general", "hiring", "money", "prune", "send_mail"]
