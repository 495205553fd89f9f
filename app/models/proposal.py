"""Proposals: a freelancer's answer to an order."""

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

LIVE_PROPOSAL = "uq_proposals_live"
"""Name of the constraint that allows one live proposal per freelancer and order."""


class ProposalStatus(StrEnum):
    """The state of a proposal."""

    SENT = "sent"
    SEEN = "seen"
    SHORTLISTED = "shortlisted"
    OFFERED = "offered"
    COUNTERED = "countered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


NEGOTIATED = (ProposalStatus.OFFERED, ProposalStatus.COUNTERED)
"""States with a pending offer: the client's to the freelancer, or the reverse."""
UNDECIDED = (ProposalStatus.SENT, ProposalStatus.SEEN, ProposalStatus.SHORTLISTED, *NEGOTIATED)
"""States in which nothing is decided yet."""


class DeclineReason(StrEnum):
    """Why a proposal was declined: reasons a client can choose first, then those set by the system."""

    PRICE = "price"
    TERM = "term"
    EXPERIENCE = "experience"
    COVER_LETTER = "letter"
    OTHER = "other"
    ANOTHER_CHOSEN = "another_chosen"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_EXPIRED = "order_expired"


class Proposal(Base):
    """A freelancer's price, delivery time and cover letter for an order as of `order_version`."""

    __tablename__ = "proposals"
    __table_args__ = (
        CheckConstraint("price_amount > 0", name="price"),
        CheckConstraint("term_days BETWEEN 1 AND 1000", name="term"),
        CheckConstraint("char_length(letter) BETWEEN 1 AND 10000", name="letter_length"),
        CheckConstraint("(status = 'declined') = (decline_reason IS NOT NULL)", name="declined_has_reason"),
        Index(
            LIVE_PROPOSAL,
            "order_id",
            "freelancer_id",
            unique=True,
            postgresql_where=text("status NOT IN ('declined', 'withdrawn', 'lapsed')"),
        ),
        CheckConstraint("jsonb_array_length(milestones) <= 20", name="milestones_count"),
        CheckConstraint("char_length(customer_note) <= 2000", name="note_length"),
        Index("ix_proposals_order_id_id", "order_id", text("id DESC")),
        Index("ix_proposals_freelancer_id_id", "freelancer_id", text("id DESC")),
        Index("uq_proposals_accepted", "order_id", unique=True, postgresql_where=text("status = 'accepted'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    order_version: Mapped[int]
    freelancer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    status: Mapped[ProposalStatus] = mapped_column(default=ProposalStatus.SENT, server_default=text("'sent'"))
    price_amount: Mapped[int]
    currency: Mapped[Currency]
    term_days: Mapped[int]
    letter: Mapped[str]
    milestones: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    """Milestones: title, amount in minor units, days; empty for a single delivery."""
    answers: Mapped[list[dict[str, str]]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    """Answers to the order's questions, each with the question's text at that time."""
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    decline_reason: Mapped[DeclineReason | None]
    decline_note: Mapped[str | None]
    suspended_status: Mapped[str | None]
    """The state before the proposal was withdrawn because its freelancer's account is not active."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    edited_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    shortlisted_at: Mapped[datetime | None]
    """When it was first shortlisted; the freelancer is notified once."""
    customer_note: Mapped[str | None]
    """The client's private note."""


class ProposalRevision(Base):
    """The content of a proposal before an edit."""

    __tablename__ = "proposal_revisions"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposals.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Price in minor units of the order's currency, delivery time in days, cover letter, milestones and answers."""
    replaced_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
