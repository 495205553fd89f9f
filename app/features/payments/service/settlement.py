"""What a verified answer of the provider changes: the payment, withdrawal or refund, the ledger, and who is told."""

from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

from app.core.money import Money
from app.core.payment_port import ChequeStatus, Operation, OperationKind, OperationStatus, PayoutKind
from app.core.unit_of_work import UnitOfWork
from app.features.ledger import service as ledger
from app.features.payments.events import (
    CardRefundFailed,
    CardRefundPaid,
    ChequeAnnulled,
    PaymentFailed,
    PaymentQuestioned,
    PaymentReceived,
    PayoutFailed,
    PayoutPaid,
    PayoutReturned,
)
from app.features.payments.repository import CaseRepository, PaymentRepository
from app.features.payments.rules import (
    PAYMENT_MACHINE,
    PAYOUT_MACHINE,
    REFUND_MACHINE,
    REREAD_DAYS,
    WALLET,
    MoneyEvent,
)
from app.features.payments.service.purposes import find_purpose
from app.models import (
    CardRefund,
    CaseKind,
    OperationState,
    Payment,
    PaymentState,
    Payout,
    PayoutState,
    ProviderOperation,
    ReconciliationCase,
)

type Subject = Payment | Payout | CardRefund


async def lock_subject(uow: UnitOfWork, kind: OperationKind, subject_id: UUID) -> Subject:
    """Lock the payment, withdrawal or refund of an operation; of a refund its payment first.

    Raises:
        LookupError: There is none.
    """
    repository = PaymentRepository(uow.session)
    found: Subject | None
    match kind:
        case OperationKind.PAYMENT:
            found = await repository.payment(subject_id, lock=True)
        case OperationKind.PAYOUT:
            found = await repository.payout(subject_id, lock=True)
        case OperationKind.REFUND:
            unlocked = await repository.refund(subject_id)
            if unlocked is not None:
                await repository.payment(unlocked.payment_id, lock=True)
            found = await repository.refund(subject_id, lock=True)
    if found is None:
        raise LookupError(f"the {kind} {subject_id} is missing")
    return found


async def execute(
    uow: UnitOfWork, operation: ProviderOperation, subject: Subject, fact: Operation, now: datetime
) -> bool:
    """Record that an operation was executed; return False where the fact is not ours and a person has to look."""
    expected = Money(operation.amount, operation.currency)
    if isinstance(subject, Payment):
        if fact.money != expected:
            await _question(uow, operation, subject, fact, now)
        elif not await _receive(uow, subject, now):
            await _open_case(uow, operation, CaseKind.LATE, now, found=fact.money, outgoing=False)
        return True
    if fact.money != expected:
        await _open_case(uow, operation, CaseKind.AMOUNT_DIFFERS, now, found=fact.money)
        return False
    if isinstance(subject, Payout):
        await _pay_out(uow, subject, fact, now)
        if fact.status is OperationStatus.RETURNED:
            await _return_payout(uow, operation, subject, fact, now)
    else:
        await _refund(uow, subject, now)
    return True


async def fail(uow: UnitOfWork, subject: Subject, code: str, now: datetime) -> None:
    """Record that an operation was surely not executed: what it had taken is in the wallet again."""
    money = Money(subject.amount, subject.currency)
    subject.reason, subject.finished_at = code, now
    if isinstance(subject, Payment):
        subject.state = PAYMENT_MACHINE.target(subject.state, MoneyEvent.FAIL) or subject.state
        purpose = find_purpose(subject.purpose)
        if purpose is not None and subject.purpose_id is not None:
            await purpose.failed(uow, subject.purpose_id, subject.id)
        uow.emit(PaymentFailed(payment_id=str(subject.id), reason=code, **_common(subject, money)))
    elif isinstance(subject, Payout):
        await return_to_wallet(uow, subject, code, now)
        uow.emit(PayoutFailed(payout_id=str(subject.id), reason=code, **_common(subject, money)))
    else:
        subject.state = REFUND_MACHINE.target(subject.state, MoneyEvent.FAIL) or subject.state
        await _count_refunded(uow, subject, -subject.amount)
        entry = ledger.templates.card_refund_failed(refund_id=subject.id, customer_id=subject.user_id, amount=money)
        await ledger.post(uow, entry, key=f"card-refund-failed:{subject.id}", effective_at=now)
        common = _common(subject, money)
        uow.emit(CardRefundFailed(refund_id=str(subject.id), payment_id=str(subject.payment_id), reason=code, **common))


