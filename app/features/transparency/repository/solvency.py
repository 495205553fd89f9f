"""Queries for proofs of solvency: what is owed in a night, the trees over it, and the signed totals."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.transparency.nodes import StoredNode
from app.features.transparency.schemas import OwedLeaf
from app.models import SolvencyNight

LOCK = "ledger:solvency"
# One statement sees one moment: the balances without what is not sealed are those at the newest checkpoint. The kinds
# 20 to 27 of the chart are what the site owes. Leaves are ordered by their salts, so neighbours have nothing in common.
COLLECT = """
    WITH waiting AS (
        SELECT side.account_id, sum(side.amount) AS amount
        FROM ledger.unsealed JOIN ledger.transfer ON transfer.txn_id = unsealed.txn_id
        CROSS JOIN LATERAL (VALUES (transfer.credit_id, transfer.amount), (transfer.debit_id, -transfer.amount))
            AS side (account_id, amount)
        GROUP BY side.account_id
    ), owed AS (
        SELECT account.id, account.currency, balance.credits - balance.debits - coalesce(waiting.amount, 0) AS balance
        FROM ledger.balance JOIN ledger.account ON account.id = balance.account_id
        JOIN ledger.account_kind AS kind ON kind.code = account.kind AND kind.number BETWEEN 20 AND 27
        LEFT JOIN waiting ON waiting.account_id = account.id
    ), made AS (
        INSERT INTO solvency_leaves (night, currency, position, account_id, balance)
        SELECT CAST(:night AS date), currency, row_number() OVER (
            PARTITION BY currency ORDER BY sha256(CAST(:secret AS bytea) || uuid_send(id))
        ) - 1, id, balance
        FROM owed WHERE balance <> 0 RETURNING currency
    )
    SELECT (SELECT coalesce(max(size), 0) FROM ledger.checkpoint), array_agg(DISTINCT made.currency) FROM made"""
# What the provider held by its last statement, and what the ledger moved since, until the size of the night.
HELD = """
    WITH latest AS (
        SELECT DISTINCT ON (provider, currency) provider, currency, ours, theirs, compared_at
        FROM reconciliation_runs ORDER BY provider, currency, id DESC
    ), clearing AS (
        SELECT account.provider, account.currency, snapshot.debits - snapshot.credits AS balance
        FROM ledger.account CROSS JOIN LATERAL (
            SELECT debits, credits FROM ledger.snapshot
            WHERE snapshot.account_id = account.id AND snapshot.size <= :size ORDER BY snapshot.size DESC LIMIT 1
        ) AS snapshot
        WHERE account.kind = 'provider_clearing'
    )
    SELECT clearing.currency,
        CASE WHEN bool_and(coalesce(latest.compared_at > app_now() - make_interval(days => :days), false))
            THEN sum(latest.theirs + clearing.balance - latest.ours) END
    FROM clearing LEFT JOIN latest USING (provider, currency) GROUP BY clearing.currency"""
STORED = """
    SELECT 0, leaf.position, leaf.account_id, leaf.balance, NULL
    FROM unnest(CAST(:heights AS bigint[]), CAST(:firsts AS bigint[]), CAST(:counts AS bigint[])) AS wanted (h, f, c)
    JOIN solvency_leaves AS leaf ON wanted.h = 0 AND leaf.night = :night AND leaf.currency = :currency
        AND leaf.position >= wanted.f AND leaf.position < wanted.f + wanted.c
    UNION ALL
    SELECT node.height, node.index, NULL, NULL, node.node
    FROM unnest(CAST(:heights AS bigint[]), CAST(:firsts AS bigint[]), CAST(:counts AS bigint[])) AS wanted (h, f, c)
    JOIN solvency_nodes AS node ON node.height = wanted.h AND node.night = :night AND node.currency = :currency
        AND node.index >= wanted.f AND node.index < wanted.f + wanted.c"""
OWN = """
    SELECT leaf.currency, leaf.position, leaf.account_id, leaf.balance, account.kind
    FROM solvency_leaves AS leaf JOIN ledger.account ON account.id = leaf.account_id
    WHERE leaf.night = :night AND leaf.account_id = ANY(CAST(:accounts AS uuid[]))
    ORDER BY leaf.currency, account.kind, leaf.position"""


class SolvencyRepository:
    """Queries for proofs of solvency."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock(self) -> None:
        """Let nobody else make a night until the transaction ends."""
        await self._session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(LOCK, 0))))

    async def collect(self, night: date, secret: bytes) -> tuple[int, list[str]]:
        """Insert what is owed to people at the newest checkpoint; return its size and the currencies."""
        row = (await self._session.execute(text(COLLECT), {"night": night, "secret": secret})).one()
        return row[0], sorted(row[1] or ())

    async def held(self, size: int, days: int) -> dict[str, int | None]:
        """Return what providers hold by currency; None where one was not compared for so many days."""
        found = await self._session.execute(text(HELD), {"size": size, "days": days})
        return {row[0]: None if row[1] is None else int(row[1]) for row in found}

    async def page(self, night: date, currency: str, first: int, count: int) -> list[OwedLeaf]:
        """Return leaves of a currency from a position on, in their order."""
        query = """
            SELECT currency, position, account_id, balance, '' FROM solvency_leaves
            WHERE night = :night AND currency = :currency AND position >= :first AND position < :until
            ORDER BY position"""
        values = {"night": night, "currency": currency, "first": first, "until": first + count}
        return [OwedLeaf(*row) for row in await self._session.execute(text(query), values)]

    async def own(self, night: date, accounts: Collection[str]) -> list[OwedLeaf]:
        """Return the leaves of these accounts, with the kinds of the accounts."""
        found = await self._session.execute(text(OWN), {"night": night, "accounts": list(accounts)})
        return [OwedLeaf(*row) for row in found]

    async def stored(
        self, night: date, currency: str, ranges: Collection[tuple[int, int, int]]
    ) -> Sequence[tuple[int, int, UUID, int, bytes | None]]:
        """Return height and index of stored nodes in these ranges; leaves with account and balance, others as nodes."""
        heights, firsts, counts = map(list, zip(*sorted(ranges), strict=True))
        values: dict[str, Any] = {"heights": heights, "firsts": firsts, "counts": counts}
        found = await self._session.execute(text(STORED), values | {"night": night, "currency": currency})
        return [(row[0], row[1], row[2], row[3], row[4]) for row in found]

    async def insert_nodes(self, night: date, currency: str, nodes: Sequence[StoredNode]) -> None:
        """Insert the sums and hashes of subtrees."""
        heights, indexes, content = map(list, zip(*nodes, strict=True))
        await self._session.execute(
            text(
                "INSERT INTO solvency_nodes (night, currency, height, index, node) "
                "SELECT CAST(:night AS date), CAST(:currency AS text), * FROM "
                "unnest(CAST(:heights AS bigint[]), CAST(:indexes AS bigint[]), CAST(:nodes AS bytea[]))"
            ),
            {"night": night, "currency": currency, "heights": heights, "indexes": indexes, "nodes": content},
        )

    async def insert(self, made: SolvencyNight) -> None:
        """Insert a night."""
        self._session.add(made)
        await self._session.flush()

    async def get(self, night: date) -> SolvencyNight | None:
        """Return a night, or None."""
        return await self._session.get(SolvencyNight, night)

    async def nights(self, limit: int, until_size: int | None = None) -> Sequence[SolvencyNight]:
        """Return nights, the latest first; those up to a size of the log."""
        statement = select(SolvencyNight).order_by(SolvencyNight.night.desc()).limit(limit)
        if until_size is not None:
            statement = statement.where(SolvencyNight.size <= until_size)
        return (await self._session.execute(statement)).scalars().all()

    async def notes(self, after: int, until: int) -> dict[int, list[str]]:
        """Return the notes of nights by their sizes, above a size and up to another."""
        found: dict[int, list[str]] = {}
        statement = select(SolvencyNight.size, SolvencyNight.note).where(
            SolvencyNight.size > after, SolvencyNight.size <= until
        )
        for size, note in await self._session.execute(statement):
            found.setdefault(size, []).append(note)
        return found

    async def prune(self, before: date) -> None:
        """Delete the trees of nights before this one; their signed totals stay."""
        for table in ("solvency_nodes", "solvency_leaves"):
            await self._session.execute(text(f"DELETE FROM {table} WHERE night < :before"), {"before": before})  # noqa: S608 - names of this method
