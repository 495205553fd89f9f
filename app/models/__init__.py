"""Every table of the house, imported once so that the metadata is whole."""

from app.core.outbox import OutboxMessage

__all__ = ["OutboxMessage"]