async def return_to_wallet(uow: UnitOfWork, payout: Payout, code: str, now: datetime) -> None:
    """Put a withdrawal that is surely not paid into the wallet again, with its fee, and forget its card."""
    payout.reason, payout.finished_at = code, now
    payout.state = PAYOUT_MACHINE.target(payout.state, MoneyEvent.FAIL) or payout.state
    payout.destination = payout.destination_key = None
    entry = ledger.templates.payout_failed(
        payout_id=payout.id,
        freelancer_id=payout.user_id,
        amount=Money(payout.amount, payout.currency),
        fee=payout.fee,
    )
    await ledger.post(uow, entry, key=f"payout-failed:{payout.id}", effective_at=now)


async def reread(
    uow: UnitOfWork, operation: ProviderOperation, subject: Subject, fact: Operation, now: datetime
) -> None:
    """Compare a finished operation with what the provider says of it later: a return, an annulled receipt."""
    if isinstance(subject, Payout):
        if fact.status is OperationStatus.RETURNED and subject.state is PayoutState.PAID:
            await _return_payout(uow, operation, subject, fact, now)
        if fact.cheque and fact.cheque.status is ChequeStatus.ANNULLED:
            await _annul_cheque(uow, operation, subject, fact.cheque.number, now)
    plan_rereading(operation, now)


async def contradict(
    uow: UnitOfWork, operation: ProviderOperation, subject: Subject, fact: Operation, now: datetime
) -> None:
    """Record that the provider has executed what was thought to have failed."""
    operation.next_at = None
    if not isinstance(subject, Payment):
        await open_case_status(uow, operation, now)
        return
    if subject.state is not PaymentState.CANCELED:
        return
    if fact.money != Money(operation.amount, operation.currency):
        await _question(uow, operation, subject, fact, now)
        return
    await _open_case(uow, operation, CaseKind.LATE, now, found=fact.money, outgoing=False)
    await _receive(uow, subject, now)


async def adopt(uow: UnitOfWork, subject: Payout | CardRefund, left: int, now: datetime) -> None:
    """Record that another amount has left than was asked for; the rest goes back, too much is a cost of the platform.

    Args:
        uow: The unit of work.
        subject: The withdrawal or refund, locked.
        left: What has left the provider, in minor units; an operator has checked it.
        now: The present time.
    """
    own = min(left, subject.amount)
    money, rest = Money(own, subject.currency), Money(subject.amount - own, subject.currency)
    subject.finished_at = now
    templates, provider, user_id = ledger.templates, subject.provider, subject.user_id
    if isinstance(subject, Payout):
        subject.state = PAYOUT_MACHINE.target(subject.state, MoneyEvent.FINISH) or subject.state
        subject.destination = subject.destination_key = None
        name = "payout"
        done = templates.payout_done(payout_id=subject.id, provider=provider, amount=money, fee=subject.fee)
        uow.emit(PayoutPaid(payout_id=str(subject.id), **_common(subject, money)))
    else:
        subject.state = REFUND_MACHINE.target(subject.state, MoneyEvent.FINISH) or subject.state
        name = "card-refund"
        await _count_refunded(uow, subject, left - subject.amount)
        done = templates.card_refund_done(refund_id=subject.id, provider=provider, amount=money)
        common = _common(subject, money)
        uow.emit(CardRefundPaid(refund_id=str(subject.id), payment_id=str(subject.payment_id), **common))
    await ledger.post(uow, done, key=f"{name}-done:{subject.id}", effective_at=now)
    if rest.amount:
        back = (
            templates.payout_failed(payout_id=subject.id, freelancer_id=user_id, amount=rest, fee=0)
            if isinstance(subject, Payout)
            else templates.card_refund_failed(refund_id=subject.id, customer_id=user_id, amount=rest)
        )
        await ledger.post(uow, back, key=f"{name}-failed:{subject.id}", effective_at=now)
    if left > own:
        cost = templates.provider_cost(provider=provider, amount=Money(left - own, subject.currency))
        await ledger.post(uow, cost, key=f"{name}-excess:{subject.id}", effective_at=now)


