"""Queries for the transparency log: what waits to be sealed, leaves, nodes, checkpoints and snapshots."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.transparency.nodes import Node, StoredNode, stored_range
from app.features.transparency.schemas import AccountFacts, LeafPage, Sealed, SnapshotRow
from app.models import LedgerCheckpoint, LedgerLogKey

SEALER = "ledger:sealer"
HEADER = """
    txn.id::text, txn.template, txn.template_version, txn.transfers, txn.business_key, txn.reverses::text,
    txn.contract_id::text, txn.milestone_id::text, txn.actor_id::text, coalesce(txn.reason, ''),
    to_char(txn.effective_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
TRANSFER = "transfer.n, transfer.debit_id::text, transfer.credit_id::text, transfer.currency, transfer.amount"
LEAVES = """
    SELECT position, txn_id::text, salt, hash, contract_id::text
    FROM ledger.leaf WHERE position >= :first AND position < :end ORDER BY position"""
# An array makes the planner read the indexes: a join reads the whole tables again for every page.
SEALED = "ANY(ARRAY(SELECT txn_id FROM ledger.leaf WHERE position >= :first AND position < :end))"
HEADERS = f"SELECT {HEADER} FROM ledger.txn WHERE txn.id = {SEALED}"  # noqa: S608 - parts of this module
TRANSFERS = f"""
    SELECT transfer.txn_id::text, {TRANSFER}
    FROM ledger.transfer WHERE transfer.txn_id = {SEALED} ORDER BY transfer.txn_id, transfer.n"""  # noqa: S608 - parts of this module
LEAF_FIELDS = 5
WAITING = f"""
    SELECT {HEADER}, {TRANSFER}
    FROM (SELECT position, txn_id FROM ledger.unsealed ORDER BY position LIMIT :limit) AS waiting
    JOIN ledger.txn ON txn.id = waiting.txn_id LEFT JOIN ledger.transfer ON transfer.txn_id = txn.id
    ORDER BY waiting.position, transfer.n"""  # noqa: S608 - parts of this module
ACCOUNTS = """
    SELECT id::text, kind, coalesce(owner_id::text, provider, ''), currency
    FROM ledger.account WHERE id = ANY(CAST(:ids AS uuid[]))"""
# Rising order matters: a join in another order would not be an index scan for each range.
STORED = """
    SELECT 0, leaf.position, leaf.hash
    FROM unnest(CAST(:heights AS bigint[]), CAST(:firsts AS bigint[]), CAST(:counts AS bigint[])) AS wanted (h, f, c)
    JOIN ledger.leaf ON wanted.h = 0 AND leaf.position >= wanted.f AND leaf.position < wanted.f + wanted.c
    UNION ALL
    SELECT node.height, node.index, node.hash
    FROM unnest(CAST(:heights AS bigint[]), CAST(:firsts AS bigint[]), CAST(:counts AS bigint[])) AS wanted (h, f, c)
    JOIN ledger.node ON node.height = wanted.h AND node.index >= wanted.f AND node.index < wanted.f + wanted.c"""
SNAPSHOTS_BEFORE = """
    SELECT wanted.id, latest.debits, latest.credits
    FROM unnest(CAST(:accounts AS uuid[])) AS wanted (id)
    CROSS JOIN LATERAL (
        SELECT debits, credits FROM ledger.snapshot WHERE account_id = wanted.id ORDER BY size DESC LIMIT 1
    ) AS latest"""
# Accounts that moved since their latest snapshot, summed from there.
DAILY = """
    INSERT INTO ledger.snapshot (account_id, size, debits, credits)
    SELECT moved.account_id, CAST(:size AS bigint),
        coalesce(latest.debits, 0) + moved.debits, coalesce(latest.credits, 0) + moved.credits
    FROM (
        SELECT side.account_id, sum(side.debit) AS debits, sum(side.credit) AS credits
        FROM ledger.leaf
        JOIN ledger.transfer ON transfer.txn_id = leaf.txn_id
        CROSS JOIN LATERAL (VALUES
            (transfer.debit_id, transfer.amount, 0), (transfer.credit_id, 0, transfer.amount)
        ) AS side (account_id, debit, credit)
        JOIN ledger.balance ON balance.account_id = side.account_id
        WHERE leaf.position >= CAST(:since AS bigint) AND leaf.position < CAST(:size AS bigint)
        GROUP BY side.account_id
    ) AS moved
    LEFT JOIN LATERAL (
        SELECT debits, credits FROM ledger.snapshot WHERE account_id = moved.account_id ORDER BY size DESC LIMIT 1
    ) AS latest ON true"""
LAST_DAILY = """
    SELECT coalesce(max(snapshot.size), 0) FROM ledger.snapshot
    JOIN ledger.balance ON balance.account_id = snapshot.account_id"""
STATE = """
    WITH newest AS (SELECT size, sealed_at FROM ledger.checkpoint ORDER BY size DESC LIMIT 1),
    waiting AS (
        SELECT count(*) AS count, min(txn.recorded_at) AS oldest
        FROM ledger.unsealed JOIN ledger.txn ON txn.id = unsealed.txn_id
    )
    SELECT waiting.count, coalesce(extract(epoch FROM clock_timestamp() - waiting.oldest), 0),
        coalesce((SELECT size FROM newest), 0),
        coalesce((
            SELECT extract(epoch FROM newest.sealed_at - min(txn.recorded_at))
            FROM newest JOIN ledger.leaf
                ON leaf.position < newest.size AND leaf.position >= coalesce((
                    SELECT max(size) FROM ledger.checkpoint WHERE size < (SELECT size FROM newest)
                ), 0)
            JOIN ledger.txn ON txn.id = leaf.txn_id GROUP BY newest.sealed_at
        ), 0)
    FROM waiting"""


class LogRepository:
    """Queries for the log."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def try_lock_sealer(self) -> bool:
        """Lock the sealer until the transaction ends; False if another one is at work."""
        lock = func.pg_try_advisory_xact_lock(func.hashtextextended(SEALER, 0))
        return bool((await self._session.execute(select(lock))).scalar_one())

    async def waiting(self, limit: int | None) -> Sequence[Sequence[Any]]:
        """Return the rows of transactions to seal, or of so many, in the order of the numbers drawn under locks."""
        return (await self._session.execute(text(WAITING), {"limit": limit})).all()

    async def sealer_state(self) -> tuple[int, float, int, float]:
        """Return what waits and its age in seconds, what is sealed, and the lag of the newest checkpoint."""
        count, age, size, lag = (await self._session.execute(text(STATE))).one()
        return count, float(age), size, float(lag)

    async def newest(self) -> LedgerCheckpoint | None:
        """Return the newest checkpoint."""
        statement = select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).limit(1)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def head(self) -> tuple[int, list[str]] | None:
        """Return the size of the newest checkpoint and the published keys, the oldest first; None before any."""
        query = """
            SELECT max(size), (SELECT array_agg(published ORDER BY since, published) FROM ledger.log_key)
            FROM ledger.checkpoint"""
        size, keys = (await self._session.execute(text(query))).one()
        return None if size is None else (size, keys)

    async def checkpoint(self, size: int) -> LedgerCheckpoint | None:
        """Return the checkpoint of this size."""
        return await self._session.get(LedgerCheckpoint, size)

    async def checkpoints(self, limit: int, before: int | None = None) -> Sequence[LedgerCheckpoint]:
        """Return checkpoints, the largest first."""
        statement = select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).limit(limit)
        if before is not None:
            statement = statement.where(LedgerCheckpoint.size < before)
        return (await self._session.execute(statement)).scalars().all()

    async def keys(self) -> Sequence[LedgerLogKey]:
        """Return the keys of the log, the oldest first."""
        return (await self._session.execute(select(LedgerLogKey).order_by(LedgerLogKey.since))).scalars().all()

    async def add_key(self, published: str) -> None:
        """Insert a key."""
        self._session.add(LedgerLogKey(published=published))
        await self._session.flush()

    async def stored(self, nodes: Iterable[Node]) -> dict[Node, bytes]:
        """Return the stored hashes that these nodes are computed from."""
        ranges = {stored_range(node) for node in nodes}
        if not ranges:
            return {}
        heights, firsts, counts = map(list, zip(*sorted(ranges), strict=True))
        found = await self._session.execute(text(STORED), {"heights": heights, "firsts": firsts, "counts": counts})
        return {(height, index): hashed for height, index, hashed in found}

    async def insert_leaves(self, leaves: Sequence[Sealed]) -> None:
        """Insert leaves in one statement; a trigger takes their transactions out of the queue."""
        await self._session.execute(
            text(
                "INSERT INTO ledger.leaf (position, txn_id, contract_id, salt, hash) "
                "SELECT * FROM unnest(CAST(:positions AS bigint[]), CAST(:txns AS uuid[]), CAST(:contracts AS uuid[]), "
                "CAST(:salts AS bytea[]), CAST(:hashes AS bytea[]))"
            ),
            {
                "positions": [leaf.position for leaf in leaves],
                "txns": [leaf.txn for leaf in leaves],
                "contracts": [leaf.contract for leaf in leaves],
                "salts": [leaf.salt for leaf in leaves],
                "hashes": [leaf.hash for leaf in leaves],
            },
        )

    async def insert_nodes(self, nodes: Sequence[StoredNode]) -> None:
        """Insert the roots of subtrees."""
        heights, indexes, hashes = map(list, zip(*nodes, strict=True))
        await self._session.execute(
            text(
                "INSERT INTO ledger.node (height, index, hash) SELECT * FROM "
                "unnest(CAST(:heights AS bigint[]), CAST(:indexes AS bigint[]), CAST(:hashes AS bytea[]))"
            ),
            {"heights": heights, "indexes": indexes, "hashes": hashes},
        )

    async def insert_checkpoint(self, checkpoint: LedgerCheckpoint) -> None:
        """Insert a checkpoint."""
        self._session.add(checkpoint)
        await self._session.flush()

    async def latest_snapshots(self, accounts: Collection[UUID]) -> dict[UUID, SnapshotRow]:
        """Return the latest snapshot of each of these accounts that has one."""
        found = await self._session.execute(text(SNAPSHOTS_BEFORE), {"accounts": list(accounts)})
        return {row[0]: SnapshotRow(row[0], int(row[1]), int(row[2])) for row in found}

    async def insert_snapshots(self, size: int, rows: Sequence[SnapshotRow]) -> None:
        """Insert the sums of accounts at a checkpoint."""
        await self._session.execute(
            text(
                "INSERT INTO ledger.snapshot (size, account_id, debits, credits) SELECT CAST(:size AS bigint), * FROM "
                "unnest(CAST(:accounts AS uuid[]), CAST(:debits AS numeric[]), CAST(:credits AS numeric[]))"
            ),
            {
                "size": size,
                "accounts": [row.account for row in rows],
                "debits": [row.debits for row in rows],
                "credits": [row.credits for row in rows],
            },
        )

    async def last_daily_size(self) -> int:
        """Return the size of the log at the last snapshot of the accounts with balance rows."""
        size: int = (await self._session.execute(text(LAST_DAILY))).scalar_one()
        return size

    async def insert_daily_snapshot(self, size: int, since: int) -> None:
        """Insert the sums of all accounts with balance rows that moved since the last one."""
        await self._session.execute(text(DAILY), {"size": size, "since": since})

    async def size_before(self, day_start: object) -> int:
        """Return the size of the newest checkpoint before a moment."""
        statement = select(func.coalesce(func.max(LedgerCheckpoint.size), 0))
        found = await self._session.execute(statement.where(LedgerCheckpoint.sealed_at < day_start))
        return int(found.scalar_one())

    async def leaf_page(self, first: int, end: int) -> LeafPage:
        """Return the entries from a position up to another."""
        leaves, headers, transfers = [
            (await self._session.execute(text(query), {"first": first, "end": end})).all()
            for query in (LEAVES, HEADERS, TRANSFERS)
        ]
        return LeafPage(leaves, headers, transfers)

    async def accounts(self, ids: Collection[str]) -> dict[str, AccountFacts]:
        """Return what the log keeps of these accounts."""
        found = await self._session.execute(text(ACCOUNTS), {"ids": list(ids)})
        return {row[0]: AccountFacts.of(*row) for row in found}
