"""Queries that compare all tables of the ledger with each other, for its verification."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.transparency.nodes import StoredNode

DIFFERENCES: dict[str, str] = {
    "transaction {}: neither sealed nor waiting to be sealed": """
        SELECT txn.id FROM ledger.txn
        WHERE NOT EXISTS (SELECT FROM ledger.leaf WHERE leaf.txn_id = txn.id)
            AND NOT EXISTS (SELECT FROM ledger.unsealed WHERE unsealed.txn_id = txn.id)""",
    "transaction {}: sealed, and still waiting to be sealed": """
        SELECT leaf.txn_id FROM ledger.leaf JOIN ledger.unsealed ON unsealed.txn_id = leaf.txn_id""",
    "transaction {}: waits to be sealed, but has no header": """
        SELECT unsealed.txn_id FROM ledger.unsealed
        WHERE NOT EXISTS (SELECT FROM ledger.txn WHERE txn.id = unsealed.txn_id)""",
    "transaction {}: has several leaves": """
        SELECT txn_id FROM ledger.leaf WHERE txn_id IS NOT NULL GROUP BY txn_id HAVING count(*) > 1""",
    "transaction {}: has transfers, but no header": """
        SELECT transfer.txn_id FROM ledger.transfer
        WHERE NOT EXISTS (SELECT FROM ledger.txn WHERE txn.id = transfer.txn_id)""",
    "business key {}: used twice": "SELECT business_key FROM ledger.txn GROUP BY business_key HAVING count(*) > 1",
    "transaction {}: reversed twice": """
        SELECT reverses FROM ledger.txn WHERE reverses IS NOT NULL GROUP BY reverses HAVING count(*) > 1""",
    "transaction {}: a reversal without an original, of a reversal, or under another template": """
        SELECT txn.id FROM ledger.txn LEFT JOIN ledger.txn AS original ON original.id = txn.reverses
        WHERE (txn.template = 'reversal') <> (txn.reverses IS NOT NULL)
            OR (txn.reverses IS NOT NULL AND (original.id IS NULL OR original.reverses IS NOT NULL))""",
    "transaction {}: a reversal that does not mirror its original": """
        SELECT txn.id FROM ledger.txn
        JOIN ledger.transfer AS original ON original.txn_id = txn.reverses
        LEFT JOIN ledger.transfer AS mirror ON mirror.txn_id = txn.id AND mirror.n = original.n
            AND mirror.debit_id = original.credit_id AND mirror.credit_id = original.debit_id
            AND mirror.amount = original.amount AND mirror.currency = original.currency
        WHERE txn.reverses IS NOT NULL AND mirror.n IS NULL""",
    "account {}: has no balance row": """
        SELECT account.id FROM ledger.account JOIN ledger.account_kind AS kind ON kind.code = account.kind
        WHERE kind.has_balance AND NOT EXISTS (SELECT FROM ledger.balance WHERE account_id = account.id)""",
    "balance {}: has another side or lower limit than the kind of its account": """
        SELECT balance.account_id FROM ledger.balance
        LEFT JOIN ledger.account ON account.id = balance.account_id
        LEFT JOIN ledger.account_kind AS kind ON kind.code = account.kind
        WHERE (balance.normal_side, balance.has_floor) IS DISTINCT FROM (kind.normal_side, kind.has_floor)""",
    "paper {}: its place in the log is of something else": """
        SELECT document_id FROM paper_leaves LEFT JOIN ledger.leaf USING (position)
        WHERE paper_leaves.position IS NOT NULL AND (leaf.hash IS NULL OR leaf.txn_id IS NOT NULL)""",
    "paper {}: has a file, and neither a place in the log nor waits for one": """
        SELECT document_id FROM document_files WHERE sha256 IS NOT NULL
            AND NOT EXISTS (SELECT FROM paper_leaves WHERE paper_leaves.document_id = document_files.document_id)""",
}
"""What must not be: a sentence for the row that is found, and the query."""


class WholeLogRepository:
    """Queries over whole tables."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def differences(self) -> list[str]:
        """Return the first row of each kind of fault."""
        await self._session.execute(text("SELECT set_config('work_mem', '64MB', true)"))  # else the joins use the disk
        found: list[str] = []
        for sentence, query in DIFFERENCES.items():
            row = (await self._session.execute(text(f"{query} LIMIT 1"))).first()
            if row is not None:
                found.append(sentence.format(row[0]))
        return found

    async def chart(self) -> Sequence[Sequence[Any]]:
        """Return the chart of accounts: kind, side, owner, whether it has a balance row and a lower limit."""
        columns = "code, normal_side, owner_kind, has_balance, has_floor"
        return (await self._session.execute(text(f"SELECT {columns} FROM ledger.account_kind ORDER BY code"))).all()  # noqa: S608 - columns of this method

    async def checkpoints(self, after: int, end: int, limit: int | None = None) -> Sequence[Sequence[Any]]:
        """Return size, root and note of checkpoints above a size and up to another, or of so many of them."""
        query = (
            "SELECT size, root, note FROM ledger.checkpoint WHERE size > :after AND size <= :until "
            "ORDER BY size LIMIT :limit"
        )
        return (await self._session.execute(text(query), {"after": after, "until": end, "limit": limit})).all()

    async def snapshots(self, after: int, end: int) -> dict[int, dict[str, tuple[int, int]]]:
        """Return the sums of accounts by the size of their checkpoint, above a size and up to another."""
        query = (
            "SELECT size, account_id::text, debits, credits FROM ledger.snapshot WHERE size > :after AND size <= :until"
        )
        found: dict[int, dict[str, tuple[int, int]]] = {}
        for size, account, debits, credits_ in await self._session.execute(text(query), {"after": after, "until": end}):
            found.setdefault(size, {})[account] = (int(debits), int(credits_))
        return found

    async def unlike_nodes(self, nodes: Iterable[StoredNode]) -> Sequence[Sequence[Any]]:
        """Return height and index of the subtrees whose stored root is another one, or is missing."""
        heights, indexes, hashes = map(list, zip(*nodes, strict=True))
        query = """
            SELECT wanted.height, wanted.index
            FROM unnest(CAST(:heights AS bigint[]), CAST(:indexes AS bigint[]), CAST(:hashes AS bytea[]))
                AS wanted (height, index, hash)
            LEFT JOIN ledger.node ON node.height = wanted.height AND node.index = wanted.index
            WHERE node.hash IS DISTINCT FROM wanted.hash LIMIT 1"""
        values = {"heights": heights, "indexes": indexes, "hashes": hashes}
        return (await self._session.execute(text(query), values)).all()

    async def counts(self) -> Sequence[int]:
        """Return the number of leaves, of nodes, of snapshots, and the largest size of a checkpoint."""
        query = """
            SELECT (SELECT count(*) FROM ledger.leaf), (SELECT count(*) FROM ledger.node),
                (SELECT count(*) FROM ledger.snapshot), (SELECT coalesce(max(size), 0) FROM ledger.checkpoint)"""
        return list((await self._session.execute(text(query))).one())

    async def balances(self, after: str | None, limit: int) -> Sequence[Sequence[Any]]:
        """Return account, kind, debits and credits of balance rows, a page in the order of ids."""
        query = """
            SELECT balance.account_id::text, account.kind, balance.debits, balance.credits
            FROM ledger.balance JOIN ledger.account ON account.id = balance.account_id
            WHERE CAST(:after AS uuid) IS NULL OR balance.account_id > CAST(:after AS uuid)
            ORDER BY balance.account_id LIMIT :limit"""
        return (await self._session.execute(text(query), {"after": after, "limit": limit})).all()
