"""Use cases of changes of the work: one side proposes, and they hold once the other side has signed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.core.actor import Actor
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.ids import new_id
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import policy, rules
from app.features.contracts.errors import (
    ChangeOrderOpenError,
    InvalidChangeOrderError,
    RequestDecidedError,
    WrongPartyError,
)
from app.features.contracts.repository import DealRepository, LockedDeal, LockedMilestone
from app.features.contracts.rules import OtherEvent
from app.features.contracts.schemas import ChangeOrderCreate, MilestoneChange
from app.features.contracts.service import money
from app.features.contracts.service.guards import contract_state_error, lock_deal, record, require_in_time, timer
from app.features.contracts.service.papers import Move, MoveKind, issue_moves
from app.models import ChangeOrder, DealStatus, Milestone, MilestoneStatus, RequestStatus, TimerKind
from app.models.deal import MAX_MILESTONES
from app.models.side import Side

CHANGEABLE = (MilestoneStatus.PLANNED, MilestoneStatus.FUNDED, MilestoneStatus.IN_WORK, MilestoneStatus.REVISION)
"""States in which a milestone may be changed: not while it is being paid, in review, or waits for an answer."""
NO_SUCH_MILESTONE = N_("The contract has no such milestone.")
TWICE = N_("Each milestone can be changed once.")
NOT_NOW = N_("This milestone cannot be changed now: it is “{state}”.")
TOO_LITTLE = N_("At this price nothing would be held any more. Choose a higher one, or ask for a refund instead.")
TOO_LONG_TO_HOLD = N_("Money is held for a limited time: divide the work into milestones of at most {most} days.")
TOO_MANY = N_("A contract has at most {most} milestones.")


async def propose_change(uow: UnitOfWork, actor: Actor, contract_id: UUID, command: ChangeOrderCreate) -> ChangeOrder:
    """Propose other milestones to the other side, which signs or refuses them. Emits `DealMoved`.

    Raises:
        ContractNotFoundError: The actor is not a party.
        ContractStateError: The contract has ended or is ending.
        ChangeOrderOpenError: Another change waits for an answer.
        InvalidChangeOrderError: A milestone cannot be changed like this.
    """
    locked, side = await lock_deal(uow, actor, contract_id)
    _require_open(locked)
    repository = DealRepository(uow.session)
    if await repository.open_change_order(contract_id) is not None:
        raise ChangeOrderOpenError
    _check(locked, await repository.lock_milestones(contract_id), command.changes)
    made = ChangeOrder(
        id=new_id(),
        contract_id=contract_id,
        side=side.value,
        note=command.note,
        changes=[change.model_dump(mode="json") for change in command.changes],
        status=RequestStatus.OPEN,
        proposed_by_id=actor.id,
        proposed_at=locked.now,
    )
    await repository.insert_all(made)
    due = locked.now + rules.duration(locked.deal.settings, "change_hours")
    await repository.add_timers([timer(locked, TimerKind.CHANGE_ORDER, due, subject_id=made.id)])
    record(uow, locked, OtherEvent.CHANGE_ORDER_PROPOSED, side, actor=actor)
    return made


async def answer_change(uow: UnitOfWork, actor: Actor, change_order_id: UUID, *, agree: bool) -> ChangeOrder:
    """Sign the change that the other side proposed, or refuse it. Emits `DealMoved`.

    What a paid milestone costs more is taken from the client's wallet, what it costs less goes back, with the fees.

    Raises:
        ContractNotFoundError: There is no such change, or the actor is not a party.
        WrongPartyError: The actor proposed it.
        RequestDecidedError: It is no longer open.
        AnswerLateError: It has expired.
        ContractStateError: The contract has ended or is ending.
        InvalidChangeOrderError: A milestone cannot be changed like this any more.
        InsufficientFundsError: The client's wallet holds less than the difference.
    """
    locked, side, order = await _lock_open(uow, actor, change_order_id)
    if order.side == side.value:
        raise WrongPartyError
    if not agree:
        await _decide(uow, locked, order, RequestStatus.REFUSED, OtherEvent.CHANGE_ORDER_REFUSED, side, actor)
        return order
    _require_open(locked)
    repository = DealRepository(uow.session)
    milestones = await repository.lock_milestones(locked.contract.id)
    changes = [MilestoneChange.model_validate(change) for change in order.changes]
    _check(locked, milestones, changes)
    await _decide(uow, locked, order, RequestStatus.AGREED, OtherEvent.CHANGE_ORDER_SIGNED, side, actor)
    locked.deal.terms_version += 1
    known = {milestone.id: milestone for milestone in milestones}
    moves: list[Move] = []
    added: list[Milestone] = []
    for change in changes:
        if change.id is not None:
            moves += await _apply(uow, locked, known[change.id], change, actor)
            continue
        added.append(_new(locked, len(milestones) + len(added) + 1, change))
    await repository.insert_all(*added)
    await issue_moves(uow, locked, *moves, changed=[*milestones, *added])
    return order


async def withdraw_change(uow: UnitOfWork, actor: Actor, change_order_id: UUID) -> ChangeOrder:
    """Withdraw the actor's own open change. Emits `DealMoved`."""
    locked, side, order = await _lock_open(uow, actor, change_order_id)
    if order.side != side.value:
        raise WrongPartyError
    await _decide(uow, locked, order, RequestStatus.WITHDRAWN, OtherEvent.CHANGE_ORDER_WITHDRAWN, side, actor)
    return order


