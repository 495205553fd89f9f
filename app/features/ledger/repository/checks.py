"""Queries that read the whole ledger in parts."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import Row, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.models import (
    LedgerAccount,
    LedgerBalance,
    LedgerCheckRun,
    LedgerLeaf,
    LedgerTransfer,
    LedgerTxn,
    LedgerUnsealed,
)

type ReplayedRow = Row[int, LedgerTxn, LedgerTransfer, LedgerAccount, LedgerAccount]
LOG = (LedgerLeaf, LedgerUnsealed)
"""The tables that give a transaction its place in the log, the oldest places first."""
TRANSACTIONS_AT_ONCE = 1000
ACCOUNTS_AT_ONCE = 5000
MAX_REVERSALS = 100
_REVERSALS = text("""
    SELECT reversal.id, 'it reverses a reversal'
    FROM ledger.txn AS reversal JOIN ledger.txn AS original ON original.id = reversal.reverses
    WHERE original.reverses IS NOT NULL
    UNION ALL
    SELECT reversal.id, 'another transaction reverses the same one'
    FROM ledger.txn AS reversal
    WHERE EXISTS (SELECT FROM ledger.txn AS other WHERE other.reverses = reversal.reverses AND other.id < reversal.id)
    UNION ALL
    SELECT reversal.id, 'it does not mirror every transfer'
    FROM ledger.txn AS reversal
    WHERE reversal.reverses IS NOT NULL AND EXISTS (
        (SELECT n, debit_id, credit_id, currency, amount FROM ledger.transfer WHERE txn_id = reversal.id
         EXCEPT
         SELECT n, credit_id, debit_id, currency, amount FROM ledger.transfer WHERE txn_id = reversal.reverses)
        UNION ALL
        (SELECT n, credit_id, debit_id, currency, amount FROM ledger.transfer WHERE txn_id = reversal.reverses
         EXCEPT
         SELECT n, debit_id, credit_id, currency, amount FROM ledger.transfer WHERE txn_id = reversal.id)
    )
    LIMIT :most
""")


class LedgerCheckRepository:
    """Queries of the check, and its results."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def take_snapshot(self) -> None:
        """Let this transaction read the database as it is now, and change nothing; call it before any query."""
        await self._session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))

    async def replay(
        self,
    ) -> AsyncIterator[tuple[LedgerTxn, list[tuple[LedgerTransfer, LedgerAccount, LedgerAccount]]]]:
        """Yield every transaction that has a place in the log, in the order of the log."""
        for part in LOG:
            after = -1
            while rows := await self._replayed(part, after):
                for _, same in groupby(rows, key=lambda row: row[0]):
                    group = list(same)
                    yield group[0][1], [(row[2], row[3], row[4]) for row in group]
                after = rows[-1][0]
                self._session.expunge_all()  # what was read is not needed again

    async def _replayed(self, part: type[LedgerLeaf | LedgerUnsealed], after: int) -> Sequence[ReplayedRow]:
        """Return the next transactions of a part of the log, with their transfers."""
        debit, credit = aliased(LedgerAccount), aliased(LedgerAccount)
        place = (
            select(part.position, part.txn_id)
            .where(part.position > after)
            .order_by(part.position)
            .limit(TRANSACTIONS_AT_ONCE)
            .subquery()
        )
        statement = (
            select(place.c.position, LedgerTxn, LedgerTransfer, debit, credit)
            .join(LedgerTxn, LedgerTxn.id == place.c.txn_id)
            .join(LedgerTransfer, LedgerTransfer.txn_id == LedgerTxn.id)
            .join(debit, debit.id == LedgerTransfer.debit_id)
            .join(credit, credit.id == LedgerTransfer.credit_id)
            .order_by(place.c.position, LedgerTransfer.n)
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).all()

    async def accounts(self) -> AsyncIterator[tuple[LedgerAccount, LedgerBalance | None]]:
        """Yield every account with its balance row."""
        after: UUID | None = None
        while True:
            statement = (
                select(LedgerAccount, LedgerBalance)
                .outerjoin(LedgerBalance, LedgerBalance.account_id == LedgerAccount.id)
                .where(*([LedgerAccount.id > after] if after else []))
                .order_by(LedgerAccount.id)
                .limit(ACCOUNTS_AT_ONCE)
                .execution_options(populate_existing=True)
            )
            rows = (await self._session.execute(statement)).all()
            if not rows:
                return
            for account, balance in rows:
                yield account, balance
            after = rows[-1][0].id
            self._session.expunge_all()

    async def wrong_reversals(self) -> Sequence[tuple[UUID, str]]:
        """Return reversals that are wrong, each with the reason."""
        rows = await self._session.execute(_REVERSALS, {"most": MAX_REVERSALS})
        return [(row[0], row[1]) for row in rows]

    async def recorded(self) -> int:
        """Count the transactions."""
        return (await self._session.execute(select(func.count()).select_from(LedgerTxn))).scalar_one()

    async def without_place(self) -> UUID | None:
        """Return a transaction that has no place in the log."""
        placed = [select(part.txn_id).where(part.txn_id == LedgerTxn.id).exists() for part in LOG]
        statement = select(LedgerTxn.id).where(*(~it for it in placed)).limit(1)
        return (await self._session.execute(statement)).scalar_one_or_none()

    def keep(self, run: LedgerCheckRun) -> None:
        """Keep the result of a check."""
        self._session.add(run)

    async def latest(self) -> LedgerCheckRun | None:
        """Return the result of the last check."""
        statement = select(LedgerCheckRun).order_by(LedgerCheckRun.id.desc()).limit(1)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def prune(self, before: datetime) -> None:
        """Delete the results of checks that ended before a time."""
        await self._session.execute(delete(LedgerCheckRun).where(LedgerCheckRun.ended_at < before))
