"""Request and response models of conversations."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from app.core.text.text_cleaning import Lines
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

    text: Annotated[Lines, Field(max_length=MAX_TEXT)] = ""
    files: Annotated[list[UUID], Field(max_length=10, description="ids of files that you uploaded for a message")] = []
    key: UUID | None = Field(default=None, description="your own random name for it, so that a repeat adds nothing")


class ReadUpTo(BaseModel):
    """The number of the last message that was read."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[StrictInt, Field(ge=0, le=MAX_NUMBER)]


class MessageRead(BaseModel):
    """A message as one of the two sides sees it."""

    id: UUID
    number: int = Field(description="1, 2, 3 … within its conversation")
    author: PersonRead
    mine: bool
    text: str
    files: list[FileRead] = Field(description="each link is good for a short while")
    contacts: list[ContactKind] = Field(
        description="ways to be reached that the words of the other side seem to name; who wrote them is not told"
    )
    read: bool = Field(description="whether the side it was written to has read it")
    created_at: Moment


class LastMessage(BaseModel):
    """The latest message of a conversation, with the beginning of its text."""

    number: int
    mine: bool
    text: str
    has_files: bool
    created_at: Moment


class TalkedOrder(BaseModel):
    """The order that a conversation is about."""

    id: UUID
    title: str
    status: OrderStatus


class ConversationRead(BaseModel):
    """A conversation as one of the two sides sees it."""

    id: UUID
    proposal_id: UUID
    order: TalkedOrder
    side: Side = Field(description="on which side you are")
    other: PersonRead
    last: LastMessage
    unread: int = Field(description="messages of the other side that you have not read")
    read_by_other: int = Field(description="up to which message the other side has read")
    can_write: bool = Field(description="false once the proposal came to nothing")


class MessageList(BaseModel):
    """A range of messages, oldest first."""

    items: list[MessageRead]
    more: bool = Field(description="whether there is more on the side that was looked towards")
