"""What conversations announce; never what was said."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWritten(DomainEvent):
    """Somebody wrote; `tell` unless the reader was told of an earlier message and has not read that yet."""

    topic: ClassVar[str] = "chat.message_written"

    conversation_id: str
    order_id: str
    number: int
    author_id: str
    reader_id: str
    tell: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSeen(DomainEvent):
    """Somebody has read up to a message that they had not read before."""

    topic: ClassVar[str] = "chat.conversation_seen"

    conversation_id: str
    reader_id: str
    number: int