def plan_rereading(operation: ProviderOperation, now: datetime) -> None:
    """Plan when a finished operation is read again; only a withdrawal may change afterwards."""
    watched = operation.kind is OperationKind.PAYOUT and operation.state is OperationState.DONE
    until = (operation.finished_at or now) + timedelta(days=REREAD_DAYS)
    operation.next_at = now + timedelta(days=1) if watched and now < until else None


async def open_case_too_old(uow: UnitOfWork, operation: ProviderOperation, now: datetime) -> None:
    """Let an operator look at an operation that nobody has been able to resolve."""
    await _open_case(uow, operation, CaseKind.TOO_OLD, now, outgoing=False)


async def open_case_twice(uow: UnitOfWork, operation: ProviderOperation, count: int, now: datetime) -> None:
    """Let an operator look at a reference under which the provider has more than one operation."""
    await _open_case(uow, operation, CaseKind.TWICE, now, found=Money(count * operation.amount, operation.currency))


async def open_case_status(uow: UnitOfWork, operation: ProviderOperation, now: datetime) -> None:
    """Let an operator look at an operation whose end the provider contradicts."""
    await _open_case(uow, operation, CaseKind.STATUS_DIFFERS, now)


async def _open_case(
    uow: UnitOfWork,
    operation: ProviderOperation,
    kind: CaseKind,
    now: datetime,
    *,
    found: Money | None = None,
    outgoing: bool | None = None,
) -> None:
    """Open a case in the currency of what was found; an amount of another currency is no expectation then."""
    currency = operation.currency if found is None else found.currency
    leaves = operation.kind is not OperationKind.PAYMENT
    case = ReconciliationCase(
        provider=operation.provider,
        kind=kind,
        reference=operation.reference,
        outgoing=leaves if outgoing is None else outgoing,
        currency=currency,
        expected=operation.amount if currency is operation.currency else None,
        found=None if found is None else found.amount,
        note="",
        opened_at=now,
    )
    await CaseRepository(uow.session).open(case)


async def _receive(uow: UnitOfWork, payment: Payment, now: datetime) -> bool:
    """Put a payment into the wallet, and from there to what it is for; what came too late stays in the wallet.

    Returns:
        False where what it is for did not take it any more.
    """
    money = Money(payment.amount, payment.currency)
    late = payment.state is PaymentState.CANCELED
    event = MoneyEvent.CREDIT if late else MoneyEvent.FINISH
    payment.state = PAYMENT_MACHINE.target(payment.state, event) or payment.state
    payment.reason, payment.finished_at = "", now
    entry = ledger.templates.deposit(provider=payment.provider, customer_id=payment.user_id, amount=money)
    await ledger.post(uow, entry, key=f"deposit:{payment.id}", effective_at=now)
    purpose = find_purpose(payment.purpose)
    if purpose is not None and payment.purpose_id is not None and not late:
        late = not await purpose.paid(uow, payment.purpose_id, payment.id, payment.user_id, money)
    common = _common(payment, money)
    uow.emit(
        PaymentReceived(
            payment_id=str(payment.id), purpose=payment.purpose, late=late and payment.purpose != WALLET, **common
        )
    )
    return not late


async def _question(
    uow: UnitOfWork, operation: ProviderOperation, payment: Payment, fact: Operation, now: datetime
) -> None:
    """Keep another amount than was asked for apart, until an operator has looked."""
    is_told = payment.state is PaymentState.CANCELED
    payment.state = PAYMENT_MACHINE.target(payment.state, MoneyEvent.QUESTION) or payment.state
    payment.finished_at = now
    entry = ledger.templates.receipt_unmatched(provider=payment.provider, amount=fact.money)
    await ledger.post(uow, entry, key=f"receipt:{payment.id}", effective_at=now)
    await _open_case(uow, operation, CaseKind.AMOUNT_DIFFERS, now, found=fact.money, outgoing=False)
    purpose = find_purpose(payment.purpose)
    if purpose is not None and payment.purpose_id is not None and not is_told:
        await purpose.failed(uow, payment.purpose_id, payment.id)
    uow.emit(PaymentQuestioned(payment_id=str(payment.id), **_common(payment, fact.money)))


