"""Direct deals: terms that one person offers another by invitation, without a listed order."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id
from app.core.money import Currency
from app.models.side import Side


class DirectDealStatus(StrEnum):
    """The state of a direct deal; the first two say whose answer is awaited."""

    FREELANCER_ANSWERS = "freelancer_answers"
    CUSTOMER_ANSWERS = "customer_answers"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


OPEN_DIRECT_DEAL = (DirectDealStatus.FREELANCER_ANSWERS, DirectDealStatus.CUSTOMER_ANSWERS)
_IS_OPEN = "status IN ('freelancer_answers', 'customer_answers')"


class DirectDeal(Base):
    """An invitation to a deal on given terms; a `muted` one is not delivered: the freelancer hid the client.

    Until somebody is bound to it by `other_id`, whoever has its link reads and answers it. The link is computed, not
    stored; raising `link_number` ends the earlier ones.
    """

    __tablename__ = "direct_deals"
    __table_args__ = (
        CheckConstraint("author_side IN ('customer', 'freelancer')", name="author_side"),
        CheckConstraint("author_id <> other_id", name="two_people"),
        CheckConstraint(f"({_IS_OPEN}) = (decided_at IS NULL)", name="decided_has_time"),
        CheckConstraint("(status = 'accepted') = (contract_id IS NOT NULL)", name="accepted_has_contract"),
        CheckConstraint("status <> 'accepted' OR other_id IS NOT NULL", name="accepted_has_other"),
        CheckConstraint("char_length(email) <= 254", name="email_length"),
        CheckConstraint("char_length(note) <= 1000", name="note_length"),
        Index("ix_direct_deals_author_id_id", "author_id", text("id DESC")),
        Index("ix_direct_deals_other_id_id", "other_id", text("id DESC")),
        Index("ix_direct_deals_open_end", "expires_at", postgresql_where=text(_IS_OPEN)),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    author_side: Mapped[Side]
    other_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """Who was invited by name, or the first person who answered by the link."""
    muted: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    email: Mapped[str | None]
    """Where the invitation was sent; shown to its author alone, and deleted once the deal is decided."""
    mailed_at: Mapped[datetime | None]
    """When it was sent there: the number of such e-mails is limited."""
    link_number: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    status: Mapped[DirectDealStatus]
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    """The number of the terms that wait for an answer, or that were decided on."""
    note: Mapped[str | None]
    """The comment of the person who declined."""
    contract_id: Mapped[UUID | None] = mapped_column(ForeignKey("contracts.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class DirectDealTerms(Base):
    """The terms of a direct deal, numbered from 1; rows are only added."""

    __tablename__ = "direct_deal_terms"
    __table_args__ = (
        CheckConstraint("made_by IN ('customer', 'freelancer')", name="made_by"),
        CheckConstraint("char_length(title) BETWEEN 1 AND 200", name="title_length"),
        CheckConstraint("char_length(description) <= 20000", name="description_length"),
        CheckConstraint("char_length(message) <= 2000", name="message_length"),
        CheckConstraint("jsonb_array_length(milestones) BETWEEN 1 AND 20", name="milestones_count"),
    )

    deal_id: Mapped[UUID] = mapped_column(ForeignKey("direct_deals.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    made_by: Mapped[Side]
    title: Mapped[str]
    description: Mapped[str]
    currency: Mapped[Currency]
    milestones: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Each with its title, amount in minor units, days, and the lines of its checklist."""
    message: Mapped[str] = mapped_column(default="", server_default=text("''"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
