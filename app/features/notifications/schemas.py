"""JSON shapes of notifications."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from app.models.notification import NoticeKind


class NotificationRead(BaseModel):
    """One notification in the reader's language."""

    id: UUID
    kind: NoticeKind
    text: str
    href: str | None
    created_at: datetime
    read: bool


class UnreadCount(BaseModel):
    """The number of unread notifications."""

    count: int


class MarkedRead(BaseModel):
    """The number of notifications marked as read by this request."""

    marked: int
