"""Request and response models of conversations."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from app.core.text.text_cleaning import CLEAN_LINES
from app.features.files.schemas import FileRead
from app.features.moderation.schemas import ContactKind
from app.features.orders.schemas import Moment, PersonRead
from app.models import OrderStatus
from app.models.side import Side

MAX_TEXT = 4000
MAX_NUMBER = 2**53


class MessageWrite(BaseModel):
    """A message: text, files or both. A repeated request with the same key adds no second message."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(max_length=MAX_TEXT), CLEAN_LINES] = ""
    files: Annotated[list[UUID], Field(max_length=10, description="Ids of files uploaded for a message.")] = []
    key: UUID | None = Field(default=None, description="Idempotency key: a random UUID chosen by the caller.")


class ReadUpTo(BaseModel):
    """The number of the last message that was read."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[StrictInt, Field(ge=0, le=MAX_NUMBER)]


class MessageRead(BaseModel):
    """A message as one of the two sides sees it."""

    id: UUID
    number: int = Field(description="Sequence number within the conversation, starting at 1.")
    author: PersonRead
    mine: bool
    text: str
    taken_down: bool = Field(
        default=False, description="Whether the operator removed the message; its text says so instead."
    )
    files: list[FileRead] = Field(description="Attached files; their links expire soon.")
    contacts: list[ContactKind] = Field(
        description="Kinds of contact details detected in the text of the other side; not shown to its author."
    )
    read: bool = Field(description="Whether the recipient has read the message.")
    created_at: Moment


class LastMessage(BaseModel):
    """The latest message of a conversation, with the beginning of its text."""

    number: int
    mine: bool
    text: str
    has_files: bool
    created_at: Moment


class ConversationOrder(BaseModel):
    """The order that a conversation is about."""

    id: UUID
    title: str
    status: OrderStatus


class ConversationRead(BaseModel):
    """A conversation as one of the two sides sees it."""

    id: UUID
    proposal_id: UUID
    order: ConversationOrder
    side: Side = Field(description="Your side of the conversation.")
    other: PersonRead
    last: LastMessage
    unread: int = Field(description="Number of unread messages of the other side.")
    read_by_other: int = Field(description="Number of the last message the other side has read.")
    can_write: bool = Field(description="False once the proposal was declined, withdrawn or has expired.")


class MessageList(BaseModel):
    """A range of messages, oldest first."""

    items: list[MessageRead]
    more: bool = Field(description="Whether there are more messages in the requested direction.")
