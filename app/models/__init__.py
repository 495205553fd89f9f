"""Every table of the house, imported once so that the metadata is whole."""

from app.core.outbox import DeadLetter, InboxReceipt, OutboxMessage
from app.models.challenge import AuthChallenge
from app.models.notification import MailMessage, Notification
from app.models.security_event import SecurityEvent
from app.models.session import AuthSession
from app.models.throttle import SignInThrottle
from app.models.user import User

__all__ = [
    "AuthChallenge",
    "AuthSession",
    "DeadLetter",
    "InboxReceipt",
    "MailMessage",
    "Notification",
    "OutboxMessage",
    "SecurityEvent",
    "SignInThrottle",
    "User",
]
