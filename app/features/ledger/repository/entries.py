"""Queries for the ledger."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select, text, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core.database import constraint_of
from app.core.errors import DomainError
from app.core.ids import new_id
from app.core.money import Currency
from app.features.ledger.errors import InsufficientFundsError, LedgerEntryDiffersError
from app.features.ledger.schemas import CHART, Account, Entry
from app.models import LedgerAccount, LedgerTransfer, LedgerTxn

VIOLATIONS: dict[str, type[DomainError]] = {
    "ck_balance_floor": InsufficientFundsError,
    "uq_txn_reverses": LedgerEntryDiffersError,
}
# Each part reads the unique index of accounts; `IS NOT DISTINCT FROM` would read every account of a kind.
_NAMED = """
    wanted AS (
        SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:owners AS uuid[]), CAST(:providers AS text[]))
            WITH ORDINALITY AS named (kind, owner_id, provider, place)
    ),
    found AS (
        SELECT wanted.place, account.id, account.kind
        FROM wanted JOIN ledger.account AS account ON account.kind = wanted.kind
            AND account.currency = :currency AND account.owner_id = wanted.owner_id AND account.provider IS NULL
        UNION ALL
        SELECT wanted.place, account.id, account.kind
        FROM wanted JOIN ledger.account AS account ON account.kind = wanted.kind
            AND account.currency = :currency AND account.owner_id IS NULL AND account.provider = wanted.provider
        UNION ALL
        SELECT wanted.place, account.id, account.kind
        FROM wanted JOIN ledger.account AS account ON account.kind = wanted.kind
            AND account.currency = :currency AND account.owner_id IS NULL AND account.provider IS NULL
        WHERE wanted.owner_id IS NULL AND wanted.provider IS NULL
    )
"""
_IDS = text(f"WITH {_NAMED} SELECT place, id FROM found")  # noqa: S608 - a constant of this module
# The seal stores the sums of every account without a balance row that it has moved, so what is missing there waits to
# be sealed.
_BALANCES = text(f"""
    WITH {_NAMED}
    SELECT found.place, kind.normal_side, sums.debits, sums.credits
    FROM found JOIN ledger.account_kind AS kind ON kind.code = found.kind
    CROSS JOIN LATERAL (
        SELECT balance.debits, balance.credits FROM ledger.balance AS balance
        WHERE kind.has_balance AND balance.account_id = found.id
        UNION ALL
        SELECT sum(part.debits), sum(part.credits)
        FROM (
            (SELECT debits, credits FROM ledger.snapshot WHERE account_id = found.id ORDER BY size DESC LIMIT 1)
            UNION ALL
            SELECT coalesce(sum(amount) FILTER (WHERE debit_id = found.id), 0),
                coalesce(sum(amount) FILTER (WHERE credit_id = found.id), 0)
            FROM ledger.unsealed JOIN ledger.transfer ON transfer.txn_id = unsealed.txn_id
        ) AS part
        WHERE NOT kind.has_balance
        HAVING NOT kind.has_balance
    ) AS sums
""")  # noqa: S608 - a constant of this module
# One statement for headers and transfers: a key that exists already leaves out its transfers. Keys are inserted in
# their order, so that two statements with the same keys wait for each other in one direction only.
_POST = text("""
    WITH given AS (
        SELECT * FROM unnest(
            CAST(:ids AS uuid[]), CAST(:templates AS text[]), CAST(:versions AS bigint[]), CAST(:counts AS bigint[]),
            CAST(:keys AS text[]), CAST(:reverses AS uuid[]), CAST(:contracts AS uuid[]), CAST(:milestones AS uuid[]),
            CAST(:actors AS uuid[]), CAST(:reasons AS text[]), CAST(:moments AS timestamptz[])
        ) AS header (id, template, version, transfers, key, reverses, contract_id, milestone_id, actor_id, reason,
            effective_at)
    ),
    headers AS (
        INSERT INTO ledger.txn (id, template, template_version, transfers, business_key, reverses, contract_id,
            milestone_id, actor_id, reason, effective_at)
        SELECT id, template, version, transfers, key, reverses, contract_id, milestone_id, actor_id, reason,
            effective_at
        FROM given ORDER BY key COLLATE "C"
        ON CONFLICT (business_key) DO NOTHING
        RETURNING id
    )
    INSERT INTO ledger.transfer (txn_id, n, debit_id, credit_id, currency, amount)
    SELECT leg.txn_id, leg.n, leg.debit_id, leg.credit_id, leg.currency, leg.amount
    FROM unnest(
        CAST(:leg_txns AS uuid[]), CAST(:numbers AS bigint[]), CAST(:debits AS uuid[]), CAST(:credits AS uuid[]),
        CAST(:currencies AS text[]), CAST(:amounts AS bigint[])
    ) AS leg (txn_id, n, debit_id, credit_id, currency, amount)
    JOIN headers ON headers.id = leg.txn_id
    RETURNING txn_id
