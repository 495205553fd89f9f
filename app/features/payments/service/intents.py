"""Writing down what is to be asked of the provider: the intent and the ledger's transit posting in one transaction."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel

from app.core.clock import utc_now
from app.core.config import Settings
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.ids import new_id
from app.core.money import Money
from app.core.payment_port import OperationKind, PayoutKind
from app.core.security.encryption import KeyRing
from app.core.unit_of_work import UnitOfWork
from app.features.ledger import service as ledger
from app.features.payments.errors import (
    InvalidPaymentError,
    NoPaymentProviderError,
    PaymentNotCancelableError,
    PaymentNotFoundError,
    PaymentNotRefundableError,
)
from app.features.payments.repository import OperationRepository, PaymentRepository
from app.features.payments.rules import OPERATION_MACHINE, WALLET, MoneyEvent, provider_name, withdrawal_fee
from app.features.payments.service.purposes import find_purpose, lock_purpose
from app.models import CardRefund, OperationState, Payment, PaymentState, Payout, ProviderOperation

SEND_TASK = "payments.send"
KEYS = KeyRing("payout-destination")


class Destination(BaseModel):
    """Where a withdrawal goes; it is stored encrypted and erased at the end."""

    card: str
    tax_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutOrder:
    """A withdrawal to write down; what the provider needs was asked before."""

    user_id: UUID
    money: Money
    kind: PayoutKind
    destination: Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a payout is a part of."""

    withdrawal_id: UUID
    fee: int
    """Its part of the fee, in minor units."""
    waits: bool
    """Whether the provider is asked only after an approval."""


def configured_provider(settings: Settings) -> str:
    """Return the name of the provider.

    Raises:
        NoPaymentProviderError: The instance has none.
    """
    name = provider_name(settings)
    if name is None:
        raise NoPaymentProviderError
    return name


def fee_of(settings: Settings, money: Money) -> int:
    """Return the fee of a withdrawal in minor units."""
    return withdrawal_fee(money.amount, settings.withdrawal_fee_bp, settings.withdrawal_fee_minimum)


async def open_payment(
    uow: UnitOfWork, user_id: UUID, money: Money, *, purpose: str = WALLET, purpose_id: UUID | None = None
) -> Payment:
    """Write down a payment that somebody is to make; the provider opens it right afterwards.

    An open payment for the same purpose is returned as it is.

    Raises:
        NoPaymentProviderError: The instance has no provider.
    """
    provider = configured_provider(uow.resources.settings)
    repository = PaymentRepository(uow.session)
    find_purpose(purpose)
    if purpose_id is not None:
        known = await repository.open_payment_for(purpose, purpose_id)
        if known is not None:
            return known
    payment = Payment(
        id=new_id(),
        user_id=user_id,
        provider=provider,
        currency=money.currency,
        amount=money.amount,
        purpose=purpose,
        purpose_id=purpose_id,
        state=PaymentState.OPEN,
        refunded=0,
        reason="",
        created_at=utc_now(),
    )
    await repository.add(payment)
    await _intend(uow, OperationKind.PAYMENT, payment.id, provider, money)
    return payment


async def open_payout(uow: UnitOfWork, order: PayoutOrder, part: Part | None = None) -> Payout:
    """Take the money of a withdrawal and its fee out of the wallet and write the withdrawal down.

    Args:
        uow: The unit of work.
        order: What is paid out.
        part: The withdrawal that it is a part of; None where it is asked for alone.

    Raises:
        NoPaymentProviderError: The instance has no provider.
        InsufficientFundsError: The wallet holds less.
    """
    settings = uow.resources.settings
    provider, now, payout_id = configured_provider(settings), utc_now(), new_id()
    fee = fee_of(settings, order.money) if part is None else part.fee
    key, wrapped = KEYS.create(settings, str(payout_id))
    payout = Payout(
        id=payout_id,
        user_id=order.user_id,
        provider=provider,
        kind=order.kind,
        currency=order.money.currency,
        amount=order.money.amount,
        fee=fee,
        card_last4=order.destination.card[-4:],
        destination=key.encrypt(order.destination.model_dump_json().encode(), str(payout_id)),
        destination_key=wrapped,
        reason="",
        withdrawal_id=None if part is None else part.withdrawal_id,
        created_at=now,
    )
    await PaymentRepository(uow.session).add(payout)
    waits = part is not None and part.waits
    await _intend(uow, OperationKind.PAYOUT, payout_id, provider, order.money, waits=waits)
    entry = ledger.templates.payout(payout_id=payout_id, freelancer_id=order.user_id, amount=order.money, fee=fee)
    await ledger.post(uow, entry, key=f"payout:{payout_id}", effective_at=now, actor_id=order.user_id)
    return payout


