"""One call to the provider: claim and commit, call without a transaction, record the answer in one transaction."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from app.core.clock import utc_now
from app.core.money import Money
from app.core.payment_port import (
    Busy,
    Done,
    FoundOperations,
    Operation,
    OperationKind,
    Outcome,
    PayoutKind,
    Pending,
    Refused,
    Unknown,
)
from app.core.security.encryption import UndecryptableError, load_ciphers
from app.core.unit_of_work import UnitOfWork
from app.features.payments.repository import CaseRepository, OperationRepository, PaymentRepository
from app.features.payments.rules import (
    ABSENT_AFTER,
    CLAIM_SECONDS,
    FINISHED,
    OPERATION_MACHINE,
    PERSON_AFTER,
    MoneyEvent,
    may_send,
    pause_after,
)
from app.features.payments.service import settlement
from app.features.payments.service.intents import KEYS, Destination
from app.features.payments.service.purposes import lock_purpose, purpose_titles
from app.models import OperationState, Payment, Payout, ProviderOperation

UNREADABLE = "destination_unreadable"
SITE = "ipLance"
"""How the payer and the bank of a withdrawal read who moves the money."""
MAX_DESCRIPTION = 128
"""What providers take."""


class Question(StrEnum):
    """What the provider is asked."""

    SEND = "send"
    READ = "read"
    FIND = "find"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One claimed operation: all that the call needs, so that no transaction is open during it."""

    operation_id: UUID
    claim: int
    question: Question
    kind: OperationKind
    subject_id: UUID
    provider_id: str
    reference: str
    money: Money
    repeated: bool
    created_at: datetime
    purpose: str = ""
    purpose_id: UUID | None = None
    description: str = ""
    """For a payment: what the payer reads at the provider; the same whenever the call is repeated."""
    destination: Destination | None = None
    payout_kind: PayoutKind | None = None
    payment_provider_id: str = ""
    """For a refund: the payment at the provider."""


async def claim_due(uow: UnitOfWork, key_hours: int) -> Call | None:
    """Claim the operation that has been due for longest; None if nothing is due."""
    frozen = await CaseRepository(uow.session).frozen_providers()
    operation = await OperationRepository(uow.session).take_due(utc_now(), frozen=frozen)
    return await _claimed(uow, operation, key_hours) if operation is not None else None


async def claim(uow: UnitOfWork, subject_id: UUID, key_hours: int) -> Call | None:
    """Claim the operation of one payment, withdrawal or refund.

    Returns:
        None while somebody else looks at it, or while the withdrawal waits for an approval.
    """
    operation = await OperationRepository(uow.session).take(subject_id)
    if operation is None or (operation.state is OperationState.TO_SEND and operation.next_at is None):
        return None
    if operation.state is OperationState.SENDING and (operation.next_at or utc_now()) > utc_now():
        return None
    return await _claimed(uow, operation, key_hours)


async def _claimed(uow: UnitOfWork, operation: ProviderOperation, key_hours: int) -> Call:
    now = utc_now()
    question = _question(operation, now, key_hours)
    call = await _prepare_call(uow, operation, question)
    if question is Question.SEND:
        target = OPERATION_MACHINE.target(operation.state, MoneyEvent.SEND)
        operation.state = target or operation.state
        operation.sends += 1
        operation.first_sent_at = operation.first_sent_at or now
        operation.sent_at = now
    operation.claim += 1
    operation.next_at = now + timedelta(seconds=CLAIM_SECONDS)
    return call


def _question(operation: ProviderOperation, now: datetime, key_hours: int) -> Question:
    if operation.provider_id is not None:
        return Question.READ
    if operation.state in {OperationState.TO_SEND, OperationState.SENDING, OperationState.UNKNOWN} and may_send(
        operation.sends, operation.first_sent_at, now, key_hours
    ):
        return Question.SEND
    return Question.FIND