""")
_OPEN = text("""
    INSERT INTO ledger.account (id, kind, currency, owner_kind, owner_id, provider)
    SELECT id, kind, :currency, owner_kind, owner_id, provider
    FROM unnest(
        CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:owner_kinds AS text[]), CAST(:owners AS uuid[]),
        CAST(:providers AS text[])
    ) WITH ORDINALITY AS opened (id, kind, owner_kind, owner_id, provider, place)
    ORDER BY place
    ON CONFLICT ON CONSTRAINT uq_account_kind DO NOTHING
""")
type Header = Mapping[str, Any]
"""What a transaction is recorded with besides its transfers, by the names of `HEADER`."""
HEADER = {
    "key": "keys",
    "reverses": "reverses",
    "contract_id": "contracts",
    "milestone_id": "milestones",
    "actor_id": "actors",
    "reason": "reasons",
    "effective_at": "moments",
}
type TransferRow = Row[LedgerTransfer, LedgerAccount, LedgerAccount]
type ListedRow = Row[LedgerTransfer, LedgerAccount, LedgerAccount, LedgerTxn]
_DEBIT, _CREDIT = aliased(LedgerAccount), aliased(LedgerAccount)
_TRANSFERS = (
    select(LedgerTransfer, _DEBIT, _CREDIT)
    .join(_DEBIT, _DEBIT.id == LedgerTransfer.debit_id)
    .join(_CREDIT, _CREDIT.id == LedgerTransfer.credit_id)
)


class LedgerRepository:
    """Queries for accounts, headers and transfers, which are only added."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def account_ids(self, accounts: Iterable[Account], currency: Currency) -> dict[Account, UUID]:
        """Return the ids of the accounts that are open."""
        asked = list(accounts)
        rows = await self._session.execute(_IDS, _named(asked, currency))
        return {asked[place - 1]: account_id for place, account_id in rows}

    async def open_accounts(self, accounts: Iterable[Account], currency: Currency) -> None:
        """Open accounts, unless somebody else has just opened them; two callers wait for each other in one order."""
        rows = sorted(accounts, key=lambda it: (it.kind, str(it.owner_id), it.provider or ""))
        values = {
            "ids": [new_id() for _account in rows],
            "owner_kinds": [CHART[account.kind].owner.value for account in rows],
        }
        await self._session.execute(_OPEN, _named(rows, currency) | values)

    async def insert(self, rows: Sequence[tuple[UUID, Entry, Header]], ids: Mapping[Account, UUID]) -> set[UUID]:
        """Insert transactions with their transfers; return the ids of those whose business key was new.

        A twin with the same key that is still open is waited for.

        Raises:
            InsufficientFundsError: A balance would be negative; the transaction of the database cannot go on.
            LedgerEntryDiffersError: The original of a reversal was reversed under another key.
        """
        values = _header_columns(rows) | _leg_columns(rows, ids)
        try:
            return set((await self._session.execute(_POST, values)).scalars())
        except IntegrityError as wrong:
            name = constraint_of(wrong)
            if name in VIOLATIONS:
                raise VIOLATIONS[name] from wrong
            raise

    async def headers(self, keys: Sequence[str]) -> dict[str, LedgerTxn]:
        """Return the recorded transactions with these business keys."""
        found = await self._session.execute(select(LedgerTxn).where(LedgerTxn.business_key.in_(keys)))
        return {txn.business_key: txn for txn in found.scalars()}

    async def get(self, txn_id: UUID) -> LedgerTxn | None:
        """Return the header of a transaction."""
        return (await self._session.execute(select(LedgerTxn).where(LedgerTxn.id == txn_id))).scalar_one_or_none()

    async def transfers(self, txn_ids: Iterable[UUID]) -> Sequence[TransferRow]:
        """Return the transfers of transactions with their two accounts, in their order."""
        return (
            await self._session.execute(
                _TRANSFERS.where(LedgerTransfer.txn_id.in_(list(txn_ids))).order_by(
                    LedgerTransfer.txn_id, LedgerTransfer.n
                )
            )
        ).all()

    async def balances(self, accounts: Sequence[Account], currency: Currency) -> dict[Account, int]:
        """Return the balances of the accounts that are open, each in its normal direction."""
        rows = await self._session.execute(_BALANCES, _named(accounts, currency))
        return {
            accounts[place - 1]: int(debits - credits_ if side == "debit" else credits_ - debits)
            for place, side, debits, credits_ in rows
        }

    async def list_transfers(
        self, account_ids: Sequence[UUID], after: tuple[UUID, int] | None, limit: int
    ) -> Sequence[ListedRow]:
        """Return transfers of accounts with their headers, newest first; each side is read from its own index."""
        places = tuple_(LedgerTransfer.txn_id, LedgerTransfer.n)
        sides = [
            select(LedgerTransfer.txn_id, LedgerTransfer.n)
            .where(column == account_id, *([places < tuple_(*after)] if after else []))
            .order_by(LedgerTransfer.txn_id.desc(), LedgerTransfer.n.desc())
            .limit(limit)
            for account_id in account_ids
            for column in (LedgerTransfer.debit_id, LedgerTransfer.credit_id)
        ]
        found = sides[0].union(*sides[1:]).subquery()
        statement = (
            select(LedgerTransfer, _DEBIT, _CREDIT, LedgerTxn)
            .join(_DEBIT, _DEBIT.id == LedgerTransfer.debit_id)
            .join(_CREDIT, _CREDIT.id == LedgerTransfer.credit_id)
            .join(found, and_(found.c.txn_id == LedgerTransfer.txn_id, found.c.n == LedgerTransfer.n))
            .join(LedgerTxn, LedgerTxn.id == LedgerTransfer.txn_id)
            .order_by(LedgerTransfer.txn_id.desc(), LedgerTransfer.n.desc())
            .limit(limit)
        )
        return (await self._session.execute(statement)).all()


