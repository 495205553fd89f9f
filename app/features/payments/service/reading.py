"""Reading what a person has, pays and withdraws."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.i18n import _
from app.core.money import Currency, Money, MoneyRead
from app.core.pagination import Slice, encode_cursor, last_id
from app.features.ledger import service as ledger
from app.features.payments.errors import PaymentNotFoundError, PayoutNotFoundError
from app.features.payments.repository import OperationRepository, PaymentRepository
from app.features.payments.rules import reason_text
from app.features.payments.schemas import (
    CardRefundRead,
    PaymentRead,
    PayoutRead,
    StuckMoneyRead,
    WalletBalance,
    WalletEntry,
    WalletRead,
)
from app.features.payments.service.purposes import purpose_page, purpose_titles
from app.features.payments.service.reconciliation import list_stuck
from app.models import (
    AccountKind,
    CardRefund,
    OperationState,
    Payment,
    PaymentState,
    Payout,
    ProviderOperation,
)


async def get_wallet(session: AsyncSession, actor: Actor) -> WalletRead:
    """Return what the actor has, by currency; roubles always."""
    repository = PaymentRepository(session)
    held, moving = await repository.balances(actor.id), await repository.moving(actor.id)
    used = {currency for currency, _kind in held} | set(moving) | {Currency.RUB.value}
    return WalletRead(
        items=[
            WalletBalance(
                currency=currency,
                available=MoneyRead(amount=held.get((currency.value, AccountKind.WALLET.value), 0), currency=currency),
                maturing=MoneyRead(amount=held.get((currency.value, AccountKind.MATURING.value), 0), currency=currency),
                moving=MoneyRead(amount=moving.get(currency.value, 0), currency=currency),
            )
            for currency in Currency
            if currency.value in used
        ]
    )


async def list_history(
    session: AsyncSession, actor: Actor, currency: Currency, cursor: str | None, limit: int
) -> Slice[WalletEntry]:
    """Return the movements of the actor's wallet in one currency, newest first.

    Raises:
        BadCursorError: The cursor is not of this list.
    """
    wallet = ledger.Account(AccountKind.WALLET, actor.id)
    page = await ledger.list_transfers(session, [wallet], currency, cursor=cursor, limit=limit)
    items = [
        WalletEntry(
            id=f"{each.txn_id}:{each.number}",
            at=each.effective_at,
            event=each.template,
            text=ledger.event_text(each.template),
            amount=each.amount if each.credit == wallet else -each.amount,
            currency=each.currency,
            milestone_id=each.milestone_id,
        )
        for each in page.items
    ]
    return Slice(items, page.next_cursor)


async def get_payment(session: AsyncSession, actor: Actor, payment_id: UUID) -> PaymentRead:
    """Return a payment of the actor.

    Raises:
        PaymentNotFoundError: There is none.
    """
    payment = await PaymentRepository(session).payment(payment_id, user_id=actor.id)
    if payment is None:
        raise PaymentNotFoundError
    titles = await purpose_titles(session, [(payment.purpose, payment.purpose_id)])
    return read_payment(payment, await OperationRepository(session).of_subject(payment_id), titles)


async def refundable(session: AsyncSession, actor: Actor, payment: PaymentRead) -> Money | None:
    """Return how much of a payment can go back to its card: what is in the wallet, and no more than was paid."""
    left = payment.money.amount - payment.refunded.amount
    if payment.state is not PaymentState.PAID or not left:
        return None
    currency = payment.money.currency
    wallet = await ledger.balance(session, ledger.Account(AccountKind.WALLET, actor.id), currency)
    return Money(min(left, wallet), currency) if wallet > 0 else None


async def find_open_payments(session: AsyncSession, purpose: str, purpose_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the payments for these things that have not ended, by what they are for."""
    return await PaymentRepository(session).open_payments_for(purpose, purpose_ids)


