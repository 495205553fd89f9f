"""Offers: terms that one side proposes to the other, including those both agreed on."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id
from app.core.money import Currency


class OfferSide(StrEnum):
    """The side that made the offer."""

    CUSTOMER = "customer"
    FREELANCER = "freelancer"


class OfferStatus(StrEnum):
    """The state of an offer."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    COUNTERED = "countered"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Offer(Base):
    """Price, delivery time and milestones for an order as of `order_version`; a trigger makes the terms immutable.

    An agreement is always one accepted offer, also when the freelancer's proposal is accepted unchanged: a contract
    starts from it.
    """

    __tablename__ = "offers"
    __table_args__ = (
        UniqueConstraint("proposal_id", "number"),
        CheckConstraint("price_amount > 0", name="price"),
        CheckConstraint("term_days BETWEEN 1 AND 1000", name="term"),
        CheckConstraint("jsonb_array_length(milestones) <= 20", name="milestones_count"),
        CheckConstraint("char_length(message) <= 2000", name="message_length"),
        CheckConstraint("char_length(note) <= 1000", name="note_length"),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided_has_time"),
        CheckConstraint("status <> 'open' OR expires_at IS NOT NULL", name="open_has_end"),
        Index("uq_offers_open", "order_id", unique=True, postgresql_where=text("status = 'open'")),
        Index("uq_offers_accepted", "order_id", unique=True, postgresql_where=text("status = 'accepted'")),
        Index("ix_offers_open_end", "expires_at", postgresql_where=text("status = 'open'")),
        Index("ix_offers_reminder", "remind_at", postgresql_where=text("remind_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    order_version: Mapped[int]
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposals.id"))
    number: Mapped[int]
    """Sequence number within the proposal, starting at 1."""
    made_by: Mapped[OfferSide]
    status: Mapped[OfferStatus] = mapped_column(default=OfferStatus.OPEN, server_default=text("'open'"))
    price_amount: Mapped[int]
    currency: Mapped[Currency]
    term_days: Mapped[int]
    milestones: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    message: Mapped[str] = mapped_column(default="", server_default=text("''"))
    expires_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    decided_at: Mapped[datetime | None]
    note: Mapped[str | None]
    """The other side's comment when it declined."""
