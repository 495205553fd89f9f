"""Comparing the provider's statement with our operations and with the ledger; each difference is a case."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.clock import utc_now
from app.core.money import Currency, Money
from app.core.payment_port import OperationKind, Statement, StatementLine
from app.core.unit_of_work import UnitOfWork
from app.features.ledger import service as ledger
from app.features.payments.errors import CaseNotFoundError, OwnMoneyError
from app.features.payments.events import PaymentReceived
from app.features.payments.repository import CaseRepository, OperationRepository, PaymentRepository
from app.features.payments.rules import FINISHED, OPERATION_MACHINE, PAYMENT_MACHINE, STUCK_AFTER, WALLET, MoneyEvent
from app.features.payments.service import settlement
from app.models import (
    AccountKind,
    CaseKind,
    OperationState,
    Payment,
    PaymentState,
    PayoutState,
    ProviderOperation,
    ReconciliationCase,
    ReconciliationRun,
)

SETTLING = timedelta(minutes=10)
"""What ended so near an edge of the period may be on the other side of it at the provider."""
RETURNED = "payout_returned"
SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one comparison found."""

    lines: int
    matched: int
    woken: int
    """Operations that the provider has finished and that are read again now."""
    opened: int
    """New cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckMoney:
    """Money that does not move by itself: its kind, how much, since when, and what happens next."""

    kind: str
    reference: str
    money: Money
    since: datetime
    state: str
    next_at: datetime | None = None
    case_id: UUID | None = None


async def compare(
    uow: UnitOfWork, provider: str, statement: Statement, since: datetime, asked_at: datetime
) -> Comparison:
    """Compare a statement up to a moment with the operations of a provider, line by line, and both balances."""
    currency = statement.closing.currency
    operations, repository = OperationRepository(uow.session), CaseRepository(uow.session)
    lines = await _compare_lines(uow, provider, statement)
    woken = await operations.wake(lines.finished, utc_now())
    recent = await operations.done_between(provider, currency, since)
    cases = [*lines.cases, *await _lost_cases(uow, provider, _missing(statement, recent, since, asked_at))]
    ours, theirs = await _clearing(uow, provider, currency), statement.closing.amount
    if not (cases or _moved_since(recent, asked_at)):
        cases += _balance_cases(provider, currency, ours, theirs, lines.unread)
    opened = sum([await repository.open(case) for case in cases])
    repository.keep_run(
        ReconciliationRun(
            provider=provider,
            currency=currency,
            lines=len(statement.lines),
            matched=lines.matched,
            opened=opened,
            ours=ours,
            theirs=theirs,
            compared_at=asked_at,
        )
    )
    return Comparison(lines=len(statement.lines), matched=lines.matched, woken=woken, opened=opened)


@dataclass(slots=True)
class _Lines:
    """What the lines of a statement say: differences, and what the provider has finished and we have not."""

    cases: list[ReconciliationCase] = field(default_factory=list)
    finished: set[tuple[str, str]] = field(default_factory=set)
    matched: int = 0
    unread: int = 0
    """How much of the provider's balance is not recorded yet, in minor units."""


async def _compare_lines(uow: UnitOfWork, provider: str, statement: Statement) -> _Lines:
    known = await OperationRepository(uow.session).by_reference(provider, [line.reference for line in statement.lines])
    result = _Lines()
    for (reference, kind), lines in _by_reference(statement.lines).items():
        case, reread = await _compare_line(uow, provider, known.get(reference), kind, lines)
        result.matched += case is None and not reread
        if case is not None:
            result.cases.append(case)
        if reread:
            result.finished.add((provider, reference))
            result.unread += sum(line.money.amount for line in lines)
    return result


async def _lost_cases(uow: UnitOfWork, provider: str, absent: Sequence[ProviderOperation]) -> list[ReconciliationCase]:
    """Return the cases of operations that the statement does not have, not even in another currency."""
    repository = CaseRepository(uow.session)
    elsewhere = await repository.in_other_currencies(provider, [each.reference for each in absent])
    return [_lost(provider, each) for each in absent if each.reference not in elsewhere]


async def _compare_line(
    uow: UnitOfWork, provider: str, operation: ProviderOperation | None, kind: str, lines: Sequence[StatementLine]
) -> tuple[ReconciliationCase | None, bool]:
    """Return the case of a movement, if it differs, and whether its operation must be read again."""
    difference = await _difference(uow, operation, kind, lines)
    case = _case(provider, difference, lines[0], operation) if difference is not None else None
    return case, operation is not None and await _is_unread(uow, operation, kind)


