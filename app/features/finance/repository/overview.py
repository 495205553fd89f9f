"""Queries over the ledger, operations at the provider and contracts for the finance pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, literal, or_, select, text, union
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.payment_port import OperationKind
from app.models import (
    AccountKind,
    CardRefund,
    Contract,
    DealTimer,
    LedgerAccount,
    LedgerCheckpoint,
    LedgerLeaf,
    LedgerTransfer,
    LedgerTxn,
    LedgerUnsealed,
    Milestone,
    Order,
    Payment,
    Payout,
    ProviderOperation,
    TimerStatus,
)
from app.models.user import shown_name

SHOWN = 50
PAYMENT_KEYS = ("deposit", "receipt", "receipt-identified", "payout-done", "payout-returned", "card-refund-done")
"""Beginnings of business keys that end with the id of a payment, withdrawal or refund."""
# Sums of accounts without a balance row: those of their newest snapshot, and what is not sealed yet.
HOLDINGS = text("""
    WITH waiting AS MATERIALIZED (
        SELECT side.account_id, sum(side.debit) AS debits, sum(side.credit) AS credits
        FROM ledger.unsealed JOIN ledger.transfer ON transfer.txn_id = unsealed.txn_id
        CROSS JOIN LATERAL (
            VALUES (transfer.debit_id, transfer.amount, 0), (transfer.credit_id, 0, transfer.amount)
        ) AS side (account_id, debit, credit)
        GROUP BY side.account_id
    ), sums AS (
        SELECT account.kind, account.provider, account.currency, balance.debits, balance.credits
        FROM ledger.balance JOIN ledger.account ON account.id = balance.account_id
        UNION ALL
        SELECT account.kind, account.provider, account.currency,
            coalesce(sealed.debits, 0) + coalesce(waiting.debits, 0),
            coalesce(sealed.credits, 0) + coalesce(waiting.credits, 0)
        FROM ledger.account_kind AS kind JOIN ledger.account ON account.kind = kind.code
        LEFT JOIN LATERAL (
            SELECT debits, credits FROM ledger.snapshot
            WHERE snapshot.account_id = account.id ORDER BY size DESC LIMIT 1
        ) AS sealed ON true
        LEFT JOIN waiting ON waiting.account_id = account.id
        WHERE NOT kind.has_balance
    )
    SELECT sums.kind, coalesce(sums.provider, ''), sums.currency, sum(sums.debits), sum(sums.credits)
    FROM sums GROUP BY sums.kind, sums.provider, sums.currency ORDER BY sums.currency, sums.kind, sums.provider
