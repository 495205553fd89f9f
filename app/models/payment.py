"""Payments, withdrawals and refunds: what people asked for, and what a payment provider was asked and has answered."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id
from app.core.money import MAX_AMOUNT, Currency
from app.core.payment_port import ChequeStatus, OperationKind, PayoutKind

MAX_WEBHOOK_BYTES = 65_536


class PaymentState(StrEnum):
    """Where a payment of a person stands."""

    OPEN = "open"
    PAID = "paid"
    CANCELED = "canceled"
    QUESTIONED = "questioned"
    """Another amount arrived; it waits apart until an operator has looked."""
    CREDITED = "credited"
    """The money came too late or was looked at first; it is in the wallet of the payer."""


class PayoutState(StrEnum):
    """Where a withdrawal stands."""

    MOVING = "moving"
    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"
    """The bank sent it back after it was paid; the money is in the wallet again."""


class CardRefundState(StrEnum):
    """Where a refund to the payer's card stands."""

    MOVING = "moving"
    PAID = "paid"
    FAILED = "failed"


class OperationState(StrEnum):
    """What is known of an operation at the provider."""

    TO_SEND = "to_send"
    SENDING = "sending"
    PENDING = "pending"
    UNKNOWN = "unknown"
    """It may have been executed; only reading the provider tells."""
    NEEDS_PERSON = "needs_person"
    DONE = "done"
    FAILED = "failed"


class CaseKind(StrEnum):
    """How the provider's books and ours differ."""

    AT_PROVIDER_ONLY = "at_provider_only"
    IN_LEDGER_ONLY = "in_ledger_only"
    AMOUNT_DIFFERS = "amount_differs"
    STATUS_DIFFERS = "status_differs"
    TWICE = "twice"
    LATE = "late"
    TOO_OLD = "too_old"
    CHEQUE_ANNULLED = "cheque_annulled"
    BALANCE_DIFFERS = "balance_differs"


