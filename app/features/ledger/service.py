"""Use cases of the ledger: record what moved, and tell what accounts hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.money import Currency
from app.core.pagination import DEFAULT_LIMIT, Slice, decode_cursor, encode_cursor
from app.core.unit_of_work import UnitOfWork
from app.features.ledger.errors import LedgerEntryDiffersError, TransactionNotFoundError
from app.features.ledger.repository import LedgerCheckRepository, LedgerRepository, TransferRow
from app.features.ledger.rules import templates
from app.features.ledger.rules.checks import CheckReport, CheckResult, Finding, LedgerCheck, reversal_errors
from app.features.ledger.rules.shapes import RULES, TemplateRules
from app.features.ledger.rules.words import event_text
from app.features.ledger.schemas import (
    CHART,
    Account,
    Entry,
    KindRules,
    Leg,
    OwnerKind,
    Side,
    TransferRead,
    effect,
)
from app.models import AccountKind, LedgerAccount, LedgerCheckRun, LedgerTransfer, LedgerTxn

__all__ = [
    "CHART",
    "RULES",
    "Account",
    "CheckReport",
    "CheckResult",
    "Entry",
    "Finding",
    "KindRules",
    "Leg",
    "OwnerKind",
    "Posted",
    "Posting",
    "Side",
    "TemplateRules",
    "balance",
    "balances",
    "check",
    "event_text",
    "find",
    "keep_check",
    "latest_check",
    "list_transfers",
    "post",
    "post_all",
    "read_transfers",
    "reverse",
    "templates",
]

KEEP_CHECKS = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """An entry to record, with the name of the event in the business and what it belongs to."""

    entry: Entry
    key: str
    """Names the event for ever, such as `release:<milestone>:1`."""
    effective_at: datetime
    contract_id: UUID | None = None
    milestone_id: UUID | None = None
    """Where it is not given: the milestone whose escrow the entry moves."""
    actor_id: UUID | None = None
    reason: str | None = None
    """A code of small letters, digits and underscores; never a text of a person."""
    reverses: UUID | None = None

    def header(self) -> Mapping[str, Any]:
        """Return what the header of the transaction holds."""
        return {
            "key": self.key,
            "reverses": self.reverses,
            "contract_id": self.contract_id,
            "milestone_id": self.milestone_id or self.entry.milestone_id,
            "actor_id": self.actor_id,
            "reason": self.reason,
            "effective_at": self.effective_at,
        }


@dataclass(frozen=True, slots=True)
class Posted:
    """A recorded transaction, and whether this call has recorded it."""

    txn_id: UUID
    is_new: bool


async def post(  # noqa: PLR0913 - what a transaction is recorded with, all by name
    uow: UnitOfWork,
    entry: Entry,
    *,
    key: str,
    effective_at: datetime,
    contract_id: UUID | None = None,
    milestone_id: UUID | None = None,
    actor_id: UUID | None = None,
    reason: str | None = None,
) -> Posted:
    """Record an entry under its business key; the same entry under the same key is recorded once.

    Raises:
        LedgerEntryDiffersError: Another entry has this key.
        InsufficientFundsError: An account holds less than would be taken from it. The unit of work must be given up.
    """
    posting = Posting(
        entry=entry,
        key=key,
        effective_at=effective_at,
        contract_id=contract_id,
        milestone_id=milestone_id,
        actor_id=actor_id,
        reason=reason,
    )
    return (await post_all(uow, [posting]))[0]


async def post_all(uow: UnitOfWork, postings: Sequence[Posting]) -> list[Posted]:
    """Record several entries of one currency in one statement, all or none, in the order of the log as given.

    Raises:
        LedgerEntryDiffersError: A key has another entry.
        InsufficientFundsError: An account holds less than would be taken from it. The unit of work must be given up.
        ValueError: Two have the same key, the currencies differ, an account is given to after it was taken from, or an
            operator's entry names no actor and reason.
    """
    if not postings:
        return []
    _check(postings)
    repository = LedgerRepository(uow.session)
    ids = await _open(repository, postings)
    rows = [(new_id(), posting.entry, posting.header()) for posting in postings]
    new = await repository.insert(rows, ids)
    repeated = [posting for (txn_id, _, _), posting in zip(rows, postings, strict=True) if txn_id not in new]
    earlier = await _earlier(repository, repeated) if repeated else {}
    return [
        Posted(txn_id, is_new=True) if txn_id in new else Posted(earlier[posting.key], is_new=False)
        for (txn_id, _, _), posting in zip(rows, postings, strict=True)
    ]


async def reverse(
    uow: UnitOfWork, txn_id: UUID, *, key: str, actor_id: UUID, reason: str, effective_at: datetime
) -> Posted:
    """Mirror a transaction, once. The caller has checked that two persons agreed.

    Raises:
        TransactionNotFoundError: There is none, or it is a reversal itself.
        LedgerEntryDiffersError: Another entry has this key, or the transaction was reversed under another key.
        InsufficientFundsError: What it moved was moved on.
    """
    repository = LedgerRepository(uow.session)
    original = await repository.get(txn_id)
    if original is None or original.reverses is not None:
        raise TransactionNotFoundError
    legs = await repository.transfers([txn_id])
    currency = Currency(legs[0][0].currency)
    entry = templates.reversal(Entry(original.template, original.template_version, currency, _legs(legs)))
    posting = Posting(
        entry=entry,
        key=key,
        effective_at=effective_at,
        contract_id=original.contract_id,
        milestone_id=original.milestone_id,
        actor_id=actor_id,
        reason=reason,
        reverses=txn_id,
    )
    return (await post_all(uow, [posting]))[0]


async def balance(session: AsyncSession, account: Account, currency: Currency) -> int:
    """Return what an account holds, in its normal direction; an account that was never used holds nothing."""
    return (await balances(session, [account], currency))[account]


async def balances(session: AsyncSession, accounts: Sequence[Account], currency: Currency) -> dict[Account, int]:
    """Return what accounts hold in one currency."""
    found = await LedgerRepository(session).balances(accounts, currency) if accounts else {}
    return {account: found.get(account, 0) for account in accounts}


async def find(session: AsyncSession, key: str) -> LedgerTxn | None:
    """Return the transaction that was recorded under a business key."""
    return (await LedgerRepository(session).headers([key])).get(key)


async def list_transfers(
    session: AsyncSession,
    accounts: Sequence[Account],
    currency: Currency,
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Slice[TransferRead]:
    """Return the transfers of accounts, newest first.

    Raises:
        BadCursorError: The cursor is not of such a list.
    """
    after = decode_cursor(cursor, UUID, int) if cursor else None
    repository = LedgerRepository(session)
    ids = list((await repository.account_ids(accounts, currency)).values())
    if not ids:
        return Slice([], None)
    rows = await repository.list_transfers(ids, after, limit + 1)
    items = [_read(*row) for row in rows[:limit]]
    more = len(rows) > limit
    return Slice(items, encode_cursor(items[-1].txn_id, items[-1].number) if more else None)


async def check(session: AsyncSession) -> CheckReport:
    """Replay the whole ledger in the order of its log, and compare it with the balances and the templates.

    Every transaction is read once and forgotten; only the sums of accounts are kept.
    """
    repository, replayed = LedgerCheckRepository(session), LedgerCheck()
    async for txn, legs in repository.replay():
        replayed.replay(txn, legs)
    async for account, kept in repository.accounts():
        sums, side = (None, None) if kept is None else ((kept.debits, kept.credits), (kept.normal_side, kept.has_floor))
        replayed.compare(account, sums, side)
    for finding in reversal_errors(await repository.wrong_reversals()):
        replayed.add(finding)
    return replayed.finish(await repository.recorded(), await repository.without_place())


async def keep_check(uow: UnitOfWork, report: CheckReport) -> None:
    """Keep the result of a check for the operator; old results are deleted."""
    repository = LedgerCheckRepository(uow.session)
    findings = [{"invariant": it.invariant, "row": it.row, "said": it.said} for it in report.findings]
    repository.keep(
        LedgerCheckRun(
            result=report.result,
            transactions=report.transactions,
            transfers=report.transfers,
            findings=findings,
        )
    )
    await repository.prune(utc_now() - KEEP_CHECKS)


async def latest_check(session: AsyncSession) -> LedgerCheckRun | None:
    """Return the result of the last check that was kept."""
    return await LedgerCheckRepository(session).latest()


async def read_transfers(session: AsyncSession, txn_id: UUID) -> list[TransferRead]:
    """Return the transfers of a transaction in their order; none where there is no such transaction."""
    repository = LedgerRepository(session)
    header = await repository.get(txn_id)
    if header is None:
        return []
    return [_read(transfer, debit, credit, header) for transfer, debit, credit in await repository.transfers([txn_id])]


def _check(postings: Sequence[Posting]) -> None:
    if len({posting.key for posting in postings}) != len(postings):
        raise ValueError("two postings have the same key")
    if len({posting.entry.currency for posting in postings}) != 1:
        raise ValueError("the postings are in several currencies")
    for posting in postings:
        if RULES[posting.entry.template].by_operator and (posting.actor_id is None or posting.reason is None):
            raise ValueError(f"an entry {posting.entry.template} names its operator and a reason")
    _check_order(postings)


def _check_order(postings: Sequence[Posting]) -> None:
    """Refuse an order in which a balance might be negative in between: the database looks at the end alone.

    Raises:
        ValueError: An account is given to after it was taken from.
    """
    taken: set[Account] = set()
    for posting in postings:
        for account, amount in effect(posting.entry.legs).items():
            if amount > 0 and account in taken:
                raise ValueError(f"an account of kind {account.kind} is given to after it was taken from")
            if amount < 0 and CHART[account.kind].has_balance:
                taken.add(account)


async def _open(repository: LedgerRepository, postings: Sequence[Posting]) -> dict[Account, UUID]:
    """Return the ids of all accounts of the postings; those that are missing are opened."""
    currency = postings[0].entry.currency
    accounts = {account for posting in postings for account in posting.entry.accounts}
    ids = await repository.account_ids(accounts, currency)
    if missing := accounts - ids.keys():
        await repository.open_accounts(missing, currency)
        ids |= await repository.account_ids(missing, currency)
    return ids


async def _earlier(repository: LedgerRepository, repeated: Sequence[Posting]) -> dict[str, UUID]:
    """Return the transactions that have the keys of these postings.

    Raises:
        LedgerEntryDiffersError: One of them is of other contents.
    """
    headers = await repository.headers([posting.key for posting in repeated])
    rows: dict[UUID, list[TransferRow]] = {}
    for row in await repository.transfers(header.id for header in headers.values()):
        rows.setdefault(row[0].txn_id, []).append(row)
    for posting in repeated:
        header = headers[posting.key]
        stored, entry = rows[header.id], posting.entry
        same_header = (header.template, header.template_version, header.reverses, header.contract_id) == (
            entry.template,
            entry.version,
            posting.reverses,
            posting.contract_id,
        )
        same_currency = stored[0][0].currency == entry.currency.value
        if not (same_header and same_currency and _legs(stored) == entry.legs):
            raise LedgerEntryDiffersError
    return {key: header.id for key, header in headers.items()}


def _account(row: LedgerAccount) -> Account:
    return Account(AccountKind(row.kind), row.owner_id, row.provider)


def _legs(rows: Sequence[TransferRow]) -> tuple[Leg, ...]:
    return tuple(Leg(_account(debit), _account(credit), transfer.amount) for transfer, debit, credit in rows)


def _read(transfer: LedgerTransfer, debit: LedgerAccount, credit: LedgerAccount, txn: LedgerTxn) -> TransferRead:
    return TransferRead(
        txn_id=txn.id,
        number=transfer.n,
        template=txn.template,
        template_version=txn.template_version,
        reverses=txn.reverses,
        key=txn.business_key,
        contract_id=txn.contract_id,
        milestone_id=txn.milestone_id,
        actor_id=txn.actor_id,
        reason=txn.reason,
        effective_at=txn.effective_at,
        recorded_at=txn.recorded_at,
        debit=_account(debit),
        credit=_account(credit),
        currency=Currency(transfer.currency),
        amount=transfer.amount,
    )
