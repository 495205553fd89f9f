"""Queries for statements: the accounts with money of one person, their balances and transactions in a period."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.transparency.schemas import Balances, Frame, MoneyState, OwnAccount, OwnLeg, OwnTxn, Period
from app.models import TxnTemplate

# The fee hold of a milestone is the client's alone; a fee on its escrow is the freelancer's.
FRAME = """
    WITH own AS MATERIALIZED (
        SELECT account.id, CASE account.kind WHEN 'wallet' THEN 'available' ELSE 'maturing' END AS state,
            true AS bears_fees, CAST(NULL AS uuid) AS contract_id, CAST(NULL AS uuid) AS milestone_id
        FROM ledger.account
        WHERE account.kind IN ('wallet', 'maturing') AND account.currency = :currency AND account.owner_id = :person
        UNION ALL
        SELECT account.id, CASE WHEN contracts.customer_id = :person THEN 'paid_in' ELSE 'held' END,
            (account.kind = 'fee_hold') = (contracts.customer_id = :person), contracts.id, milestones.id
        FROM contracts JOIN milestones ON milestones.contract_id = contracts.id
        JOIN ledger.account ON account.kind IN ('escrow', 'fee_hold') AND account.currency = :currency
            AND account.owner_id = milestones.id
        WHERE contracts.customer_id = :person OR (contracts.freelancer_id = :person AND account.kind = 'escrow')
        UNION ALL
        SELECT account.id, 'moving', true, NULL, NULL
        FROM payouts JOIN ledger.account ON account.kind = 'payout_transit' AND account.currency = :currency
            AND account.owner_id = payouts.id
        WHERE payouts.user_id = :person
        UNION ALL
        SELECT account.id, 'moving', true, NULL, NULL
        FROM card_refunds JOIN ledger.account ON account.kind = 'refund_transit' AND account.currency = :currency
            AND account.owner_id = card_refunds.id
        WHERE card_refunds.user_id = :person
    ), moved AS MATERIALIZED (
        SELECT own.id, side.txn_id, side.amount, txn.effective_at
        FROM own CROSS JOIN LATERAL (
            SELECT txn_id, -amount AS amount FROM ledger.transfer WHERE debit_id = own.id
            UNION ALL SELECT txn_id, amount FROM ledger.transfer WHERE credit_id = own.id
        ) AS side JOIN ledger.txn ON txn.id = side.txn_id
        WHERE txn.effective_at < :until
    ), sums AS MATERIALIZED (
        SELECT own.state, own.contract_id, own.milestone_id,
            coalesce(sum(moved.amount) FILTER (WHERE moved.effective_at < :since), 0) AS opening,
            coalesce(sum(moved.amount), 0) AS closing
        FROM own JOIN moved ON moved.id = own.id GROUP BY own.state, own.contract_id, own.milestone_id
    ), reviewed AS MATERIALIZED (
        SELECT sums.opening, sums.closing,
            since.state = 'submitted' AS was_reviewed, until.state = 'submitted' AS is_reviewed
        FROM sums
        LEFT JOIN LATERAL (
            SELECT state FROM deal_entries WHERE contract_id = sums.contract_id AND milestone_id = sums.milestone_id
                AND happened_at < :since ORDER BY id DESC LIMIT 1
        ) AS since ON true
        LEFT JOIN LATERAL (
            SELECT state FROM deal_entries WHERE contract_id = sums.contract_id AND milestone_id = sums.milestone_id
                AND happened_at < :until ORDER BY id DESC LIMIT 1
        ) AS until ON true
        WHERE sums.milestone_id IS NOT NULL
    ), states AS (
        SELECT state, sum(opening) AS opening, sum(closing) AS closing FROM sums GROUP BY state
    ), listed AS (
        SELECT txn_id, row_number() OVER (ORDER BY leaf.position, unsealed.position) AS place
        FROM (SELECT DISTINCT txn_id FROM moved WHERE effective_at >= :since) AS found
        LEFT JOIN ledger.leaf USING (txn_id) LEFT JOIN ledger.unsealed USING (txn_id)
        ORDER BY place LIMIT :most
    )
    SELECT
        (SELECT coalesce(array_agg(id::text ORDER BY id), '{}') FROM own),
        (SELECT coalesce(array_agg(state ORDER BY id), '{}') FROM own),
        (SELECT coalesce(array_agg(bears_fees ORDER BY id), '{}') FROM own),
        (SELECT coalesce(array_agg(state ORDER BY state), '{}') FROM states),
        (SELECT coalesce(array_agg(opening ORDER BY state), '{}') FROM states),
        (SELECT coalesce(array_agg(closing ORDER BY state), '{}') FROM states),
        (SELECT coalesce(sum(opening) FILTER (WHERE was_reviewed), 0) FROM reviewed),
        (SELECT coalesce(sum(closing) FILTER (WHERE is_reviewed), 0) FROM reviewed),
        (SELECT coalesce(array_agg(txn_id ORDER BY place), '{}') FROM listed)"""
TXNS = """
    SELECT txn.id::text, txn.template, coalesce(txn.contract_id::text, ''), coalesce(txn.milestone_id::text, ''),
        coalesce(milestones.title, ''), txn.effective_at, transfer.debit_id::text, debit.kind,
        transfer.credit_id::text, credit.kind, transfer.amount
    FROM unnest(CAST(:txns AS uuid[])) WITH ORDINALITY AS wanted (id, place)
    JOIN ledger.txn ON txn.id = wanted.id JOIN ledger.transfer ON transfer.txn_id = txn.id
    JOIN ledger.account AS debit ON debit.id = transfer.debit_id
    JOIN ledger.account AS credit ON credit.id = transfer.credit_id
    LEFT JOIN milestones ON milestones.id = txn.milestone_id
    ORDER BY wanted.place, transfer.n"""
HEADER_FIELDS = 6


class StatementRepository:
    """Queries for the statements of one person."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def frame(self, person: UUID, period: Period, most: int) -> Frame:
        """Return what a statement begins and ends with, and at most so many of its transactions; one query."""
        values: dict[str, Any] = {
            "person": person,
            "currency": period.currency.value,
            "since": period.start,
            "until": period.end,
            "most": most,
        }
        row = (await self._session.execute(text(FRAME), values)).one()
        ids, states, bearing, kinds, opening, closing, opening_review, closing_review, txns = row
        accounts = {
            key: OwnAccount(MoneyState(state), bears) for key, state, bears in zip(ids, states, bearing, strict=True)
        }
        return Frame(
            accounts,
            _balances(kinds, opening, opening_review),
            _balances(kinds, closing, closing_review),
            txns,
        )

    async def transactions(self, txns: Sequence[UUID]) -> list[OwnTxn]:
        """Return these transactions with all their transfers, in this order."""
        rows = (await self._session.execute(text(TXNS), {"txns": list(txns)})).all()
        found: list[OwnTxn] = []
        for header, group in groupby(rows, key=lambda row: tuple(row[:HEADER_FIELDS])):
            txn, template, contract, milestone, title, at = header
            legs = tuple(OwnLeg(*row[HEADER_FIELDS:]) for row in group)
            found.append(OwnTxn(txn, TxnTemplate(template), contract, milestone, title, at, legs))
        return found


def _balances(states: Sequence[str], amounts: Sequence[Any], in_review: int | Decimal) -> Balances:
    found = {MoneyState(state): int(amount) for state, amount in zip(states, amounts, strict=True)}
    return Balances({state: found.get(state, 0) for state in MoneyState}, int(in_review))
