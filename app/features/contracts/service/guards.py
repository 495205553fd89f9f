"""Locks, checks and the timeline, shared by the use cases of deals."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.actor import Actor
from app.core.i18n import _
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import policy, rules
from app.features.contracts.errors import (
    AnswerLateError,
    ContractNotFoundError,
    ContractStateError,
    FreelancerGoneError,
    MilestoneChangedError,
    MilestoneNotFoundError,
    MilestoneStateError,
    WrongPartyError,
)
from app.features.contracts.events import DealMoved
from app.features.contracts.repository import DealRepository, LockedDeal, LockedMilestone
from app.features.contracts.rules import (
    DEAL_MACHINE,
    MILESTONE_MACHINE,
    DealAction,
    DealEvent,
    MilestoneEvent,
    OtherEvent,
)
from app.features.identity import service as identity
from app.models import Contract, Deal, DealEntry, DealStatus, Milestone, MilestoneStatus, RequestStatus, TimerKind
from app.models.deal import FINISHED
from app.models.side import Side

MILESTONE_TIMERS = (
    TimerKind.REVIEW,
    TimerKind.REMIND_OF_REVIEW,
    TimerKind.RESUBMIT,
    TimerKind.REFUND_ANSWER,
)
"""Timers that belong to the state of a milestone: each change of the state cancels them."""
CAN_FINISH = (DealStatus.ACTIVE, DealStatus.PAUSED, DealStatus.CLOSING)


async def lock_milestone(
    uow: UnitOfWork, actor: Actor, milestone_id: UUID, version: int | None
) -> tuple[LockedMilestone, Side]:
    """Lock a milestone and its deal for one of the two parties.

    Args:
        uow: The unit of work.
        actor: Who acts.
        milestone_id: The milestone.
        version: The version that the actor has seen; None does not ask.

    Raises:
        MilestoneNotFoundError: It does not exist, or the actor is not a party of its contract.
        MilestoneChangedError: `version` is not the current one.
    """
    locked = await DealRepository(uow.session).lock_milestone(milestone_id)
    side = policy.side_of(actor, locked.contract) if locked is not None else None
    if locked is None or side is None:
        raise MilestoneNotFoundError
    if version is not None and locked.milestone.version != version:
        raise MilestoneChangedError
    return locked, side


async def lock_deal(uow: UnitOfWork, actor: Actor, contract_id: UUID) -> tuple[LockedDeal, Side]:
    """Lock a deal for one of the two parties.

    Raises:
        ContractNotFoundError: It does not exist or has no deal, or the actor is not a party.
    """
    locked = await DealRepository(uow.session).lock_deal(contract_id)
    side = policy.side_of(actor, locked.contract) if locked is not None else None
    if locked is None or side is None:
        raise ContractNotFoundError
    return locked, side


def require(locked: LockedMilestone, event: MilestoneEvent, side: Side) -> None:
    """Refuse an event that the side may not trigger, or not now; see `require_state`."""
    require_state(locked.deal, locked.milestone, event, side)


def require_state(deal: Deal, milestone: Milestone, event: MilestoneEvent, side: Side) -> None:
    """Refuse an event of a milestone that the side may not trigger, or not now.

    Raises:
        WrongPartyError: Only the other side ever may.
        MilestoneStateError: The state of the milestone does not allow it.
        ContractStateError: The state of the contract does not allow it.
    """
    if all(arrow.side != side for arrow in MILESTONE_MACHINE.transitions if arrow.event == event):
        raise WrongPartyError
    if event not in MILESTONE_MACHINE.events(milestone.status, side):
        raise MilestoneStateError(params={"state": _(rules.MILESTONE_STATES[milestone.status])})
    if not rules.allows(deal.status, milestone.status, event, side):
        raise contract_state_error(deal)


def contract_state_error(deal: Deal) -> ContractStateError:
    """Return the error that names the state of the contract."""
    return ContractStateError(params={"state": _(rules.DEAL_STATES[deal.status])})


async def require_in_time(uow: UnitOfWork, locked: LockedDeal, subject_id: UUID, kind: TimerKind) -> None:
    """Refuse an answer after its time, also before the sweep has acted on that.

    Raises:
        AnswerLateError: The timer of the subject is due by the time of the database.
    """
    due = await DealRepository(uow.session).due_timer(locked.contract.id, subject_id, kind)
    if due is not None:
        raise AnswerLateError(params={"until": due.due_at})


async def require_freelancer(uow: UnitOfWork, locked: LockedDeal) -> None:
    """Refuse to pay for a freelancer who could neither do the work nor take the money out.

    Raises:
        FreelancerGoneError: The account is closed or blocked.
    """
    if not await identity.is_active(uow.session, locked.contract.freelancer_id):
        raise FreelancerGoneError


async def change_state(
    uow: UnitOfWork, contract: Contract, milestone: Milestone, event: MilestoneEvent, now: datetime
) -> None:
    """Move a locked milestone along an arrow that was required, and end the timers of the state before.

    Raises:
        MilestoneStateError: There is no such arrow.
    """
    if next_state(milestone, event) is not milestone.status:
        await DealRepository(uow.session).cancel_timers([contract.id], [milestone.id], kinds=MILESTONE_TIMERS)
    move_milestone(milestone, event, now)


def next_state(milestone: Milestone, event: MilestoneEvent) -> MilestoneStatus:
    """Return the state of a milestone after an event.

    Raises:
        MilestoneStateError: There is no such arrow.
    """
    target = MILESTONE_MACHINE.target(milestone.status, event)
    if target is None:
        raise MilestoneStateError(params={"state": _(rules.MILESTONE_STATES[milestone.status])})
    return target


def move_milestone(milestone: Milestone, event: MilestoneEvent, now: datetime) -> None:
    """Move a locked milestone along an arrow, after `MILESTONE_TIMERS` of the state before were cancelled."""
    milestone.status = next_state(milestone, event)
    milestone.version += 1
    if milestone.status in FINISHED:
        milestone.finished_at = now


def move_deal(locked: LockedDeal, event: DealEvent) -> None:
    """Move a locked deal.

    Raises:
        ContractStateError: Its state has no such arrow.
    """
    target = DEAL_MACHINE.target(locked.deal.status, event)
    if target is None:
        raise contract_state_error(locked.deal)
    locked.deal.status = target
    locked.deal.version += 1
    if DEAL_MACHINE.is_end(target):
        locked.deal.ended_at = locked.now


async def finish_if_done(uow: UnitOfWork, locked: LockedDeal, ended: MilestoneStatus) -> None:
    """Close a deal whose last milestone has ended; the state that one of them has now says whether to look."""
    if ended not in FINISHED or locked.deal.status not in CAN_FINISH:
        return
    await uow.session.flush()
    if not await DealRepository(uow.session).unfinished([locked.contract.id], FINISHED):
        was_ending = locked.deal.status is DealStatus.CLOSING
        finish(uow, locked)
        if not was_ending:  # else its change lapsed when the end was decided
            await lapse_open_change(uow, locked)


def finish(uow: UnitOfWork, locked: LockedDeal) -> None:
    """Close a deal whose milestones have all ended; an open change is lapsed by `lapse_open_change`."""
    move_deal(locked, DealEvent.FINISH)
    record(uow, locked, DealEvent.FINISH, Side.SYSTEM)


async def lapse_open_change(uow: UnitOfWork, locked: LockedDeal) -> None:
    """Let the open change of the work lapse, because its deal ends: nobody can sign it any more."""
    repository = DealRepository(uow.session)
    order = await repository.open_change_order(locked.contract.id)
    if order is None:
        return
    order.status, order.decided_at = RequestStatus.SILENCE, locked.now
    await repository.cancel_timers([locked.contract.id], kinds=[TimerKind.CHANGE_ORDER])
    record(uow, locked, OtherEvent.CHANGE_ORDER_LAPSED, Side.SYSTEM)


def record(  # noqa: PLR0913 - what a line of the timeline holds, by name
    uow: UnitOfWork,
    locked: LockedDeal,
    event: DealAction,
    side: Side,
    *,
    actor: Actor | None = None,
    milestone: Milestone | None = None,
    amount: int | None = None,
    txn_id: UUID | None = None,
    note: str | None = None,
    is_told: bool = True,
) -> None:
    """Add a line to the timeline, and emit it as `DealMoved`, unless it belongs to a line that is told itself."""
    contract = locked.contract
    state = milestone.status.value if milestone is not None else locked.deal.status.value
    uow.session.add(
        DealEntry(
            contract_id=contract.id,
            milestone_id=milestone.id if milestone is not None else None,
            event=event.value,
            side=side,
            actor_id=actor.id if actor is not None else None,
            amount=amount,
            state=state,
            txn_id=txn_id,
            note=note,
            happened_at=locked.now,
        )
    )
    if not is_told:
        return
    uow.emit(
        DealMoved(
            **parties(contract),
            event=event.value,
            side=side.value,
            milestone_id=str(milestone.id) if milestone is not None else "",
            amount=str(amount) if amount else "",
        )
    )


def parties(contract: Contract) -> dict[str, str]:
    """Return the ids that every event of a deal contains."""
    return {
        "contract_id": str(contract.id),
        "order_id": str(contract.order_id),
        "customer_id": str(contract.customer_id),
        "freelancer_id": str(contract.freelancer_id),
    }


def timer(
    locked: LockedDeal,
    kind: TimerKind,
    due_at: datetime,
    *,
    milestone: Milestone | None = None,
    subject_id: UUID | None = None,
) -> dict[str, Any]:
    """Return the row of a timer."""
    return {
        "kind": kind,
        "contract_id": locked.contract.id,
        "milestone_id": milestone.id if milestone is not None else None,
        "subject_id": subject_id,
        "due_at": due_at,
        "look_at": due_at,
        "terms_version": locked.deal.terms_version,
    }