async def lapse_change(uow: UnitOfWork, locked: LockedDeal, change_order_id: UUID) -> None:
    """Close the open change of a locked deal, because nobody answered it."""
    order = await DealRepository(uow.session).change_order(change_order_id)
    if order is not None and order.status is RequestStatus.OPEN:
        event = OtherEvent.CHANGE_ORDER_LAPSED
        await _decide(uow, locked, order, RequestStatus.SILENCE, event, Side.SYSTEM, None)


async def _lock_open(uow: UnitOfWork, actor: Actor, change_order_id: UUID) -> tuple[LockedDeal, Side, ChangeOrder]:
    repository = DealRepository(uow.session)
    contract_id = await repository.contract_of_change_order(change_order_id)
    # Without one, no contract has this id either: both are answered alike.
    locked, side = await lock_deal(uow, actor, contract_id or change_order_id)
    order = await repository.change_order(change_order_id)
    if order is None or order.status is not RequestStatus.OPEN:
        raise RequestDecidedError
    await require_in_time(uow, locked, order.id, TimerKind.CHANGE_ORDER)
    return locked, side, order


async def _decide(  # noqa: PLR0913, PLR0917 - a decision with who took it
    uow: UnitOfWork,
    locked: LockedDeal,
    order: ChangeOrder,
    status: RequestStatus,
    event: OtherEvent,
    side: Side,
    actor: Actor | None,
) -> None:
    order.status, order.decided_at = status, locked.now
    order.decided_by_id = actor.id if actor is not None else None
    await DealRepository(uow.session).cancel_timers([locked.contract.id], kinds=[TimerKind.CHANGE_ORDER])
    record(uow, locked, event, side, actor=actor)


def _require_open(locked: LockedDeal) -> None:
    if locked.deal.status not in (DealStatus.AWAITING_FUNDING, DealStatus.ACTIVE, DealStatus.PAUSED):
        raise contract_state_error(locked.deal)


def _check(locked: LockedDeal, milestones: Sequence[Milestone], changes: Sequence[MilestoneChange]) -> None:
    """Refuse changes that are not possible now.

    Raises:
        InvalidChangeOrderError: One of them is not.
    """
    known = {milestone.id: milestone for milestone in milestones}
    named = [change.id for change in changes if change.id is not None]
    errors: list[FieldError] = []
    if len(named) != len(set(named)):
        errors.append(FieldError(("body", "changes"), TWICE))
    if len(milestones) + len(changes) - len(named) > MAX_MILESTONES:
        errors.append(FieldError(("body", "changes"), TOO_MANY, {"most": MAX_MILESTONES}))
    max_days = rules.max_days(locked.deal.settings)
    for place, change in enumerate(changes):
        before = known.get(change.id) if change.id is not None else None
        if change.id is not None:
            errors += _errors_of(place, before, change)
        errors += _too_long(place, before, change, max_days)
    if errors:
        raise InvalidChangeOrderError(errors=errors)


def _errors_of(place: int, milestone: Milestone | None, change: MilestoneChange) -> list[FieldError]:
    if milestone is None:
        return [FieldError(("body", "changes", place, "id"), NO_SUCH_MILESTONE)]
    if milestone.status not in CHANGEABLE:
        state = rules.MILESTONE_STATES[milestone.status]
        return [FieldError(("body", "changes", place, "id"), NOT_NOW, {"state": state})]
    # The price may be lower by all but a rest of what is held: released money stays with the freelancer, and what was
    # refunded before, by an earlier change or by agreement, is no longer here to be given back.
    if milestone.funded and money.held(milestone) + change.amount - milestone.amount <= 0:
        return [FieldError(("body", "changes", place, "amount"), TOO_LITTLE)]
    return []


def _too_long(place: int, before: Milestone | None, change: MilestoneChange, max_days: int | None) -> list[FieldError]:
    """Refuse work that takes longer than its money is held; what was agreed already may stay as it is."""
    if max_days is None or change.days <= max(max_days, before.days if before is not None else 0):
        return []
    return [FieldError(("body", "changes", place, "days"), TOO_LONG_TO_HOLD, {"most": max_days})]


async def _apply(
    uow: UnitOfWork, locked: LockedDeal, milestone: Milestone, change: MilestoneChange, actor: Actor
) -> list[Move]:
    """Change a locked milestone, and move the difference of its money where it is paid in; return what moved."""
    difference = change.amount - milestone.amount
    milestone.title, milestone.days = change.title, change.days
    if milestone.checklist != change.checklist:
        milestone.checklist, milestone.accepted_lines = change.checklist, []
    milestone.amount = change.amount
    milestone.version += 1
    if not milestone.funded or not difference:
        return []
    held = LockedMilestone(locked.contract, locked.deal, locked.now, milestone)
    amount = abs(difference)
    if difference > 0:
        txn_id, event, kind = await money.fund(uow, held, actor, amount), OtherEvent.CHANGE_PAID_IN, MoveKind.PAID_IN
    else:
        txn_id = await money.refund(uow, held, amount, actor)
        event, kind = OtherEvent.CHANGE_REFUNDED, MoveKind.REFUNDED
    side = policy.side_of(actor, locked.contract) or Side.SYSTEM
    record(uow, locked, event, side, actor=actor, milestone=milestone, amount=amount, txn_id=txn_id, is_told=False)
    return [Move(kind, milestone, amount)]


def _new(locked: LockedDeal, number: int, change: MilestoneChange) -> Milestone:
    values: dict[str, Any] = change.model_dump(exclude={"id"})
    return Milestone(
        id=new_id(),
        contract_id=locked.contract.id,
        number=number,
        currency=locked.contract.currency,
        status=MilestoneStatus.PLANNED,
        **values,
    )