""")


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """A transaction with its currency and the sum of its transfers."""

    txn: LedgerTxn
    currency: str
    amount: int


class LedgerViewRepository:
    """Queries for the ledger as a whole."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def holdings(self) -> Sequence[tuple[str, str, str, int, int]]:
        """Return debits and credits by kind of account, provider and currency."""
        rows = await self._session.execute(HOLDINGS)
        return [(kind, provider, code, int(debits), int(credits_)) for kind, provider, code, debits, credits_ in rows]

    async def overdue_timers(self, before: datetime) -> tuple[int, datetime | None]:
        """Return how many timers of contracts should have fired before a moment, and since when the oldest."""
        query = select(func.count(), func.min(DealTimer.look_at)).where(
            DealTimer.status == TimerStatus.WAITING, DealTimer.look_at < before
        )
        return (await self._session.execute(query)).one()

    async def place(self, txn_id: UUID) -> tuple[int | None, int | None, UUID | None]:
        """Return the place of a transaction in the log, the size of its checkpoint, and what reverses it."""
        position = select(LedgerLeaf.position).where(LedgerLeaf.txn_id == txn_id).scalar_subquery()
        size = select(func.min(LedgerCheckpoint.size)).where(LedgerCheckpoint.size > position).scalar_subquery()
        reversal = select(LedgerTxn.id).where(LedgerTxn.reverses == txn_id).scalar_subquery()
        return (await self._session.execute(select(position, size, reversal))).one()

    async def with_key(self, key: str) -> Sequence[TransactionRow]:
        """Return the transaction with a business key."""
        return await self._transactions(select(LedgerTxn.id).where(LedgerTxn.business_key == key))

    async def about(self, thing: UUID) -> Sequence[TransactionRow]:
        """Return the transactions of a contract or the owner of accounts, or the one with this id, newest first."""
        accounts = select(LedgerAccount.id).where(
            LedgerAccount.kind.in_([kind.value for kind in AccountKind]), LedgerAccount.owner_id == thing
        )
        moved = [
            select(LedgerTransfer.txn_id)
            .where(column.in_(accounts))
            .order_by(LedgerTransfer.txn_id.desc())
            .limit(SHOWN)
            for column in (LedgerTransfer.debit_id, LedgerTransfer.credit_id)
        ]
        keys = [f"{prefix}:{thing}" for prefix in PAYMENT_KEYS]
        unsealed = select(LedgerTxn.id).join(LedgerUnsealed, LedgerUnsealed.txn_id == LedgerTxn.id)
        return await self._transactions(
            *(select(part.subquery().c.txn_id) for part in moved),
            select(LedgerTxn.id).where(or_(LedgerTxn.id == thing, LedgerTxn.reverses == thing)),
            select(LedgerTxn.id).where(LedgerTxn.business_key.in_(keys)),
            select(LedgerLeaf.txn_id).where(LedgerLeaf.contract_id == thing),
            unsealed.where(LedgerTxn.contract_id == thing),
        )

    async def _transactions(self, *ids: Select[UUID]) -> Sequence[TransactionRow]:
        query = (
            select(LedgerTxn, func.min(LedgerTransfer.currency), func.sum(LedgerTransfer.amount))
            .join(LedgerTransfer, LedgerTransfer.txn_id == LedgerTxn.id)
            .where(LedgerTxn.id.in_(union(*ids)))
            .group_by(LedgerTxn.id)
            .order_by(LedgerTxn.id.desc())
            .limit(SHOWN)
        )
        return [TransactionRow(txn, code, int(amount)) for txn, code, amount in await self._session.execute(query)]


class SearchRepository:
    """Queries that find payments, withdrawals, refunds and contracts by what somebody has typed."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def operations(self, typed: str, thing: UUID | None) -> Sequence[tuple[ProviderOperation, UUID]]:
        """Return operations by our reference, the provider's id, or the id of what they are about, with the person."""
        named = or_(ProviderOperation.reference == typed, ProviderOperation.provider_id == typed)
        if thing is not None:
            of_thing = and_(ProviderOperation.kind.in_(list(OperationKind)), ProviderOperation.subject_id == thing)
            named = or_(named, of_thing, ProviderOperation.id == thing)
        person = func.coalesce(*(_owner(kind, table) for kind, table in _SUBJECTS))
        query = select(ProviderOperation, person).where(named).limit(SHOWN)
        return [(operation, owner) for operation, owner in await self._session.execute(query)]

    async def contracts(self, thing: UUID) -> Sequence[tuple[Contract, str, str, str]]:
        """Return the contract with this id, of this order or with this milestone: title, client, freelancer."""
        of_milestone = select(Milestone.contract_id).where(Milestone.id == thing)
        query = (
            select(Contract, Order.title, shown_name(Contract.customer_id), shown_name(Contract.freelancer_id))
            .join(Order, Order.id == Contract.order_id)
            .where(or_(Contract.id == thing, Contract.order_id == thing, Contract.id.in_(of_milestone)))
        )
        rows = await self._session.execute(query)
        return [(contract, title, customer, freelancer) for contract, title, customer, freelancer in rows]


_SUBJECTS: tuple[tuple[OperationKind, Any], ...] = (
    (OperationKind.PAYMENT, Payment),
    (OperationKind.PAYOUT, Payout),
    (OperationKind.REFUND, CardRefund),
)


def _owner(kind: OperationKind, table: Any) -> Any:  # noqa: ANN401 - one of three tables with the same columns
    """Return whose payment, withdrawal or refund an operation is, as a column."""
    of_kind = and_(table.id == ProviderOperation.subject_id, ProviderOperation.kind == literal(kind.value))
    return select(table.user_id).where(of_kind).correlate(ProviderOperation).scalar_subquery()
