"""Conversations between the two sides of a proposal."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id


class Conversation(Base):
    """The conversation about one proposal; created with its first message and locked while a message is added.

    Messages are numbered from 1 without gaps. `…_read_number` is the number of the last message a side has read, and
    `…_notified_number` that of the last one it was notified of: a side with an unread notification is not notified
    again. Columns have older names, because a copy of every row would be needed to rename them in two releases.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        CheckConstraint("customer_id <> freelancer_id", name="two_people"),
        CheckConstraint(
            "customer_read BETWEEN 0 AND last_number AND freelancer_read BETWEEN 0 AND last_number", name="read_what_is"
        ),
        Index("ix_conversations_customer_id_moved", "customer_id", text("moved_at DESC"), text("id DESC")),
        Index("ix_conversations_freelancer_id_moved", "freelancer_id", text("moved_at DESC"), text("id DESC")),
        Index("ix_conversations_customer_unread", "customer_id", postgresql_where=text("customer_read < last_number")),
        Index(
            "ix_conversations_freelancer_unread",
            "freelancer_id",
            postgresql_where=text("freelancer_read < last_number"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposals.id", ondelete="CASCADE"), unique=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    freelancer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    last_number: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    customer_read_number: Mapped[int] = mapped_column("customer_read", default=0, server_default=text("0"))
    freelancer_read_number: Mapped[int] = mapped_column("freelancer_read", default=0, server_default=text("0"))
    customer_notified_number: Mapped[int] = mapped_column("customer_told", default=0, server_default=text("0"))
    freelancer_notified_number: Mapped[int] = mapped_column("freelancer_told", default=0, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    moved_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    """Time of the last message."""


class Message(Base):
    """One message; `key` is the sender's idempotency key, so that a repeated request creates no second message."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "number"),
        UniqueConstraint("conversation_id", "author_id", "key"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("char_length(text) <= 4000", name="text_length"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    number: Mapped[int]
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    key: Mapped[UUID | None]
    text: Mapped[str]
    taken_down_at: Mapped[datetime | None]
    """When the operator removed the message: neither side reads its text or opens its files."""
    takedown_reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