class Payment(Base):
    """Money that a person pays in; the intent is written before the provider is asked."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_AMOUNT}", name="amount"),
        CheckConstraint("refunded BETWEEN 0 AND amount", name="refunded"),
        CheckConstraint("purpose ~ '^[a-z_]{1,40}$'", name="purpose"),
        CheckConstraint("(purpose = 'wallet') = (purpose_id IS NULL)", name="purpose_id"),
        Index("ix_payments_user_id_id", "user_id", text("id DESC")),
        Index(
            "uq_payments_purpose_purpose_id",
            "purpose",
            "purpose_id",
            unique=True,
            postgresql_where=text("state = 'open' AND purpose_id IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    provider: Mapped[str]
    currency: Mapped[Currency]
    amount: Mapped[int]
    purpose: Mapped[str]
    """What it pays for: `wallet`, or the name of a registered purpose."""
    purpose_id: Mapped[UUID | None]
    state: Mapped[PaymentState] = mapped_column(default=PaymentState.OPEN)
    page_url: Mapped[str | None]
    """Where the payer pays, once the provider has opened the payment."""
    expires_at: Mapped[datetime | None]
    refunded: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """What was sent back or is on its way back to the payer."""
    reason: Mapped[str] = mapped_column(default="", server_default=text("''"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    finished_at: Mapped[datetime | None]


class Payout(Base):
    """A withdrawal to a person's card; what is needed to pay is encrypted, and erased when it has ended."""

    __tablename__ = "payouts"
    __table_args__ = (
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_AMOUNT}", name="amount"),
        CheckConstraint(f"fee BETWEEN 0 AND {MAX_AMOUNT}", name="fee"),
        CheckConstraint("(destination IS NULL) = (destination_key IS NULL)", name="destination"),
        CheckConstraint("(cheque_number IS NULL) = (cheque_status IS NULL)", name="cheque"),
        Index("ix_payouts_user_id_id", "user_id", text("id DESC")),
        Index("ix_payouts_withdrawal_id", "withdrawal_id", postgresql_where=text("withdrawal_id IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    provider: Mapped[str]
    kind: Mapped[PayoutKind]
    currency: Mapped[Currency]
    amount: Mapped[int]
    """What arrives, in minor units."""
    fee: Mapped[int]
    """What the instance takes on top from the wallet."""
    card_last4: Mapped[str]
    destination: Mapped[bytes | None]
    destination_key: Mapped[bytes | None]
    state: Mapped[PayoutState] = mapped_column(default=PayoutState.MOVING)
    reason: Mapped[str] = mapped_column(default="", server_default=text("''"))
    cheque_number: Mapped[str | None]
    cheque_status: Mapped[ChequeStatus | None]
    withdrawal_id: Mapped[UUID | None] = mapped_column(ForeignKey("withdrawals.id"))
    """What it is a part of; null where it was asked for alone and needed no approval."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    finished_at: Mapped[datetime | None]


class CardRefund(Base):
    """Money from a wallet back to the card of a payment."""

    __tablename__ = "card_refunds"
    __table_args__ = (
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_AMOUNT}", name="amount"),
        Index("ix_card_refunds_user_id_id", "user_id", text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    provider: Mapped[str]
    currency: Mapped[Currency]
    amount: Mapped[int]
    state: Mapped[CardRefundState] = mapped_column(default=CardRefundState.MOVING)
    reason: Mapped[str] = mapped_column(default="", server_default=text("''"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    finished_at: Mapped[datetime | None]


class ProviderOperation(Base):
    """The intent of one call and what became of it. A payment, payout or refund has one, so it has one key for ever."""

    __tablename__ = "provider_operations"
    __table_args__ = (
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_AMOUNT}", name="amount"),
        CheckConstraint("reference ~ '^[a-z0-9:-]{1,64}$'", name="reference"),
        CheckConstraint("sends >= 0 AND polls >= 0", name="counts"),
        CheckConstraint("(sends = 0) = (first_sent_at IS NULL)", name="sent"),
        CheckConstraint("(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", name="finished"),
        UniqueConstraint("kind", "subject_id", name="uq_provider_operations_kind_subject_id"),
        UniqueConstraint("provider", "provider_id", name="uq_provider_operations_provider_provider_id"),
        Index("ix_provider_operations_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[OperationKind]
    subject_id: Mapped[UUID]
    """The payment, payout or refund."""
    provider: Mapped[str]
    reference: Mapped[str] = mapped_column(unique=True)
    """Our name for it at the provider, and the idempotency key of the call."""
    currency: Mapped[Currency]
    amount: Mapped[int]
    state: Mapped[OperationState] = mapped_column(default=OperationState.TO_SEND)
    provider_id: Mapped[str | None]
    sends: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    polls: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """How often it was read since something about it was new."""
    code: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """Why it failed or is unknown."""
    first_sent_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    """When it is looked at next; while it is looked at, when that is given up."""
    claim: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Grows with every look, so that an outdated look changes nothing."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    finished_at: Mapped[datetime | None]


class WebhookMessage(Base):
    """A signed message of a provider as it arrived; it only says what to read again."""

    __tablename__ = "webhook_messages"
    __table_args__ = (
        CheckConstraint(f"octet_length(body) <= {MAX_WEBHOOK_BYTES}", name="body"),
        UniqueConstraint("provider", "digest", name="uq_webhook_messages_provider_digest"),
        Index("ix_webhook_messages_waiting", "id", postgresql_where=text("handled_at IS NULL")),
        Index("ix_webhook_messages_received_at", "received_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    provider: Mapped[str]
    digest: Mapped[str]
    type: Mapped[str]
    kind: Mapped[OperationKind]
    object_id: Mapped[str]
    reference: Mapped[str]
    body: Mapped[bytes]
    received_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    handled_at: Mapped[datetime | None]


class ReconciliationRun(Base):
    """One comparison of a provider's books with ours in one currency. Rows are only added."""

    __tablename__ = "reconciliation_runs"
    __table_args__ = (
        CheckConstraint("lines >= 0 AND matched >= 0 AND opened >= 0", name="counts"),
        Index("ix_reconciliation_runs_provider_currency_id", "provider", "currency", text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    provider: Mapped[str]
    currency: Mapped[Currency]
    lines: Mapped[int]
    """Movements of the provider's statement."""
    matched: Mapped[int]
    opened: Mapped[int]
    """New cases."""
    ours: Mapped[int]
    """What the ledger said that the provider holds, in minor units."""
    theirs: Mapped[int]
    """What the provider said that it holds."""
    compared_at: Mapped[datetime] = mapped_column(server_default=func.app_now())


class ReconciliationCase(Base):
    """A difference between the provider's books and ours; it stays until somebody has closed it with a reason."""

    __tablename__ = "reconciliation_cases"
    __table_args__ = (
        CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name="closed"),
        CheckConstraint("char_length(note) <= 2000", name="note"),
        Index(
            "uq_reconciliation_cases_provider_kind_reference",
            "provider",
            "kind",
            "reference",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    provider: Mapped[str]
    kind: Mapped[CaseKind]
    reference: Mapped[str]
    """Our reference of the operation, or the provider's id where we have none."""
    outgoing: Mapped[bool]
    """Whether it concerns money that leaves; then withdrawals wait until it is closed."""
    currency: Mapped[Currency]
    expected: Mapped[int | None]
    found: Mapped[int | None]
    note: Mapped[str] = mapped_column(default="", server_default=text("''"))
    opened_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
