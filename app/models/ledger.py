"""The ledger: transfers between accounts, in a schema of its own whose triggers keep the balances."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id

LEDGER = "ledger"
MAX_TRANSFER = 10**15
"""The largest amount of one transfer, in minor units."""


class AccountKind(StrEnum):
    """The chart of accounts."""

    PROVIDER_CLEARING = "provider_clearing"
    BANK_OPERATING = "bank_operating"
    CLAIM = "claim"
    WALLET = "wallet"
    ESCROW = "escrow"
    FEE_HOLD = "fee_hold"
    DISPUTE_HOLD = "dispute_hold"
    MATURING = "maturing"
    PAYOUT_TRANSIT = "payout_transit"
    REFUND_TRANSIT = "refund_transit"
    SUSPENSE = "suspense"
    TAX_PAYABLE = "tax_payable"
    FEE_INCOME = "fee_income"
    OTHER_INCOME = "other_income"
    PROVIDER_COST = "provider_cost"
    LOSS = "loss"


class TxnTemplate(StrEnum):
    """The events that move money."""

    DEPOSIT = "deposit"
    FUND = "fund"
    RECEIPT_UNMATCHED = "receipt_unmatched"
    RECEIPT_IDENTIFIED = "receipt_identified"
    RECEIPT_RETURN = "receipt_return"
    RELEASE = "release"
    MATURE = "mature"
    BONUS = "bonus"
    REFUND = "refund"
    CARD_REFUND = "card_refund"
    CARD_REFUND_DONE = "card_refund_done"
    CARD_REFUND_FAILED = "card_refund_failed"
    DISPUTE_OPEN = "dispute_open"
    DISPUTE_WITHDRAW = "dispute_withdraw"
    DISPUTE_RULE = "dispute_rule"
    PAYOUT = "payout"
    PAYOUT_DONE = "payout_done"
    PAYOUT_FAILED = "payout_failed"
    PAYOUT_RETURNED = "payout_returned"
    CHARGEBACK_OPEN = "chargeback_open"
    CHARGEBACK_WON = "chargeback_won"
    CHARGEBACK_LOST = "chargeback_lost"
    PROVIDER_COST = "provider_cost"
    FEES_SETTLED = "fees_settled"
    REVERSAL = "reversal"
    CORRECTION = "correction"


class LedgerCurrency(Base):
    """A currency of the ledger."""

    __tablename__ = "currency"
    __table_args__ = (CheckConstraint("exponent BETWEEN 0 AND 4", name="exponent"), {"schema": LEDGER})

    code: Mapped[str] = mapped_column(primary_key=True)
    exponent: Mapped[int]
    """Digits after the point."""


class LedgerAccountKind(Base):
    """A row of the chart of accounts; only a migration changes it."""

    __tablename__ = "account_kind"
    __table_args__ = (
        CheckConstraint("normal_side IN ('debit', 'credit')", name="normal_side"),
        CheckConstraint(
            "owner_kind IN ('platform', 'provider', 'user', 'milestone', 'dispute', 'payout', 'refund')",
            name="owner_kind",
        ),
        CheckConstraint("has_balance OR NOT has_floor", name="floor"),
        UniqueConstraint("code", "owner_kind", name="uq_account_kind_code_owner_kind"),
        {"schema": LEDGER},
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    normal_side: Mapped[str]
    owner_kind: Mapped[str]
    has_balance: Mapped[bool]
    """Whether each account has a row in `balance`; the balance of others is summed."""
    has_floor: Mapped[bool]
    """Whether the balance cannot be negative."""
    zero_when_finished: Mapped[bool]


class LedgerAccount(Base):
    """An account of one kind and currency; a trigger opens its balance row with it."""

    __tablename__ = "account"
    __table_args__ = (
        ForeignKeyConstraint(
            ["kind", "owner_kind"],
            ["ledger.account_kind.code", "ledger.account_kind.owner_kind"],
            name="fk_account_kind_account_kind",
        ),
        UniqueConstraint(
            "kind", "currency", "owner_id", "provider", name="uq_account_kind", postgresql_nulls_not_distinct=True
        ),
        UniqueConstraint("id", "currency", name="uq_account_id"),
        CheckConstraint("(owner_kind IN ('platform', 'provider')) = (owner_id IS NULL)", name="owner"),
        CheckConstraint("(owner_kind = 'provider') = (provider IS NOT NULL)", name="provider"),
        CheckConstraint("provider ~ '^[a-z0-9_]{1,40}$'", name="provider_name"),
        {"schema": LEDGER},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    currency: Mapped[str] = mapped_column(ForeignKey("ledger.currency.code"))
    owner_kind: Mapped[str]
    owner_id: Mapped[UUID | None]
    """The user, milestone, dispute, payout or refund, without a foreign key: the ledger outlives them."""
    provider: Mapped[str | None]
    opened_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LedgerBalance(Base):
    """The sums of an account; written by the triggers of the ledger alone."""

    __tablename__ = "balance"
    __table_args__ = (
        CheckConstraint("normal_side IN ('debit', 'credit')", name="normal_side"),
        CheckConstraint("debits >= 0", name="debits"),
        CheckConstraint("credits >= 0", name="credits"),
        CheckConstraint(
            "NOT has_floor OR CASE normal_side WHEN 'debit' THEN debits >= credits ELSE credits >= debits END",
            name="floor",
        ),
        {"schema": LEDGER},
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.account.id"), primary_key=True)
    normal_side: Mapped[str]
    has_floor: Mapped[bool]
    debits: Mapped[int] = mapped_column(server_default=text("0"))
    credits: Mapped[int] = mapped_column(server_default=text("0"))
    version: Mapped[int] = mapped_column(server_default=text("0"))


class LedgerTxn(Base):
    """The header of a transaction. It holds ids and codes, never names or texts."""

    __tablename__ = "txn"
    __table_args__ = (
        CheckConstraint("template_version >= 1", name="template_version"),
        CheckConstraint("transfers BETWEEN 1 AND 1000", name="transfers"),
        CheckConstraint("business_key ~ '^[a-z0-9_:.-]{1,200}$'", name="business_key"),
        CheckConstraint("reason ~ '^[a-z0-9_]{1,60}$'", name="reason"),
        CheckConstraint("(template = 'reversal') = (reverses IS NOT NULL)", name="reversal"),
        CheckConstraint("reverses <> id", name="reverses_itself"),
        {"schema": LEDGER},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    template: Mapped[TxnTemplate]
    template_version: Mapped[int]
    transfers: Mapped[int]
    """The number of its transfers, which come in one statement."""
    business_key: Mapped[str] = mapped_column(unique=True)
    """Names the event in the business, such as `release:<milestone>:1`; unique for ever."""
    reverses: Mapped[UUID | None] = mapped_column(ForeignKey("ledger.txn.id"), unique=True)
    contract_id: Mapped[UUID | None]
    milestone_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    effective_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LedgerTransfer(Base):
    """An amount from one account to another of the same currency."""

    __tablename__ = "transfer"
    __table_args__ = (
        CheckConstraint("n >= 1", name="n"),
        CheckConstraint(f"amount > 0 AND amount <= {MAX_TRANSFER}", name="amount"),
        CheckConstraint("debit_id <> credit_id", name="accounts"),
        ForeignKeyConstraint(
            ["debit_id", "currency"],
            ["ledger.account.id", "ledger.account.currency"],
            name="fk_transfer_debit_id_account",
        ),
        ForeignKeyConstraint(
            ["credit_id", "currency"],
            ["ledger.account.id", "ledger.account.currency"],
            name="fk_transfer_credit_id_account",
        ),
        Index("ix_ledger_transfer_debit_id", "debit_id", "txn_id", "n"),
        Index("ix_ledger_transfer_credit_id", "credit_id", "txn_id", "n"),
        {"schema": LEDGER},
    )

    txn_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.txn.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    debit_id: Mapped[UUID]
    credit_id: Mapped[UUID]
    currency: Mapped[str]
    amount: Mapped[int]


class LedgerUnsealed(Base):
    """A transaction with its place in the log, drawn while its balances were locked."""

    __tablename__ = "unsealed"
    __table_args__ = ({"schema": LEDGER},)

    position: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    txn_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.txn.id"), unique=True)


class LedgerCheckRun(Base):
    """The result of a check of the whole ledger. It is no part of the ledger itself."""

    __tablename__ = "ledger_checks"
    __table_args__ = (CheckConstraint("result BETWEEN 0 AND 2", name="result"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    result: Mapped[int]
    """0 where everything holds, 1 where something is broken, 2 where the check cannot say."""
    transactions: Mapped[int]
    transfers: Mapped[int]
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """What was found first: the invariant, the row, and what is wrong there."""
    ended_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