async def _prepare_call(uow: UnitOfWork, operation: ProviderOperation, question: Question) -> Call:
    call = Call(
        operation_id=operation.id,
        claim=operation.claim + 1,
        question=question,
        kind=operation.kind,
        subject_id=operation.subject_id,
        provider_id=operation.provider_id or "",
        reference=operation.reference,
        money=Money(operation.amount, operation.currency),
        repeated=operation.sends > 0,
        created_at=operation.created_at,
    )
    match operation.kind:
        case OperationKind.PAYMENT:
            return await _with_purpose(uow, call)
        case OperationKind.PAYOUT:
            return await _with_destination(uow, call)
        case OperationKind.REFUND:
            return await _with_payment(uow, call)


async def _with_purpose(uow: UnitOfWork, call: Call) -> Call:
    payment = await PaymentRepository(uow.session).payment(call.subject_id)
    if payment is None:
        return call
    call = replace(call, purpose=payment.purpose, purpose_id=payment.purpose_id)
    if call.question is not Question.SEND:
        return call
    titles = await purpose_titles(uow.session, [(payment.purpose, payment.purpose_id)])
    title = next(iter(titles.values()), "")
    return replace(call, description=f"{SITE}: {title}"[:MAX_DESCRIPTION] if title else SITE)


async def _with_destination(uow: UnitOfWork, call: Call) -> Call:
    payout = await PaymentRepository(uow.session).payout(call.subject_id)
    if payout is None or call.question is not Question.SEND:
        return call
    return replace(call, payout_kind=payout.kind, destination=await _destination(uow, payout))


async def _with_payment(uow: UnitOfWork, call: Call) -> Call:
    refund = await PaymentRepository(uow.session).refund(call.subject_id)
    if refund is None:
        return call
    paid_by = await OperationRepository(uow.session).of_subject(refund.payment_id)
    return replace(call, payment_provider_id=paid_by.provider_id or "")


async def _destination(uow: UnitOfWork, payout: Payout) -> Destination | None:
    """Return where a withdrawal goes; None where the site no longer has the key that encrypted it."""
    if payout.destination is None or payout.destination_key is None:
        return None
    await load_ciphers()
    try:
        key = KEYS.open(uow.resources.settings, payout.destination_key, str(payout.id))
        return Destination.model_validate_json(key.decrypt(payout.destination, str(payout.id)))
    except UndecryptableError:
        return None


async def record(uow: UnitOfWork, call: Call, outcome: Outcome[Operation] | Outcome[FoundOperations]) -> bool:
    """Record what the provider answered, with its posting and event; return False where a later call has begun.

    Locks: what is paid for, then the payment, withdrawal or refund, then the operation, then the balances.
    """
    if call.purpose:
        await lock_purpose(uow, call.purpose, call.purpose_id)
    subject = await settlement.lock_subject(uow, call.kind, call.subject_id)
    operation = await OperationRepository(uow.session).lock(call.operation_id)
    if operation.claim != call.claim:
        return False
    now = utc_now()
    match outcome:
        case Busy(after):
            _wait(operation, call, now + timedelta(seconds=after))
        case Unknown(why):
            await _nothing_new(uow, operation, now, why)
        case Done(FoundOperations() as listed):
            await _found(uow, operation, subject, listed, now)
        case _:
            await _answered(uow, operation, subject, outcome, now)
    return True


async def _answered(
    uow: UnitOfWork, operation: ProviderOperation, subject: settlement.Subject, outcome: object, now: datetime
) -> None:
    """Record what the provider says about one operation."""
    match outcome:
        case Done(Operation() as fact):
            await _finished(uow, operation, subject, fact, now)
        case Pending(Operation() as fact):
            await _pending(uow, operation, subject, fact, now)
        case Refused(code, found):
            await _refused(uow, operation, subject, code, found if isinstance(found, Operation) else None, now)
        case _:
            await _nothing_new(uow, operation, now, "unreadable")


def _wait(operation: ProviderOperation, call: Call, at: datetime) -> None:
    """Take back that this call was sent, because the provider has not executed it."""
    operation.next_at = at
    if call.question is Question.SEND:
        operation.sends -= 1
        if operation.sends == 0:
            operation.first_sent_at = operation.sent_at = None
            _move(operation, MoneyEvent.WAIT)
        else:
            _move(operation, MoneyEvent.LOSE)


