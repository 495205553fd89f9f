"""JSON shapes of notifications."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from app.models.notification import NoticeKind


class NotificationRead(BaseModel):
    """One notification in the reader's language."""

    id: UUID
    kind: NoticeKind
    text: str
    href: str | None
    count: int = Field(description="How many pieces of news about the same thing this one stands for.")
    created_at: datetime
    read: bool


class UnreadCount(BaseModel):
    """The number of unread notifications."""

    count: int


class MarkedRead(BaseModel):
    """The number of notifications marked as read by this request."""

    marked: int
