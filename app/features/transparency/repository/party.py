"""Queries for what one person may prove: the transactions of the person's accounts and contracts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.transparency.repository.log import HEADER, TRANSFER
from app.features.transparency.schemas import AccountFacts

# Every condition on an account names kind, currency and owner, which is the order of its index.
MINE = """
    mine AS MATERIALIZED (
        SELECT account.id FROM ledger.account_kind AS kind CROSS JOIN ledger.currency
        JOIN ledger.account ON account.kind = kind.code AND account.currency = currency.code
            AND account.owner_id = :person
        WHERE kind.owner_kind = 'user'
    ), deals AS MATERIALIZED (
        SELECT id FROM contracts WHERE customer_id = :person OR freelancer_id = :person
    )"""
ANY = """
    SELECT txn.id, leaf.position, point.size, point.root, point.note, point.published_key
    FROM ledger.txn LEFT JOIN ledger.leaf ON leaf.txn_id = txn.id
    LEFT JOIN LATERAL (
        SELECT size, root, note, published_key FROM ledger.checkpoint WHERE size > leaf.position ORDER BY size LIMIT 1
    ) AS point ON true
    WHERE txn.id = :txn"""
ONE = f"""
    WITH {MINE} {ANY} AND (txn.contract_id IN (SELECT id FROM deals) OR EXISTS (
        SELECT FROM ledger.transfer JOIN ledger.account ON account.id IN (transfer.debit_id, transfer.credit_id)
        WHERE transfer.txn_id = txn.id AND (account.id IN (SELECT id FROM mine) OR (
            account.owner_kind IN ('payout', 'refund') AND EXISTS (
                SELECT FROM ledger.transfer AS other
                WHERE (other.debit_id = account.id AND other.credit_id IN (SELECT id FROM mine))
                    OR (other.credit_id = account.id AND other.debit_id IN (SELECT id FROM mine))
            )
        ))
    ))"""  # noqa: S608 - parts of this module
# The second part are the accounts whose every transfer belongs to the person: those of the milestones and disputes
# of own contracts, and those of own payouts and refunds.
OWN = f"""
    WITH {MINE}, touched AS MATERIALIZED (
        SELECT transfer.debit_id, transfer.credit_id FROM ledger.leaf
        JOIN ledger.transfer ON transfer.txn_id = leaf.txn_id WHERE leaf.contract_id IN (SELECT id FROM deals)
    ), paid AS MATERIALIZED (
        SELECT debit_id, credit_id FROM ledger.transfer WHERE debit_id IN (SELECT id FROM mine)
        UNION ALL SELECT debit_id, credit_id FROM ledger.transfer WHERE credit_id IN (SELECT id FROM mine)
    ), whole AS MATERIALIZED (
        SELECT id FROM mine
        UNION SELECT account.id FROM touched JOIN ledger.account ON account.id IN (debit_id, credit_id)
            WHERE account.owner_kind IN ('milestone', 'dispute')
        UNION SELECT account.id FROM paid JOIN ledger.account ON account.id IN (debit_id, credit_id)
            WHERE account.owner_kind IN ('payout', 'refund')
    ), found AS MATERIALIZED (
        SELECT position FROM ledger.leaf WHERE contract_id IN (SELECT id FROM deals)
        UNION SELECT position FROM ledger.transfer JOIN ledger.leaf ON leaf.txn_id = transfer.txn_id
            WHERE debit_id IN (SELECT id FROM whole)
        UNION SELECT position FROM ledger.transfer JOIN ledger.leaf ON leaf.txn_id = transfer.txn_id
            WHERE credit_id IN (SELECT id FROM whole)
    ), waiting AS MATERIALIZED (
        SELECT transfer.debit_id, transfer.credit_id, transfer.amount
        FROM ledger.unsealed JOIN ledger.transfer ON transfer.txn_id = unsealed.txn_id
    )
    SELECT
        (SELECT coalesce(array_agg(position ORDER BY position), '{{}}') FROM found),
        (SELECT coalesce(array_agg(balance.account_id::text ORDER BY account_id), '{{}}')
            FROM ledger.balance JOIN whole ON whole.id = balance.account_id),
        (SELECT coalesce(array_agg(
            (CASE balance.normal_side WHEN 'debit' THEN 1 ELSE -1 END) * (
                balance.debits - balance.credits
                - coalesce((SELECT sum(amount) FROM waiting WHERE debit_id = balance.account_id), 0)
                + coalesce((SELECT sum(amount) FROM waiting WHERE credit_id = balance.account_id), 0)
            ) ORDER BY account_id), '{{}}')
            FROM ledger.balance JOIN whole ON whole.id = balance.account_id)"""  # noqa: S608 - parts of this module
ENTRIES = f"""
    SELECT leaf.position, leaf.txn_id::text, leaf.salt, leaf.hash, leaf.contract_id::text, {HEADER}, {TRANSFER},
        debit.kind, coalesce(debit.owner_id::text, debit.provider, ''), debit.currency,
        credit.kind, coalesce(credit.owner_id::text, credit.provider, ''), credit.currency
    FROM ledger.leaf JOIN ledger.txn ON txn.id = leaf.txn_id JOIN ledger.transfer ON transfer.txn_id = txn.id
    LEFT JOIN ledger.account AS debit ON debit.id = transfer.debit_id
    LEFT JOIN ledger.account AS credit ON credit.id = transfer.credit_id
    WHERE leaf.position = ANY(CAST(:positions AS bigint[])) ORDER BY leaf.position, transfer.n"""  # noqa: S608 - parts
FACTS = 6
"""The last columns of ENTRIES: those of the two accounts."""
NOTES = """
    SELECT DISTINCT point.size, point.note FROM unnest(CAST(:positions AS bigint[])) AS own (position)
    CROSS JOIN LATERAL (
        SELECT size, note FROM ledger.checkpoint WHERE size > own.position ORDER BY size LIMIT 1
    ) AS point
    UNION SELECT size, note FROM ledger.checkpoint WHERE size = ANY(CAST(:sizes AS bigint[]))"""


@dataclass(frozen=True, slots=True)
class FoundReceipt:
    """A transaction of a person with the first checkpoint that covers it; None where it is not sealed yet."""

    position: int | None
    size: int
    root: bytes
    note: str
    published_key: str


@dataclass(frozen=True, slots=True)
class OwnPart:
    """What a person may prove: positions, and the balances of the accounts whose every transfer is among them."""

    positions: Sequence[int]
    balances: dict[str, int]


class PartyRepository:
    """Queries for one person."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def receipt(self, person: UUID, txn: UUID) -> FoundReceipt | None:
        """Return a transaction of this person, or None."""
        row = (await self._session.execute(text(ONE), {"person": person, "txn": txn})).first()
        return None if row is None else FoundReceipt(*row[1:])

    async def any_receipt(self, txn: UUID) -> FoundReceipt | None:
        """Return a transaction of whomever, or None."""
        row = (await self._session.execute(text(ANY), {"txn": txn})).first()
        return None if row is None else FoundReceipt(*row[1:])

    async def own_part(self, person: UUID) -> OwnPart:
        """Return what this person may prove."""
        positions, accounts, balances = (await self._session.execute(text(OWN), {"person": person})).one()
        return OwnPart(positions, {account: int(it) for account, it in zip(accounts, balances, strict=True)})

    async def entries(self, positions: Collection[int]) -> tuple[Sequence[Sequence[Any]], dict[str, AccountFacts]]:
        """Return the rows of the entries at these positions, in their order, and their accounts."""
        found = (await self._session.execute(text(ENTRIES), {"positions": list(positions)})).all()
        accounts: dict[str, AccountFacts] = {}
        rows = [row[:-FACTS] for row in found]
        for row in found:
            debit, credit = row[-FACTS - 4], row[-FACTS - 3]
            for account, facts in ((debit, row[-FACTS:-3]), (credit, row[-3:])):
                if facts[0] is not None:
                    accounts[account] = AccountFacts.of(account, *facts)
        return rows, accounts

    async def notes(self, positions: Collection[int], sizes: Collection[int]) -> dict[int, str]:
        """Return the notes of the first checkpoints that cover these positions, and of those of these sizes."""
        values = {"positions": list(positions), "sizes": list(sizes)}
        return {row[0]: row[1] for row in await self._session.execute(text(NOTES), values)}