def _move(operation: ProviderOperation, event: MoneyEvent) -> None:
    """Move an operation along its table; an event that its state does not have changes nothing."""
    operation.state = OPERATION_MACHINE.target(operation.state, event) or operation.state


async def _nothing_new(uow: UnitOfWork, operation: ProviderOperation, now: datetime, why: str) -> None:
    if operation.state in FINISHED:
        settlement.plan_rereading(operation, now)
        return
    if operation.provider_id is None:
        _move(operation, MoneyEvent.LOSE)
        operation.code = why
    operation.next_at = now + pause_after(operation.polls)
    operation.polls += 1
    begun = operation.first_sent_at or operation.created_at
    if now >= begun + PERSON_AFTER and operation.state is not OperationState.PENDING:
        _move(operation, MoneyEvent.ESCALATE)
        operation.next_at = now + PERSON_AFTER
        await settlement.open_case_too_old(uow, operation, now)


async def _found(
    uow: UnitOfWork,
    operation: ProviderOperation,
    subject: settlement.Subject,
    listed: FoundOperations,
    now: datetime,
) -> None:
    """Adopt what the provider has under our reference; that it has nothing counts where its list is complete."""
    own = [each for each in listed.operations if each.kind is operation.kind]
    if len(own) > 1:
        await settlement.open_case_twice(uow, operation, len(own), now)
    if own:
        operation.provider_id = own[0].id
        _move(operation, MoneyEvent.ACCEPT)
        operation.next_at = now
        return
    quiet = operation.sent_at is None or now >= operation.sent_at + ABSENT_AFTER
    if listed.complete and quiet and operation.state not in FINISHED:
        await _refused(uow, operation, subject, "absent", None, now)
    else:
        await _nothing_new(uow, operation, now, "absent_so_far")


async def _pending(
    uow: UnitOfWork, operation: ProviderOperation, subject: settlement.Subject, fact: Operation, now: datetime
) -> None:
    if operation.state in FINISHED:  # an outdated read; a finished operation never begins again
        settlement.plan_rereading(operation, now)
        return
    operation.provider_id = fact.id
    operation.code = ""
    _move(operation, MoneyEvent.ACCEPT)
    if isinstance(subject, Payment):
        subject.page_url, subject.expires_at = fact.page_url, fact.expires_at
    operation.next_at = now + pause_after(operation.polls)
    operation.polls += 1
    begun = operation.first_sent_at or operation.created_at
    if operation.kind is not OperationKind.PAYMENT and now >= begun + PERSON_AFTER:
        await settlement.open_case_too_old(uow, operation, now)
        operation.next_at = now + min(pause_after(operation.polls), PERSON_AFTER)


async def _finished(
    uow: UnitOfWork, operation: ProviderOperation, subject: settlement.Subject, fact: Operation, now: datetime
) -> None:
    operation.provider_id = operation.provider_id or fact.id
    if operation.state is OperationState.DONE:
        await settlement.reread(uow, operation, subject, fact, now)
        return
    if operation.state is OperationState.FAILED:
        await settlement.contradict(uow, operation, subject, fact, now)
        return
    if not await settlement.execute(uow, operation, subject, fact, now):
        _move(operation, MoneyEvent.ESCALATE)
        operation.next_at = now + PERSON_AFTER
        return
    _move(operation, MoneyEvent.FINISH)
    operation.code, operation.finished_at = "", now
    settlement.plan_rereading(operation, now)


async def _refused(
    uow: UnitOfWork,
    operation: ProviderOperation,
    subject: settlement.Subject,
    code: str,
    found: Operation | None,
    now: datetime,
) -> None:
    if found is not None:
        operation.provider_id = operation.provider_id or found.id
    if operation.state is OperationState.FAILED:
        operation.next_at = None
        return
    if operation.state is OperationState.DONE:
        await settlement.open_case_status(uow, operation, now)
        settlement.plan_rereading(operation, now)
        return
    await settlement.fail(uow, subject, code, now)
    _move(operation, MoneyEvent.FAIL)
    operation.code, operation.finished_at, operation.next_at = code, now, None
