"""Notices on the wire."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from app.models.notification import NoticeKind


class NotificationRead(BaseModel):
    """One notice in the reader's language."""

    id: UUID
    kind: NoticeKind
    text: str
    href: str | None
    created_at: datetime
    read: bool


class UnreadCount(BaseModel):
    """How many notices have not been read."""

    count: int


class MarkedRead(BaseModel):
    """How many notices were marked as read just now."""

    marked: int