def _named(accounts: Sequence[Account], currency: Currency) -> dict[str, Any]:
    return {
        "currency": currency.value,
        "kinds": [account.kind.value for account in accounts],
        "owners": [account.owner_id for account in accounts],
        "providers": [account.provider for account in accounts],
    }


def _header_columns(rows: Sequence[tuple[UUID, Entry, Header]]) -> dict[str, Any]:
    return {
        "ids": [txn_id for txn_id, _, _ in rows],
        "templates": [entry.template.value for _, entry, _ in rows],
        "versions": [entry.version for _, entry, _ in rows],
        "counts": [len(entry.legs) for _, entry, _ in rows],
        **{column: [header.get(name) for _, _, header in rows] for name, column in HEADER.items()},
    }


def _leg_columns(rows: Sequence[tuple[UUID, Entry, Header]], ids: Mapping[Account, UUID]) -> dict[str, Any]:
    legs = [(txn_id, entry, number, leg) for txn_id, entry, _ in rows for number, leg in enumerate(entry.legs, 1)]
    return {
        "leg_txns": [txn_id for txn_id, _, _, _ in legs],
        "numbers": [number for _, _, number, _ in legs],
        "debits": [ids[leg.debit] for _, _, _, leg in legs],
        "credits": [ids[leg.credit] for _, _, _, leg in legs],
        "currencies": [entry.currency.value for _, entry, _, _ in legs],
        "amounts": [leg.amount for _, _, _, leg in legs],
    }
