"""Events of conversations. They do not contain message texts."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWritten(DomainEvent):
    """A message was sent.

    `tell` says whether to notify the reader; it is False while a message notified earlier is still unread.
    """

    topic: ClassVar[str] = "chat.message_written"

    conversation_id: str
    order_id: str
    number: int
    author_id: str
    reader_id: str
    tell: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSeen(DomainEvent):
    """A participant has read messages that were unread before, up to `number`."""

    topic: ClassVar[str] = "chat.conversation_seen"

    conversation_id: str
    reader_id: str
    number: int
