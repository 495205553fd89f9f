"""Corrections of the ledger by the people who look after the money; nothing of a row changes but its decision."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id
from app.core.money import MAX_AMOUNT, Currency

MAX_CORRECTION_TEXT = 2000


class CorrectionKind(StrEnum):
    """What a correction does."""

    CORRECTION = "correction"
    """Moves an amount between accounts that belong to no deal."""
    REVERSAL = "reversal"
    """Mirrors a transaction, once."""
    ASSIGNMENT = "assignment"
    """Puts money that arrived unidentified into the wallet of a person."""


class CorrectionState(StrEnum):
    """Where a correction stands; one that nobody has decided in time has expired."""

    PROPOSED = "proposed"
    EXECUTED = "executed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class CorrectionReason(StrEnum):
    """Why a correction is made; the ledger keeps this code, and the texts stay here."""

    OWN_MISTAKE = "own_mistake"
    PROVIDER_MISTAKE = "provider_mistake"
    IDENTIFIED = "identified"
    COMPENSATION = "compensation"
    WRITE_OFF = "write_off"
    OTHER = "other"


class LedgerCorrection(Base):
    """A correction that somebody has proposed, and who decided about it."""

    __tablename__ = "ledger_corrections"
    __table_args__ = (
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_AMOUNT}", name="amount"),
        CheckConstraint("char_length(explanation) BETWEEN 1 AND 2000", name="explanation"),
        CheckConstraint("char_length(evidence) BETWEEN 1 AND 2000", name="evidence"),
        CheckConstraint("char_length(note) <= 2000", name="note"),
        CheckConstraint("(kind = 'reversal') = (reverses IS NOT NULL)", name="reverses"),
        CheckConstraint(
            "(kind = 'reversal') = (debit IS NULL) AND (debit IS NULL) = (credit IS NULL)", name="accounts"
        ),
        CheckConstraint("debit IN ('suspense', 'loss', 'claim', 'other_income')", name="debit"),
        CheckConstraint("credit IN ('suspense', 'loss', 'claim', 'other_income', 'wallet')", name="credit"),
        CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(state = 'executed') = (txn_id IS NOT NULL)", name="executed"),
        CheckConstraint("state = 'proposed' OR decided_by_id IS NOT NULL", name="decided_by"),
        CheckConstraint("state <> 'executed' OR alone OR decided_by_id <> proposed_by_id", name="two_people"),
        Index("ix_ledger_corrections_open", "id", postgresql_where=text("state = 'proposed'")),
        Index("ix_ledger_corrections_proposed_by_id", "proposed_by_id", "proposed_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[CorrectionKind]
    reverses: Mapped[UUID | None]
    """The transaction that a reversal mirrors."""
    debit: Mapped[str | None]
    credit: Mapped[str | None]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """Whose claim or wallet it moves."""
    provider: Mapped[str | None]
    currency: Mapped[Currency]
    amount: Mapped[int]
    contract_id: Mapped[UUID | None] = mapped_column(ForeignKey("deals.contract_id"))
    """The contract on whose timeline it is shown."""
    reason: Mapped[CorrectionReason]
    explanation: Mapped[str]
    evidence: Mapped[str]
    """What proves it: the number of a document, a letter, a link."""
    alone: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether it was so small that one person sufficed."""
    state: Mapped[CorrectionState] = mapped_column(server_default=text("'proposed'"))
    proposed_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    expires_at: Mapped[datetime]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """What the person who decided wrote."""
    expiry_told_at: Mapped[datetime | None]
    """When its proposer was told that nobody has decided in time."""
    txn_id: Mapped[UUID | None]
    """The transaction that it has made."""
