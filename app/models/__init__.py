"""Every table of the house, imported once so that the metadata is whole."""

from app.core.outbox import DeadLetter, InboxReceipt, OutboxMessage

__all__ = ["DeadLetter", "InboxReceipt", "OutboxMessage"]