async def list_payments(session: AsyncSession, actor: Actor, cursor: str | None, limit: int) -> Slice[PaymentRead]:
    """Return the payments of the actor, newest first.

    Raises:
        BadCursorError: The cursor is not of this list.
    """
    rows = await PaymentRepository(session).payments(actor.id, last_id(cursor), limit + 1)
    titles = await purpose_titles(session, [(payment.purpose, payment.purpose_id) for payment, _operation in rows])
    items = [read_payment(payment, operation, titles) for payment, operation in rows[:limit]]
    return Slice(items, encode_cursor(items[-1].id) if len(rows) > limit else None)


async def get_payout(session: AsyncSession, actor: Actor, payout_id: UUID) -> PayoutRead:
    """Return a withdrawal of the actor.

    Raises:
        PayoutNotFoundError: There is none.
    """
    payout = await PaymentRepository(session).payout(payout_id, user_id=actor.id)
    if payout is None:
        raise PayoutNotFoundError
    return read_payout(payout, await OperationRepository(session).of_subject(payout_id))


async def list_payouts(session: AsyncSession, actor: Actor, cursor: str | None, limit: int) -> Slice[PayoutRead]:
    """Return the withdrawals of the actor, newest first.

    Raises:
        BadCursorError: The cursor is not of this list.
    """
    rows = await PaymentRepository(session).payouts(actor.id, last_id(cursor), limit + 1)
    items = [read_payout(payout, operation) for payout, operation in rows[:limit]]
    return Slice(items, encode_cursor(items[-1].id) if len(rows) > limit else None)


async def read_stuck(session: AsyncSession) -> list[StuckMoneyRead]:
    """Return the money that does not move by itself, for the operator."""
    return [
        StuckMoneyRead(
            kind=each.kind,
            reference=each.reference,
            amount=each.money.amount,
            currency=each.money.currency,
            since=each.since,
            state=each.state,
            next_at=each.next_at,
            case_id=each.case_id,
        )
        for each in await list_stuck(session)
    ]


def read_payment(
    payment: Payment, operation: ProviderOperation | None = None, titles: Mapping[UUID, str] = MappingProxyType({})
) -> PaymentRead:
    """Return a payment for its payer; without its operation it was written down just now."""
    return PaymentRead(
        id=payment.id,
        money=MoneyRead(amount=payment.amount, currency=payment.currency),
        purpose=payment.purpose,
        purpose_url=purpose_page(payment.purpose, payment.purpose_id),
        purpose_title=titles.get(payment.purpose_id, "") if payment.purpose_id else "",
        state=payment.state,
        progress=operation.state if operation else OperationState.TO_SEND,
        reason=_reason(payment.reason),
        page_url=payment.page_url if payment.state is PaymentState.OPEN else None,
        expires_at=payment.expires_at,
        refunded=MoneyRead(amount=payment.refunded, currency=payment.currency),
        created_at=payment.created_at,
        finished_at=payment.finished_at,
    )


def read_payout(payout: Payout, operation: ProviderOperation | None = None) -> PayoutRead:
    """Return a withdrawal for its owner; without its operation it was written down just now."""
    return PayoutRead(
        id=payout.id,
        money=MoneyRead(amount=payout.amount, currency=payout.currency),
        fee=MoneyRead(amount=payout.fee, currency=payout.currency),
        kind=payout.kind,
        card_last4=payout.card_last4,
        state=payout.state,
        progress=operation.state if operation else OperationState.TO_SEND,
        waits=operation is not None and operation.state is OperationState.TO_SEND and operation.next_at is None,
        reason=_reason(payout.reason),
        cheque_number=payout.cheque_number,
        cheque_status=payout.cheque_status,
        withdrawal_id=payout.withdrawal_id,
        created_at=payout.created_at,
        finished_at=payout.finished_at,
    )


def read_refund(refund: CardRefund) -> CardRefundRead:
    """Return a refund for its owner."""
    return CardRefundRead(
        id=refund.id,
        payment_id=refund.payment_id,
        money=MoneyRead(amount=refund.amount, currency=refund.currency),
        state=refund.state,
        created_at=refund.created_at,
    )


def _reason(code: str) -> str:
    return _(reason_text(code)) if code else ""
