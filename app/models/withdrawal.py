"""Withdrawals that are paid out in several parts, or wait until an operator has approved them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id
from app.core.money import MAX_AMOUNT, Currency

MAX_PARTS = 20
MAX_APPROVAL_NOTE = 2000


class WithdrawalState(StrEnum):
    """Whether a withdrawal may be paid out."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    CANCELED = "canceled"
    LAPSED = "lapsed"
    """Nobody decided in time; the money is in the wallet again."""


class Withdrawal(Base):
    """What a person asked for at once; each of its parts is a payout with an operation and a fee of its own."""

    __tablename__ = "withdrawals"
    __table_args__ = (
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_AMOUNT}", name="amount"),
        CheckConstraint(f"fee BETWEEN 0 AND {MAX_AMOUNT}", name="fee"),
        CheckConstraint(f"parts BETWEEN 1 AND {MAX_PARTS}", name="parts"),
        CheckConstraint("approvals_needed BETWEEN 0 AND 2", name="approvals_needed"),
        CheckConstraint(
            f"char_length(note) <= {MAX_APPROVAL_NOTE} AND (state <> 'refused' OR char_length(note) >= 1)", name="note"
        ),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(approvals_needed = 0) = (expires_at IS NULL)", name="expires"),
        CheckConstraint("(first_approved_by_id IS NULL) = (first_approved_at IS NULL)", name="first_approved"),
        CheckConstraint("state <> 'approved' OR approvals_needed = 0 OR decided_by_id IS NOT NULL", name="approved"),
        CheckConstraint(
            "state <> 'approved' OR approvals_needed < 2"
            " OR (first_approved_by_id IS NOT NULL AND first_approved_by_id <> decided_by_id)",
            name="two_people",
        ),
        CheckConstraint(
            "first_approved_by_id <> user_id AND (state <> 'approved' OR decided_by_id <> user_id)", name="not_own"
        ),
        Index("ix_withdrawals_user_id", "user_id"),
        Index("ix_withdrawals_waiting", "expires_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_withdrawals_approvals", text("id DESC"), postgresql_where=text("approvals_needed > 0")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    currency: Mapped[Currency]
    amount: Mapped[int]
    """What arrives in all parts together, in minor units."""
    fee: Mapped[int]
    parts: Mapped[int]
    approvals_needed: Mapped[int]
    """How many operators must approve it: none, one, or two different ones."""
    state: Mapped[WithdrawalState] = mapped_column(default=WithdrawalState.WAITING, server_default=text("'waiting'"))
    first_approved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """The first of two operators."""
    first_approved_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """Why it was refused; the owner reads it."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    expires_at: Mapped[datetime | None]
    """Until when somebody has to decide."""
