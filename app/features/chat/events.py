"""Events of conversations. They do not contain message texts."""

from dataclasses import dataclass, field
from typing import ClassVar

from app.core.events import DomainEvent, stored_as


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent(DomainEvent):
    """A message was sent.

    `notify_reader` says whether to notify the reader; it is False while a message notified earlier is still unread.
    """

    topic: ClassVar[str] = "chat.message_written"

    conversation_id: str
    order_id: str
    number: int
    author_id: str
    reader_id: str
    notify_reader: bool = field(metadata=stored_as("tell"))


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTakenDown(DomainEvent):
    """The operator removed a message; its author is told the reason."""

    topic: ClassVar[str] = "chat.message_taken_down"

    conversation_id: str
    number: int
    author_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRestored(DomainEvent):
    """The operator put a removed message back."""

    topic: ClassVar[str] = "chat.message_restored"

    conversation_id: str
    number: int
    author_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSeen(DomainEvent):
    """A participant has read messages that were unread before, up to `number`."""

    topic: ClassVar[str] = "chat.conversation_seen"

    conversation_id: str
    reader_id: str
    number: int