async def _pay_out(uow: UnitOfWork, payout: Payout, fact: Operation, now: datetime) -> None:
    money = Money(payout.amount, payout.currency)
    payout.state = PAYOUT_MACHINE.target(payout.state, MoneyEvent.FINISH) or payout.state
    payout.reason, payout.finished_at = "", now
    payout.destination = payout.destination_key = None
    if fact.cheque is not None and payout.kind is PayoutKind.SELF_EMPLOYED:
        payout.cheque_number, payout.cheque_status = fact.cheque.number, fact.cheque.status
    entry = ledger.templates.payout_done(payout_id=payout.id, provider=payout.provider, amount=money, fee=payout.fee)
    await ledger.post(uow, entry, key=f"payout-done:{payout.id}", effective_at=now)
    uow.emit(PayoutPaid(payout_id=str(payout.id), **_common(payout, money)))


async def _return_payout(
    uow: UnitOfWork, operation: ProviderOperation, payout: Payout, fact: Operation, now: datetime
) -> None:
    """Put into the wallet again what the bank sent back; what is more than was withdrawn waits for an operator."""
    own = min(fact.money.amount, payout.amount)
    money, excess = Money(own, payout.currency), Money(fact.money.amount - own, payout.currency)
    payout.state = PAYOUT_MACHINE.target(payout.state, MoneyEvent.RETURN) or payout.state
    payout.reason = fact.reason or "returned_by_bank"
    entry = ledger.templates.payout_returned(provider=payout.provider, freelancer_id=payout.user_id, amount=money)
    await ledger.post(uow, entry, key=f"payout-returned:{payout.id}", effective_at=now)
    if excess.amount > 0:
        entry = ledger.templates.receipt_unmatched(provider=payout.provider, amount=excess)
        await ledger.post(uow, entry, key=f"payout-excess-returned:{payout.id}", effective_at=now)
        await _open_case(uow, operation, CaseKind.AMOUNT_DIFFERS, now, found=fact.money, outgoing=False)
    uow.emit(PayoutReturned(payout_id=str(payout.id), reason=payout.reason, **_common(payout, money)))


async def _annul_cheque(
    uow: UnitOfWork, operation: ProviderOperation, payout: Payout, number: str, now: datetime
) -> None:
    if payout.cheque_status is ChequeStatus.ANNULLED:
        return
    payout.cheque_number, payout.cheque_status = number, ChequeStatus.ANNULLED
    await _open_case(uow, operation, CaseKind.CHEQUE_ANNULLED, now, outgoing=False)
    uow.emit(ChequeAnnulled(payout_id=str(payout.id), **_common(payout, Money(payout.amount, payout.currency))))


async def _refund(uow: UnitOfWork, refund: CardRefund, now: datetime) -> None:
    money = Money(refund.amount, refund.currency)
    refund.state = REFUND_MACHINE.target(refund.state, MoneyEvent.FINISH) or refund.state
    refund.reason, refund.finished_at = "", now
    entry = ledger.templates.card_refund_done(refund_id=refund.id, provider=refund.provider, amount=money)
    await ledger.post(uow, entry, key=f"card-refund-done:{refund.id}", effective_at=now)
    common = _common(refund, money)
    uow.emit(CardRefundPaid(refund_id=str(refund.id), payment_id=str(refund.payment_id), **common))


async def _count_refunded(uow: UnitOfWork, refund: CardRefund, by: int) -> None:
    """Count more or less of a payment as sent back; the payment was locked with the refund."""
    payment = await PaymentRepository(uow.session).payment(refund.payment_id)
    if payment is not None:
        payment.refunded = min(payment.refunded + by, payment.amount)


class _Common(TypedDict):
    user_id: str
    amount: int
    currency: str


def _common(subject: Subject, money: Money) -> _Common:
    """Return the fields that all events share."""
    return {"user_id": str(subject.user_id), "amount": money.amount, "currency": money.currency.value}