def _by_reference(lines: Sequence[StatementLine]) -> dict[tuple[str, str], list[StatementLine]]:
    found: dict[tuple[str, str], list[StatementLine]] = defaultdict(list)
    for line in lines:
        found[line.reference, line.kind].append(line)
    return found


def _moved_since(recent: Sequence[ProviderOperation], asked_at: datetime) -> bool:
    """Tell whether the ledger may hold what the statement could not have yet."""
    return any(each.finished_at is not None and each.finished_at >= asked_at for each in recent)


def _missing(
    statement: Statement,
    recent: Sequence[ProviderOperation],
    since: datetime,
    asked_at: datetime,
) -> list[ProviderOperation]:
    """Return the operations that we have recorded as done and that the statement does not have."""
    listed = {(line.reference, line.kind) for line in statement.lines}
    return [
        operation
        for operation in recent
        if operation.state is OperationState.DONE
        and operation.finished_at is not None
        and since + SETTLING < operation.finished_at < asked_at - SETTLING
        and (operation.reference, operation.kind.value) not in listed
    ]


async def _clearing(uow: UnitOfWork, provider: str, currency: Currency) -> int:
    """Return what the provider must hold for us, as the ledger says."""
    return await ledger.balance(uow.session, ledger.Account(AccountKind.PROVIDER_CLEARING, provider=provider), currency)


def _balance_cases(provider: str, currency: Currency, ours: int, theirs: int, unread: int) -> list[ReconciliationCase]:
    return [] if ours + unread == theirs else [_balances_differ(provider, currency, ours, theirs)]


async def latest_runs(session: AsyncSession) -> Sequence[ReconciliationRun]:
    """Return the last comparison with each provider in each currency."""
    return await CaseRepository(session).latest_runs()


async def _is_unread(uow: UnitOfWork, operation: ProviderOperation, kind: str) -> bool:
    """Tell whether the provider has finished what we have not: reading it again records it."""
    if kind == RETURNED:
        payout = await PaymentRepository(uow.session).payout(operation.subject_id)
        return payout is not None and payout.state is not PayoutState.RETURNED
    return operation.state is not OperationState.DONE


async def _difference(
    uow: UnitOfWork, operation: ProviderOperation | None, kind: str, lines: Sequence[StatementLine]
) -> CaseKind | None:
    if operation is None:
        return CaseKind.AT_PROVIDER_ONLY
    if len(lines) > 1:
        return CaseKind.TWICE
    incoming = kind in {OperationKind.PAYMENT, RETURNED}
    expected = operation.amount if incoming else -operation.amount
    if lines[0].money == Money(expected, operation.currency):
        return None
    if operation.kind is OperationKind.PAYMENT and operation.state in FINISHED:
        payment = await PaymentRepository(uow.session).payment(operation.subject_id)
        if payment is not None and payment.state in {PaymentState.QUESTIONED, PaymentState.CREDITED}:
            return None  # it has its case, and the ledger holds what arrived
    return CaseKind.AMOUNT_DIFFERS


def _case(
    provider: str, kind: CaseKind, line: StatementLine, operation: ProviderOperation | None
) -> ReconciliationCase:
    return ReconciliationCase(
        provider=provider,
        kind=kind,
        reference=line.reference or line.object_id,
        outgoing=line.money.amount < 0,
        currency=line.money.currency,
        expected=operation.amount if operation and operation.currency is line.money.currency else None,
        found=abs(line.money.amount),
        note="",
        opened_at=utc_now(),
    )


def _lost(provider: str, operation: ProviderOperation) -> ReconciliationCase:
    return ReconciliationCase(
        provider=provider,
        kind=CaseKind.IN_LEDGER_ONLY,
        reference=operation.reference,
        outgoing=operation.kind is not OperationKind.PAYMENT,
        currency=operation.currency,
        expected=operation.amount,
        found=None,
        note="",
        opened_at=utc_now(),
    )


def _balances_differ(provider: str, currency: Currency, ours: int, theirs: int) -> ReconciliationCase:
    return ReconciliationCase(
        provider=provider,
        kind=CaseKind.BALANCE_DIFFERS,
        reference=f"balance:{currency.lower()}",
        outgoing=theirs < ours,
        currency=currency,
        expected=ours,
        found=theirs,
        note="",
        opened_at=utc_now(),
    )


