"""What a person asks for: pay in, withdraw, send back; checked, limited and written down."""

from uuid import UUID

from app.core.actor import Actor
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.money import MINOR_DIGITS, Money
from app.core.payment_port import Capabilities, PayoutKind
from app.core.text.amounts import write_amount
from app.core.unit_of_work import UnitOfWork
from app.features.legal import service as legal
from app.features.payments.errors import (
    InvalidPaymentError,
    PayoutNotPossibleError,
    SelfEmployedDetailsMissingError,
)
from app.features.payments.rules import INTENTS_BY_ACCOUNT, WALLET
from app.features.payments.schemas import CardRefundCreate, PaymentCreate, PayoutCreate
from app.features.payments.service.intents import (
    Destination,
    PayoutOrder,
    open_payment,
    open_refund,
)
from app.features.payments.service.withdrawals import open_withdrawal, parts_of
from app.models import CardRefund, LegalKind, Payment, Payout
from app.models.withdrawal import MAX_PARTS

TAX_NUMBER = "tax_number"
NOT_PAID_LIKE_THIS = N_("The payment service cannot pay out in this way.")
TOO_LITTLE = N_("Withdraw at least {amount}.")
TOO_MUCH = N_("Withdraw at most {amount} at once, and the rest afterwards.")


async def top_up(uow: UnitOfWork, actor: Actor, command: PaymentCreate) -> Payment:
    """Begin a payment into the actor's wallet.

    Raises:
        NoPaymentProviderError: The instance has no provider.
        TooManyTriesError: Too many within an hour.
    """
    return await begin_payment(uow, actor, command.money.to_money())


async def begin_payment(
    uow: UnitOfWork, actor: Actor, money: Money, *, purpose: str = WALLET, purpose_id: UUID | None = None
) -> Payment:
    """Begin a payment of the actor for something, which may be the wallet alone.

    Raises:
        NoPaymentProviderError: The instance has no provider.
        TooManyTriesError: Too many within an hour.
    """
    await uow.resources.limiter.hit(INTENTS_BY_ACCOUNT, str(actor.id))
    return await open_payment(uow, actor.id, money, purpose=purpose, purpose_id=purpose_id)


async def withdraw(uow: UnitOfWork, actor: Actor, command: PayoutCreate, limits: Capabilities | None) -> list[Payout]:
    """Withdraw money of the actor to a card; return the parts in which it is paid out.

    Raises:
        NoPaymentProviderError: The instance has no provider.
        PayoutNotPossibleError: The provider does not pay in this way.
        InvalidPaymentError: The amount is too small for the provider, or too large even in parts.
        SelfEmployedDetailsMissingError: There are no legal details of a self-employed person.
        InsufficientFundsError: The wallet holds less than the amount with its fee.
        TooManyTriesError: Too many within an hour.
    """
    await uow.resources.limiter.hit(INTENTS_BY_ACCOUNT, str(actor.id))
    money = command.money.to_money()
    if limits is not None:
        check_limits(limits, money, command.kind)
    tax_id = await self_employed_tax_id(uow, actor) if command.kind is PayoutKind.SELF_EMPLOYED else None
    destination = Destination(card=command.card, tax_id=tax_id)
    order = PayoutOrder(user_id=actor.id, money=money, kind=command.kind, destination=destination)
    return await open_withdrawal(uow, order, limits)


async def refund_payment(uow: UnitOfWork, actor: Actor, payment_id: UUID, command: CardRefundCreate) -> CardRefund:
    """Send money of the actor back to the card of a payment.

    Raises:
        PaymentNotFoundError: The actor has no such payment.
        PaymentNotRefundableError: It was not received, or less is left of it.
        InvalidPaymentError: The currency is another one.
        InsufficientFundsError: The wallet holds less.
        TooManyTriesError: Too many within an hour.
    """
    await uow.resources.limiter.hit(INTENTS_BY_ACCOUNT, str(actor.id))
    return await open_refund(uow, actor.id, payment_id, command.money.to_money())


def check_limits(limits: Capabilities, money: Money, kind: PayoutKind) -> None:
    """Refuse what the provider would refuse.

    Raises:
        PayoutNotPossibleError: It does not pay in this way.
        InvalidPaymentError: The amount is too small, or too large even in parts.
    """
    if kind not in limits.payout_kinds:
        raise PayoutNotPossibleError(NOT_PAID_LIKE_THIS)
    if parts_of(limits, money.amount):
        return
    bound, sentence = limits.payout_minimum, TOO_LITTLE
    if money.amount > limits.payout_maximum:
        divisible = money.amount > limits.payout_maximum * MAX_PARTS
        bound, sentence = limits.payout_maximum * (MAX_PARTS if divisible else 1), TOO_MUCH
    amount = f"{write_amount(bound, MINOR_DIGITS[money.currency], grouped=True)} {money.currency}"
    raise InvalidPaymentError(errors=[FieldError(("money", "amount"), sentence, {"amount": amount})])


async def self_employed_tax_id(uow: UnitOfWork, actor: Actor) -> str:
    """Return the tax number of the actor's legal details.

    Raises:
        SelfEmployedDetailsMissingError: They are not those of a self-employed person.
    """
    details = await legal.get_status(uow.session, uow.resources.settings, actor)
    number = details.fields.get(TAX_NUMBER)
    if details.kind is not LegalKind.SELF_EMPLOYED or not number:
        raise SelfEmployedDetailsMissingError
    return number
