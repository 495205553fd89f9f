"""Withdrawals of several parts, and those that operators approve first: opened, approved, refused, canceled, lapsed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypedDict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.money import Money, MoneyRead
from app.core.pagination import Slice, encode_cursor, last_id
from app.core.payment_port import Capabilities
from app.core.persistence.advisory_locks import lock_names
from app.core.unit_of_work import UnitOfWork
from app.features.payments import rules
from app.features.payments.errors import WithdrawalDecidedError, WithdrawalNotFoundError
from app.features.payments.events import WithdrawalApproved, WithdrawalGivenBack, WithdrawalWaits
from app.features.payments.repository import WithdrawalRepository
from app.features.payments.rules import OPERATION_MACHINE, WITHDRAWAL_MACHINE, MoneyEvent
from app.features.payments.schemas import WithdrawalRead
from app.features.payments.service.intents import SEND_TASK, Part, PayoutOrder, open_payout
from app.features.payments.service.reading import read_payout
from app.features.payments.service.settlement import return_to_wallet
from app.models import Payout, Withdrawal, WithdrawalState

LAPSED_AT_ONCE = 50
CODES = {MoneyEvent.REFUSE: "not_approved", MoneyEvent.CANCEL: "canceled_by_owner", MoneyEvent.LAPSE: "not_decided"}


async def open_withdrawal(uow: UnitOfWork, order: PayoutOrder, limits: Capabilities | None) -> list[Payout]:
    """Take money out of a wallet, in as many parts as the provider needs; all of it or nothing.

    Each part has an operation, and so a key and a receipt, of its own. The fee is that of the whole, divided among the
    parts. Emits `WithdrawalWaits` where operators have to approve it before the provider is asked.

    Raises:
        NoPaymentProviderError: The instance has no provider.
        InsufficientFundsError: The wallet holds less.
    """
    settings, money = uow.resources.settings, order.money
    amounts = [money.amount] if limits is None else parts_of(limits, money.amount)
    needed = await _approvals_needed(uow, order)
    if len(amounts) == 1 and not needed:
        return [await open_payout(uow, order)]
    fees = rules.split_fee(amounts, settings.withdrawal_fee_bp, settings.withdrawal_fee_minimum)
    now = utc_now()
    withdrawal = Withdrawal(
        id=new_id(),
        user_id=order.user_id,
        currency=money.currency,
        amount=money.amount,
        fee=sum(fees),
        parts=len(amounts),
        approvals_needed=needed,
        state=WithdrawalState.WAITING if needed else WithdrawalState.APPROVED,
        decided_at=None if needed else now,
        note="",
        created_at=now,
        expires_at=now + timedelta(days=settings.withdrawal_decision_days) if needed else None,
    )
    await WithdrawalRepository(uow.session).add(withdrawal)
    payouts = [
        await open_payout(
            uow,
            replace(order, money=Money(amount, money.currency)),
            Part(withdrawal_id=withdrawal.id, fee=fee, waits=bool(needed)),
        )
        for amount, fee in zip(amounts, fees, strict=True)
    ]
    if needed:
        uow.emit(WithdrawalWaits(**_about(withdrawal, payouts)))
    return payouts


def parts_of(limits: Capabilities, amount: int) -> list[int]:
    """Return the parts in which the provider pays an amount; empty where it cannot."""
    return rules.split_amount(amount, limits.payout_minimum, limits.payout_maximum)


async def _approvals_needed(uow: UnitOfWork, order: PayoutOrder) -> int:
    """Return how many operators must approve; withdrawals of one person at once are counted one after the other."""
    limits = rules.approval_limits(uow.resources.settings)
    if not limits.is_set:
        return 0
    await lock_names(uow.session, f"payments.withdraw:{order.user_id}")
    since = utc_now() - rules.A_DAY
    earlier = await WithdrawalRepository(uow.session).withdrawn_since(order.user_id, order.money.currency, since)
    return rules.approvals_needed(limits, order.money, earlier)


async def lock_waiting(uow: UnitOfWork, withdrawal_id: UUID, owner_id: UUID | None = None) -> Withdrawal:
    """Lock a withdrawal that waits for an approval.

    Args:
        uow: The unit of work.
        withdrawal_id: The withdrawal.
        owner_id: Whose it must be; None for anybody's.

    Raises:
        WithdrawalNotFoundError: There is none, or it is somebody else's.
        WithdrawalDecidedError: It was decided, or its time is over.
    """
    found = await WithdrawalRepository(uow.session).get(withdrawal_id, lock=True)
    if found is None or owner_id not in {None, found.user_id}:
        raise WithdrawalNotFoundError
    if found.state is not WithdrawalState.WAITING or (found.expires_at is not None and found.expires_at <= utc_now()):
        raise WithdrawalDecidedError
    return found


async def record_approval(uow: UnitOfWork, withdrawal: Withdrawal, operator_id: UUID) -> bool:
    """Record that an operator approves a locked withdrawal; return whether it is paid out now.

    The caller has checked that the operator may, and is another person than the first one. Emits `WithdrawalApproved`.
    """
    now = utc_now()
    if withdrawal.approvals_needed > 1 and withdrawal.first_approved_by_id is None:
        withdrawal.first_approved_by_id, withdrawal.first_approved_at = operator_id, now
        return False
    _move(withdrawal, MoneyEvent.APPROVE)
    withdrawal.decided_by_id, withdrawal.decided_at = operator_id, now
    parts = await WithdrawalRepository(uow.session).parts(withdrawal.id, lock=True)
    for _payout, operation in parts:
        operation.next_at = now
    uow.trigger_task(SEND_TASK)
    uow.emit(WithdrawalApproved(**_about(withdrawal, [payout for payout, _operation in parts])))
    return True


async def record_refusal(uow: UnitOfWork, withdrawal: Withdrawal, operator_id: UUID, reason: str) -> None:
    """Record that an operator refuses a locked withdrawal, with a reason that its owner reads.

    The caller has checked that the operator may. Emits `WithdrawalGivenBack`.
    """
    await _end_without_payment(uow, withdrawal, MoneyEvent.REFUSE, by=operator_id, note=reason)


async def cancel_withdrawal(uow: UnitOfWork, actor: Actor, withdrawal_id: UUID) -> Withdrawal:
    """Give up a withdrawal of one's own that waits for an approval; the money is in the wallet again.

    Raises:
        WithdrawalNotFoundError: The actor has no such withdrawal.
        WithdrawalDecidedError: It was decided, or its time is over.
    """
    withdrawal = await lock_waiting(uow, withdrawal_id, actor.id)
    await _end_without_payment(uow, withdrawal, MoneyEvent.CANCEL, by=actor.id)
    return withdrawal


async def _end_without_payment(
    uow: UnitOfWork, withdrawal: Withdrawal, event: MoneyEvent, *, by: UUID | None = None, note: str = ""
) -> None:
    """End a locked withdrawal that waits: each part is in the wallet again, and nothing was asked of the provider.

    Emits `WithdrawalGivenBack`, except where its owner gave it up.
    """
    now = utc_now()
    _move(withdrawal, event)
    withdrawal.decided_by_id, withdrawal.decided_at, withdrawal.note = by, now, note
    parts = await WithdrawalRepository(uow.session).parts(withdrawal.id, lock=True)
    for payout, operation in parts:
        await return_to_wallet(uow, payout, CODES[event], now)
        operation.state = OPERATION_MACHINE.target(operation.state, MoneyEvent.REFUSE) or operation.state
        operation.code, operation.finished_at = CODES[event], now
    if event is not MoneyEvent.CANCEL:
        about = _about(withdrawal, [payout for payout, _operation in parts])
        uow.emit(WithdrawalGivenBack(reason=CODES[event], **about))


async def lapse(uow: UnitOfWork) -> int:
    """End the withdrawals about which nobody has decided in time; return how many those were."""
    late = await WithdrawalRepository(uow.session).lock_late(utc_now(), LAPSED_AT_ONCE)
    for withdrawal in late:
        await _end_without_payment(uow, withdrawal, MoneyEvent.LAPSE)
    return len(late)


async def get_withdrawal(session: AsyncSession, actor: Actor, withdrawal_id: UUID) -> WithdrawalRead:
    """Return a withdrawal of the actor with its parts.

    Raises:
        WithdrawalNotFoundError: There is none.
    """
    found = await WithdrawalRepository(session).get(withdrawal_id)
    if found is None or found.user_id != actor.id:
        raise WithdrawalNotFoundError
    return await read_withdrawal(session, found)


async def find_withdrawal(session: AsyncSession, withdrawal_id: UUID) -> Withdrawal:
    """Return a withdrawal for an operator.

    Raises:
        WithdrawalNotFoundError: There is none that needed an approval.
    """
    found = await WithdrawalRepository(session).get(withdrawal_id)
    if found is None or not found.approvals_needed:
        raise WithdrawalNotFoundError
    return found


async def list_withdrawals(
    session: AsyncSession, cursor: str | None, limit: int, *, waiting: bool
) -> Slice[Withdrawal]:
    """Return the withdrawals that needed an approval, or those of them that wait for it, the newest first.

    Raises:
        BadCursorError: The cursor is not of this list.
    """
    rows = await WithdrawalRepository(session).with_approvals(last_id(cursor), limit + 1, waiting=waiting)
    return Slice(list(rows[:limit]), encode_cursor(rows[limit - 1].id) if len(rows) > limit else None)


async def read_withdrawal(session: AsyncSession, withdrawal: Withdrawal) -> WithdrawalRead:
    """Return a withdrawal for its owner."""
    parts = await WithdrawalRepository(session).parts(withdrawal.id)
    return WithdrawalRead(
        id=withdrawal.id,
        money=MoneyRead(amount=withdrawal.amount, currency=withdrawal.currency),
        fee=MoneyRead(amount=withdrawal.fee, currency=withdrawal.currency),
        state=withdrawal.state,
        approvals_needed=withdrawal.approvals_needed,
        approvals=_approvals(withdrawal),
        decided_until=withdrawal.expires_at if withdrawal.state is WithdrawalState.WAITING else None,
        note=withdrawal.note,
        parts=[read_payout(payout, operation) for payout, operation in parts],
        created_at=withdrawal.created_at,
        decided_at=withdrawal.decided_at,
    )


def _approvals(withdrawal: Withdrawal) -> int:
    """Return how many operators have approved it."""
    if withdrawal.state is WithdrawalState.APPROVED:
        return withdrawal.approvals_needed
    return int(withdrawal.first_approved_by_id is not None)


def _move(withdrawal: Withdrawal, event: MoneyEvent) -> None:
    withdrawal.state = WITHDRAWAL_MACHINE.target(withdrawal.state, event) or withdrawal.state


class _About(TypedDict):
    withdrawal_id: str
    payout_id: str
    user_id: str
    amount: int
    currency: str


def _about(withdrawal: Withdrawal, parts: Sequence[Payout]) -> _About:
    """Return the fields that all events share; the page of the first part shows all of them."""
    return {
        "withdrawal_id": str(withdrawal.id),
        "payout_id": str(parts[0].id),
        "user_id": str(withdrawal.user_id),
        "amount": withdrawal.amount,
        "currency": withdrawal.currency.value,
    }
