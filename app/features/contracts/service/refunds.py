"""Use cases of refund requests: ask, withdraw and answer."""

from uuid import UUID

from app.core.actor import Actor
from app.core.ids import new_id
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import rules
from app.features.contracts.errors import RefundTooEarlyError, RequestDecidedError, TooManyRefundsError
from app.features.contracts.repository import DealRepository, LockedMilestone
from app.features.contracts.rules import MilestoneEvent
from app.features.contracts.schemas import RefundAnswer, RefundAsk
from app.features.contracts.service import money
from app.features.contracts.service.guards import (
    change_state,
    finish_if_done,
    lock_milestone,
    record,
    require,
    require_in_time,
    timer,
)
from app.features.contracts.service.milestones import checked_amount
from app.features.contracts.service.papers import Move, MoveKind, issue_moves
from app.features.identity import service as identity
from app.models import Milestone, MilestoneStatus, RefundRequest, RequestStatus, TimerKind
from app.models.side import Side


async def ask_refund(uow: UnitOfWork, actor: Actor, milestone_id: UUID, command: RefundAsk) -> Milestone:
    """Ask for money of a milestone back, as the client. Emits `DealMoved`.

    If nothing was submitted, or the account of the freelancer is closed or blocked, silence grants it. Otherwise the
    request waits for an answer.

    Raises:
        MilestoneNotFoundError: The actor is not a party.
        WrongPartyError: The actor is not the client.
        MilestoneStateError: The state of the milestone does not allow it.
        TooManyRefundsError: Too many requests were refused or withdrawn.
        RefundTooEarlyError: Changes were requested, and the time to submit again is not over.
        InvalidDealAmountError: More is asked for than what is held.
    """
    locked, side = await lock_milestone(uow, actor, milestone_id, command.version)
    require(locked, MilestoneEvent.ASK_REFUND, side)
    milestone, repository = locked.milestone, DealRepository(uow.session)
    if await repository.vain_refunds(milestone.id, rules.VAIN) >= rules.MAX_VAIN_REFUNDS:
        raise TooManyRefundsError(params={"most": rules.MAX_VAIN_REFUNDS})
    rest = money.held(milestone)
    amount = rest if command.amount is None else checked_amount(command.amount, rest, milestone)
    if milestone.status is MilestoneStatus.REVISION:
        waiting = await repository.waiting_timer(milestone.id, TimerKind.RESUBMIT)
        if waiting is not None and waiting.due_at > locked.now:
            raise RefundTooEarlyError(params={"until": waiting.due_at})
    before = milestone.status
    await change_state(uow, locked.contract, milestone, MilestoneEvent.ASK_REFUND, locked.now)
    made = RefundRequest(
        id=new_id(),
        milestone_id=milestone.id,
        amount=amount,
        reason=command.reason,
        status=RequestStatus.OPEN,
        # Who is gone can answer nothing, and the money must not stay held for ever.
        after_submission=milestone.submissions > 0
        and await identity.is_active(uow.session, locked.contract.freelancer_id),
        asked_in=before.value,
        asked_at=locked.now,
    )
    await repository.insert_all(made)
    if not made.after_submission:
        due = locked.now + rules.duration(locked.deal.settings, "refund_answer_days")
        await repository.add_timers(
            [timer(locked, TimerKind.REFUND_ANSWER, due, milestone=milestone, subject_id=made.id)]
        )
    record(uow, locked, MilestoneEvent.ASK_REFUND, side, actor=actor, milestone=milestone, amount=amount)
    return milestone


async def withdraw_refund(uow: UnitOfWork, actor: Actor, milestone_id: UUID, version: int | None = None) -> Milestone:
    """Withdraw the open refund request, as the client: the milestone is as it was before. Emits `DealMoved`."""
    locked, side = await lock_milestone(uow, actor, milestone_id, version)
    await _decide(uow, locked, MilestoneEvent.WITHDRAW_REFUND, side, actor, RequestStatus.WITHDRAWN)
    return locked.milestone


async def answer_refund(uow: UnitOfWork, actor: Actor, milestone_id: UUID, command: RefundAnswer) -> Milestone:
    """Agree to the open refund request or refuse it, as the freelancer. Emits `DealMoved`.

    After a refusal, and after a refund of a part, work goes on.

    Raises:
        MilestoneNotFoundError: The actor is not a party.
        WrongPartyError: The actor is not the freelancer.
        MilestoneStateError: No refund is requested.
        AnswerLateError: It is refused after the time to answer: the money goes back.
    """
    locked, side = await lock_milestone(uow, actor, milestone_id, command.version)
    event = MilestoneEvent.AGREE_REFUND if command.agree else MilestoneEvent.REFUSE_REFUND
    status = RequestStatus.AGREED if command.agree else RequestStatus.REFUSED
    await _decide(uow, locked, event, side, actor, status)
    return locked.milestone


async def refuse_by_submission(uow: UnitOfWork, locked: LockedMilestone) -> None:
    """Refuse the open refund request of a locked milestone, because the freelancer submits the work instead.

    Raises:
        AnswerLateError: The time to answer is over: the money goes back.
    """
    request = await DealRepository(uow.session).open_refund(locked.milestone.id)
    if request is not None:
        await require_in_time(uow, locked, request.id, TimerKind.REFUND_ANSWER)
        request.status, request.decided_at = RequestStatus.REFUSED, locked.now


async def refund_by_silence(uow: UnitOfWork, locked: LockedMilestone) -> None:
    """Grant the open refund request of a locked milestone, because nobody answered it and nothing was submitted."""
    await _decide(uow, locked, MilestoneEvent.REFUND_BY_SILENCE, Side.SYSTEM, None, RequestStatus.SILENCE)


PART_OF = {
    MilestoneEvent.AGREE_REFUND: MilestoneEvent.AGREE_PART_REFUND,
    MilestoneEvent.REFUND_BY_SILENCE: MilestoneEvent.PART_REFUND_BY_SILENCE,
}
"""The event that a refund of a part is instead."""


async def _decide(
    uow: UnitOfWork,
    locked: LockedMilestone,
    event: MilestoneEvent,
    side: Side,
    actor: Actor | None,
    status: RequestStatus,
) -> None:
    require(locked, event, side)
    milestone = locked.milestone
    request = await DealRepository(uow.session).open_refund(milestone.id)
    if request is None:
        raise RequestDecidedError
    if event is MilestoneEvent.REFUSE_REFUND:
        await require_in_time(uow, locked, request.id, TimerKind.REFUND_ANSWER)
    if request.after_submission and side is Side.SYSTEM:
        raise RequestDecidedError
    pays = event in PART_OF
    amount = min(request.amount, money.held(milestone)) if pays else 0
    event = _meant(event, request, is_part=pays and amount < money.held(milestone))
    request.status, request.decided_at = status, locked.now
    await change_state(uow, locked.contract, milestone, event, locked.now)
    txn_id = await money.refund(uow, locked, amount, actor) if pays else None
    record(uow, locked, event, side, actor=actor, milestone=milestone, amount=amount or None, txn_id=txn_id)
    await finish_if_done(uow, locked, locked.milestone.status)
    if pays:
        await issue_moves(uow, locked, Move(MoveKind.REFUNDED, milestone, amount))


def _meant(event: MilestoneEvent, request: RefundRequest, *, is_part: bool) -> MilestoneEvent:
    """Return the event of the table: by how much goes back, and by the state in which it was asked for."""
    if is_part:
        event = PART_OF[event]
    return rules.BACK_TO.get(event, {}).get(request.asked_in or "", event)
