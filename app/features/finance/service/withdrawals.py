"""Approving withdrawals above the limits of the site: never one's own, two different people above the second limit."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.unit_of_work import UnitOfWork
from app.features.finance.errors import ApproverNeededError, SecondPersonNeededError
from app.features.finance.policy import may_approve
from app.features.finance.schemas import WithdrawalList, WithdrawalToApprove
from app.features.finance.service.people import is_same_person
from app.features.identity import service as identity
from app.features.payments import service as payments
from app.features.payments.errors import OwnMoneyError
from app.models import Withdrawal, WithdrawalState


async def approve_withdrawal(uow: UnitOfWork, actor: Actor, withdrawal_id: UUID) -> Withdrawal:
    """Approve a withdrawal; the last approval that it needs lets it be paid out.

    Raises:
        WithdrawalNotFoundError: There is none.
        WithdrawalDecidedError: It was decided, or its time is over.
        ApproverNeededError: The actor is no approver.
        OwnMoneyError: It is the actor's own.
        SecondPersonNeededError: The actor has given the first approval, maybe with another account.
    """
    withdrawal = await payments.lock_waiting(uow, withdrawal_id)
    await _require_other(uow, actor, withdrawal)
    first = withdrawal.first_approved_by_id
    if first is not None and await is_same_person(uow, actor, first):
        raise SecondPersonNeededError
    done = await payments.record_approval(uow, withdrawal, actor.id)
    new = {"approvals": withdrawal.approvals_needed if done else 1, "of": withdrawal.approvals_needed}
    record_audit(uow.session, actor, "withdrawal.approve", withdrawal.id, new=new | _sum(withdrawal))
    return withdrawal


async def refuse_withdrawal(uow: UnitOfWork, actor: Actor, withdrawal_id: UUID, reason: str) -> Withdrawal:
    """Refuse a withdrawal with a reason that its owner reads; all of its money is in the wallet again.

    Raises:
        WithdrawalNotFoundError: There is none.
        WithdrawalDecidedError: It was decided, or its time is over.
        ApproverNeededError: The actor is no approver.
        OwnMoneyError: It is the actor's own.
    """
    withdrawal = await payments.lock_waiting(uow, withdrawal_id)
    await _require_other(uow, actor, withdrawal)
    await payments.record_refusal(uow, withdrawal, actor.id, reason)
    record_audit(uow.session, actor, "withdrawal.refuse", withdrawal.id, new=_sum(withdrawal), reason=reason)
    return withdrawal


async def list_withdrawals(
    session: AsyncSession, actor: Actor, cursor: str | None, limit: int, *, waiting: bool
) -> WithdrawalList:
    """Return the withdrawals that needed an approval, or only those that wait for it, the newest first.

    Raises:
        BadCursorError: The cursor is not of this list.
    """
    page = await payments.list_withdrawals(session, cursor, limit, waiting=waiting)
    names = await identity.usernames(session, list({name for it in page.items for name in _people(it)}))
    return WithdrawalList(items=[_read(it, actor, names) for it in page.items], next_cursor=page.next_cursor)


async def get_withdrawal(session: AsyncSession, actor: Actor, withdrawal_id: UUID) -> WithdrawalToApprove:
    """Return a withdrawal that needed an approval.

    Raises:
        WithdrawalNotFoundError: There is none.
    """
    return await read_withdrawal(session, actor, await payments.find_withdrawal(session, withdrawal_id))


async def read_withdrawal(session: AsyncSession, actor: Actor, withdrawal: Withdrawal) -> WithdrawalToApprove:
    """Return a withdrawal for the people who look after the money."""
    return _read(withdrawal, actor, await identity.usernames(session, _people(withdrawal)))


async def _require_other(uow: UnitOfWork, actor: Actor, withdrawal: Withdrawal) -> None:
    """Let only an approver decide whose money it is not.

    Raises:
        ApproverNeededError: The actor is no approver.
        OwnMoneyError: It is the actor's own.
    """
    if not may_approve(actor):
        raise ApproverNeededError
    if await is_same_person(uow, actor, withdrawal.user_id):
        raise OwnMoneyError


def _people(withdrawal: Withdrawal) -> list[UUID]:
    named = (withdrawal.user_id, withdrawal.first_approved_by_id, withdrawal.decided_by_id)
    return [person for person in named if person is not None]


def _sum(withdrawal: Withdrawal) -> dict[str, object]:
    return {"amount": withdrawal.amount, "currency": withdrawal.currency.value}


def _read(withdrawal: Withdrawal, actor: Actor, names: dict[UUID, str]) -> WithdrawalToApprove:
    first, decided_by = withdrawal.first_approved_by_id, withdrawal.decided_by_id
    is_open = withdrawal.state is WithdrawalState.WAITING
    return WithdrawalToApprove(
        id=withdrawal.id,
        person_id=withdrawal.user_id,
        person=names.get(withdrawal.user_id, ""),
        amount=withdrawal.amount,
        fee=withdrawal.fee,
        currency=withdrawal.currency,
        parts=withdrawal.parts,
        state=withdrawal.state,
        approvals_needed=withdrawal.approvals_needed,
        first_approved_by=names.get(first, "") if first else "",
        first_approved_at=withdrawal.first_approved_at,
        decided_by=names.get(decided_by, "") if decided_by else "",
        decided_at=withdrawal.decided_at,
        note=withdrawal.note,
        created_at=withdrawal.created_at,
        decided_until=withdrawal.expires_at if is_open else None,
        may_approve=is_open and may_approve(actor) and actor.id not in {withdrawal.user_id, first},
    )
