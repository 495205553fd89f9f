"""Every table of the house, imported once so that the metadata is whole."""

from app.core.outbox import InboxReceipt, OutboxMessage

__all__ = ["InboxReceipt", "OutboxMessage"]
