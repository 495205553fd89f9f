"""Timers of deals: they are rows, fire once, and never before the time of the database has come."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID

from app.core.actor import Actor
from app.core.clock import turned_forward
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import policy
from app.features.contracts.events import ReviewWaits
from app.features.contracts.repository import DealRepository, LockedDeal, LockedMilestone
from app.features.contracts.rules import MilestoneEvent, OtherEvent
from app.features.contracts.service import money
from app.features.contracts.service.change_orders import lapse_change
from app.features.contracts.service.ending import lapse_contract
from app.features.contracts.service.guards import change_state, parties, record
from app.features.contracts.service.milestones import release
from app.features.contracts.service.refunds import refund_by_silence
from app.features.contracts.service.submissions import ends_by_silence
from app.models import (
    DealStatus,
    DealTimer,
    Milestone,
    MilestoneStatus,
    NoticeChannel,
    ReleaseKind,
    TimerKind,
    TimerStatus,
)
from app.models.side import Side

LOOK_AGAIN = timedelta(hours=1)
"""When a timer that cannot fire yet is looked at again."""
LOOK_AGAIN_TURNED = timedelta(seconds=20)
"""The same where the clock of a trial was turned: a turn over reminders and the end of a review at once leaves messages
that arrive within seconds, and nobody should have to turn the clock a second time."""
SWEPT_AT_ONCE = 200


async def due_timers(uow: UnitOfWork) -> Sequence[UUID]:
    """Return the next timers whose time is over."""
    return await DealRepository(uow.session).due_timers(SWEPT_AT_ONCE)


async def fire_timer(uow: UnitOfWork, timer_id: UUID) -> bool:
    """Fire a timer whose time is over; its deal is locked first, and skipped while somebody else has it.

    Returns:
        Whether it was dealt with. A timer whose state has changed meanwhile ends without any effect.
    """
    repository = DealRepository(uow.session)
    seen = await repository.peek_timer(timer_id)
    locked = await repository.lock_deal(seen.contract_id, skip_locked=True) if seen is not None else None
    timer = await repository.claim_timer(timer_id) if locked is not None else None
    if locked is None or timer is None:
        return False
    if await _HANDLERS[timer.kind](uow, locked, timer):
        timer.status = TimerStatus.FIRED
    else:
        pause = LOOK_AGAIN_TURNED if turned_forward() else LOOK_AGAIN
        timer.look_at = max(locked.now, timer.due_at) + pause
    await uow.session.flush()
    return True


async def record_notice(
    uow: UnitOfWork, submission_id: UUID, channel: NoticeChannel, message_id: int, *, delivered: bool
) -> None:
    """Record a message to the client that a submission waits for review."""
    await DealRepository(uow.session).add_notice(submission_id, channel, message_id, delivered=delivered)


async def record_seen(uow: UnitOfWork, actor: Actor, milestone_id: UUID) -> None:
    """Record that the client has opened the page on which a submission waits: messages on the site have arrived."""
    repository = DealRepository(uow.session)
    locked = await repository.lock_milestone(milestone_id)
    if locked is None or policy.side_of(actor, locked.contract) is not Side.CUSTOMER:
        return
    submission = await repository.last_submission(milestone_id)
    if submission is not None:
        await repository.mark_notices(submission.id, NoticeChannel.SITE, None, locked.now)


async def _milestone(uow: UnitOfWork, locked: LockedDeal, timer: DealTimer) -> LockedMilestone | None:
    """Lock the milestone of a timer after its deal."""
    if timer.milestone_id is None:
        return None
    found: Milestone | None = await DealRepository(uow.session).lock_milestone_of(
        locked.contract.id, timer.milestone_id
    )
    return LockedMilestone(locked.contract, locked.deal, locked.now, found) if found is not None else None


async def _in_state(
    uow: UnitOfWork, locked: LockedDeal, timer: DealTimer, state: MilestoneStatus
) -> LockedMilestone | None:
    """Return the locked milestone of a timer if it still is in this state."""
    found = await _milestone(uow, locked, timer)
    return found if found is not None and found.milestone.status is state else None


async def _end_unfunded(uow: UnitOfWork, locked: LockedDeal, _timer: DealTimer) -> bool:
    if locked.deal.status is not DealStatus.AWAITING_FUNDING:
        return True
    return await lapse_contract(uow, locked)


async def _end_review(uow: UnitOfWork, locked: LockedDeal, timer: DealTimer) -> bool:
    """Accept by silence, if that counts; else both sides are told that the review goes on."""
    found = await _in_state(uow, locked, timer, MilestoneStatus.SUBMITTED)
    if found is None or timer.subject_id is None:
        return True
    if await ends_by_silence(uow, locked, timer.subject_id):
        rest = money.held(found.milestone)
        await release(uow, found, rest, ReleaseKind.SILENCE, Side.SYSTEM, None)
        return True
    if not timer.held_up:
        timer.held_up = True
        record(uow, locked, OtherEvent.REVIEW_HELD_UP, Side.SYSTEM, milestone=found.milestone)
    return False


async def _remind(uow: UnitOfWork, locked: LockedDeal, timer: DealTimer) -> bool:
    found = await _in_state(uow, locked, timer, MilestoneStatus.SUBMITTED)
    review = await DealRepository(uow.session).waiting_timer(found.milestone.id, TimerKind.REVIEW) if found else None
    if found is None or review is None:
        return True
    left = max(1, -((timer.due_at - review.due_at) // timedelta(days=1)))
    record(uow, locked, OtherEvent.REVIEW_ENDING, Side.SYSTEM, milestone=found.milestone)
    uow.emit(
        ReviewWaits(
            **parties(locked.contract),
            milestone_id=str(found.milestone.id),
            submission_id=str(timer.subject_id),
            days=left,
        )
    )
    return True


async def _resubmission_late(uow: UnitOfWork, locked: LockedDeal, timer: DealTimer) -> bool:
    found = await _in_state(uow, locked, timer, MilestoneStatus.REVISION)
    if found is not None:
        event = MilestoneEvent.RESUBMISSION_LATE
        await change_state(uow, locked.contract, found.milestone, event, locked.now)
        record(uow, locked, event, Side.SYSTEM, milestone=found.milestone)
    return True


async def _end_refund(uow: UnitOfWork, locked: LockedDeal, timer: DealTimer) -> bool:
    found = await _in_state(uow, locked, timer, MilestoneStatus.REFUND_REQUESTED)
    if found is not None:
        await refund_by_silence(uow, found)
    return True


async def _lapse_change(uow: UnitOfWork, locked: LockedDeal, timer: DealTimer) -> bool:
    if timer.subject_id is not None:
        await lapse_change(uow, locked, timer.subject_id)
    return True


async def _warn_of_limit(uow: UnitOfWork, locked: LockedDeal, timer: DealTimer) -> bool:
    """Tell both sides that the provider returns soon what is still held."""
    found = await _milestone(uow, locked, timer)
    rest = money.held(found.milestone) if found is not None else 0
    if found is not None and rest:
        record(uow, locked, OtherEvent.HOLDING_ENDING, Side.SYSTEM, milestone=found.milestone, amount=rest)
    return True


async def _mature(uow: UnitOfWork, locked: LockedDeal, timer: DealTimer) -> bool:
    made = await DealRepository(uow.session).release(timer.subject_id) if timer.subject_id is not None else None
    found = await _milestone(uow, locked, timer)
    if made is None or made.matured_at is not None or found is None:
        return True
    txn_id = await money.mature(uow, locked, made)
    record(
        uow,
        locked,
        OtherEvent.AVAILABLE,
        Side.SYSTEM,
        milestone=found.milestone,
        amount=made.net,
        txn_id=txn_id,
    )
    return True


_HANDLERS: dict[TimerKind, Callable[[UnitOfWork, LockedDeal, DealTimer], Awaitable[bool]]] = {
    TimerKind.FUND_CONTRACT: _end_unfunded,
    TimerKind.REVIEW: _end_review,
    TimerKind.REMIND_OF_REVIEW: _remind,
    TimerKind.RESUBMIT: _resubmission_late,
    TimerKind.REFUND_ANSWER: _end_refund,
    TimerKind.CHANGE_ORDER: _lapse_change,
    TimerKind.SECURITY: _mature,
    TimerKind.HOLDING_LIMIT: _warn_of_limit,
}
"""What a timer does; False: not now, look again later."""