async def list_stuck(session: AsyncSession) -> list[StuckMoney]:
    """Return the money that does not move by itself: old operations and open cases, the oldest first."""
    now = utc_now()
    older_than = {kind: now - age for kind, age in STUCK_AFTER.items()}
    found = [
        StuckMoney(
            kind=operation.kind.value,
            reference=operation.reference,
            money=Money(operation.amount, operation.currency),
            since=operation.created_at,
            state=operation.state.value,
            next_at=operation.next_at,
        )
        for operation in await OperationRepository(session).unfinished(older_than, SHOWN)
    ]
    found += [
        StuckMoney(
            kind="case",
            reference=case.reference,
            money=Money(case.found if case.found is not None else case.expected or 0, case.currency),
            since=case.opened_at,
            state=case.kind.value,
            case_id=case.id,
        )
        for case in await CaseRepository(session).open_cases(SHOWN)
    ]
    return sorted(found, key=lambda each: each.since)


async def stuck_sums(session: AsyncSession) -> list[tuple[int, dict[str, str]]]:
    """Return how much is stuck in minor units, each sum with its kind and currency, for the metric."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for each in await list_stuck(session):
        sums[each.kind, each.money.currency.value] += each.money.amount
    return [(amount, {"kind": kind, "currency": currency}) for (kind, currency), amount in sums.items()]


async def close_case(uow: UnitOfWork, actor: Actor, case_id: UUID, note: str) -> None:
    """Close a case with what was found; another amount that arrived goes to the wallet of its payer.

    Raises:
        CaseNotFoundError: There is no such open case.
        OwnMoneyError: It is about a payment, refund or withdrawal of the actor.
    """
    case = await CaseRepository(uow.session).lock(case_id)
    if case is None:
        raise CaseNotFoundError
    known = await OperationRepository(uow.session).by_reference(case.provider, [case.reference])
    operation = known.get(case.reference)
    case.closed_at, case.closed_by, case.note = utc_now(), actor.username, note
    if operation is not None:
        subject = await settlement.lock_subject(uow, operation.kind, operation.subject_id)
        if subject.user_id == actor.id:
            raise OwnMoneyError
        if case.kind is CaseKind.AMOUNT_DIFFERS and case.found:
            await _adopt(uow, actor, operation, subject, Money(case.found, case.currency))
    record_audit(
        uow.session,
        actor,
        "reconciliation_case.close",
        case.id,
        old={"kind": case.kind.value, "reference": case.reference},
        new={"expected": case.expected, "found": case.found},
        reason=note,
    )


async def _adopt(
    uow: UnitOfWork, actor: Actor, operation: ProviderOperation, subject: settlement.Subject, money: Money
) -> None:
    """Record another amount than was asked for as what has happened.

    What has left in another currency stays with a person: nothing tells how much of the own currency that was.
    """
    if isinstance(subject, Payment):
        await _credit(uow, actor, subject, money)
        return
    if money.currency is not operation.currency:
        return
    locked = await OperationRepository(uow.session).lock(operation.id)
    if locked.state is not OperationState.NEEDS_PERSON:
        return
    now = utc_now()
    await settlement.adopt(uow, subject, money.amount, now)
    locked.state = OPERATION_MACHINE.target(locked.state, MoneyEvent.FINISH) or locked.state
    locked.code, locked.finished_at = "", now
    settlement.plan_rereading(locked, now)


async def _credit(uow: UnitOfWork, actor: Actor, payment: Payment, money: Money) -> None:
    if payment.state is not PaymentState.QUESTIONED:
        return
    payment.state = PAYMENT_MACHINE.target(payment.state, MoneyEvent.CREDIT) or payment.state
    entry = ledger.templates.receipt_identified(provider=payment.provider, customer_id=payment.user_id, amount=money)
    operator = None if actor.is_system else actor.id
    await ledger.post(uow, entry, key=f"receipt-identified:{payment.id}", effective_at=utc_now(), actor_id=operator)
    uow.emit(
        PaymentReceived(
            payment_id=str(payment.id),
            user_id=str(payment.user_id),
            amount=money.amount,
            currency=money.currency.value,
            purpose=payment.purpose,
            late=payment.purpose != WALLET,
        )
    )
