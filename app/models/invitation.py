"""Invitations: a client asks a freelancer to answer an order."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id


class InvitationStatus(StrEnum):
    """The state of an invitation; a pending one is shown as expired when its order has ended."""

    SENT = "sent"
    ANSWERED = "answered"
    DECLINED = "declined"
    LAPSED = "lapsed"


class RefusalReason(StrEnum):
    """Why a freelancer declined an invitation."""

    BUSY = "busy"
    PRICE = "price"
    NOT_MINE = "not_mine"
    UNCLEAR = "unclear"
    OTHER = "other"


class Invitation(Base):
    """An invitation; a `muted` one looks sent to the client but is not delivered: the freelancer hid the client."""

    __tablename__ = "order_invitations"
    __table_args__ = (
        UniqueConstraint("order_id", "freelancer_id"),
        CheckConstraint("char_length(note) <= 1000", name="note_length"),
        CheckConstraint("(status = 'sent') = (decided_at IS NULL)", name="decided_has_time"),
        Index("ix_order_invitations_freelancer_id_id", "freelancer_id", text("id DESC")),
        Index("ix_order_invitations_customer_id_created_at", "customer_id", text("created_at DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    freelancer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    status: Mapped[InvitationStatus] = mapped_column(default=InvitationStatus.SENT, server_default=text("'sent'"))
    muted: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    note: Mapped[str] = mapped_column(default="", server_default=text("''"))
    reason: Mapped[RefusalReason | None]
    answer: Mapped[str] = mapped_column(default="", server_default=text("''"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    decided_at: Mapped[datetime | None]