async def open_refund(uow: UnitOfWork, user_id: UUID, payment_id: UUID, money: Money) -> CardRefund:
    """Take money out of the wallet to send it back to the card of a payment.

    Raises:
        PaymentNotFoundError: The person has no such payment.
        PaymentNotRefundableError: It was not received, or less is left of it.
        InvalidPaymentError: The currency is another one.
        InsufficientFundsError: The wallet holds less.
    """
    repository = PaymentRepository(uow.session)
    payment = await repository.payment(payment_id, user_id=user_id, lock=True)
    if payment is None:
        raise PaymentNotFoundError
    if payment.state is not PaymentState.PAID or money.amount > payment.amount - payment.refunded:
        raise PaymentNotRefundableError
    if money.currency is not payment.currency:
        raise InvalidPaymentError(errors=[FieldError(("amount", "currency"), N_("The payment has another currency."))])
    payment.refunded += money.amount
    now = utc_now()
    refund = CardRefund(
        id=new_id(),
        payment_id=payment.id,
        user_id=user_id,
        provider=payment.provider,
        currency=money.currency,
        amount=money.amount,
        reason="",
        created_at=now,
    )
    await repository.add(refund)
    await _intend(uow, OperationKind.REFUND, refund.id, payment.provider, money)
    entry = ledger.templates.card_refund(refund_id=refund.id, customer_id=user_id, amount=money)
    await ledger.post(uow, entry, key=f"card-refund:{refund.id}", effective_at=now, actor_id=user_id)
    return refund


async def cancel_unsent(uow: UnitOfWork, user_id: UUID, payment_id: UUID) -> ProviderOperation | None:
    """End a payment of which the provider knows nothing yet; return the operation if it must be asked instead.

    Raises:
        PaymentNotFoundError: The person has no such payment.
        PaymentNotCancelableError: It has ended, or nobody knows yet whether the provider has it.
    """
    repository = PaymentRepository(uow.session)
    found = await repository.payment(payment_id, user_id=user_id)
    if found is None:
        raise PaymentNotFoundError
    await lock_purpose(uow, found.purpose, found.purpose_id)
    payment = await repository.payment(payment_id, lock=True)
    operations = OperationRepository(uow.session)
    operation = await operations.lock((await operations.of_subject(payment_id)).id)
    if payment is None or payment.state is not PaymentState.OPEN:
        raise PaymentNotCancelableError
    if operation.state is OperationState.PENDING:
        return operation
    if operation.state is not OperationState.TO_SEND:
        raise PaymentNotCancelableError
    operation.state = OPERATION_MACHINE.target(operation.state, MoneyEvent.WITHDRAW) or operation.state
    operation.next_at, operation.finished_at, operation.code = None, utc_now(), "withdrawn"
    payment.state, payment.reason, payment.finished_at = PaymentState.CANCELED, "withdrawn", utc_now()
    purpose = find_purpose(payment.purpose)
    if purpose is not None and payment.purpose_id is not None:
        await purpose.failed(uow, payment.purpose_id, payment.id)
    return None


async def _intend(
    uow: UnitOfWork, kind: OperationKind, subject_id: UUID, provider: str, money: Money, *, waits: bool = False
) -> None:
    """Write down an operation, which is due at once unless it waits for an approval."""
    now = utc_now()
    operation = ProviderOperation(
        id=new_id(),
        kind=kind,
        subject_id=subject_id,
        provider=provider,
        reference=f"{kind}:{subject_id}",
        currency=money.currency,
        amount=money.amount,
        state=OperationState.TO_SEND,
        sends=0,
        polls=0,
        code="",
        claim=0,
        next_at=None if waits else now,
        created_at=now,
    )
    await PaymentRepository(uow.session).add(operation)
    if not waits:
        uow.trigger_task(SEND_TASK)
