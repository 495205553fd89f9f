"""Use cases of a whole deal: pause, resume and end it."""

from uuid import UUID

from app.core.actor import Actor
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import rules
from app.features.contracts.errors import ContractBusyError
from app.features.contracts.repository import DealRepository, LockedDeal
from app.features.contracts.rules import DEAL_MACHINE, DealEvent, MilestoneEvent
from app.features.contracts.service.guards import (
    change_state,
    contract_state_error,
    finish_if_done,
    lapse_open_change,
    lock_deal,
    move_deal,
    record,
)
from app.models import Deal, MilestoneStatus, TimerKind
from app.models.deal import UNFUNDED
from app.models.side import Side

PAUSE = {Side.CUSTOMER: DealEvent.PAUSE, Side.FREELANCER: DealEvent.FREELANCER_PAUSE}
RESUME = {Side.CUSTOMER: DealEvent.RESUME, Side.FREELANCER: DealEvent.FREELANCER_RESUME}
END = {Side.CUSTOMER: DealEvent.END, Side.FREELANCER: DealEvent.FREELANCER_END}


async def pause_contract(uow: UnitOfWork, actor: Actor, contract_id: UUID) -> Deal:
    """Pause a contract: nothing is paid in, started or submitted until one of the parties resumes it.

    Emits `DealMoved`.

    Raises:
        ContractNotFoundError: The actor is not a party.
        ContractStateError: The contract is not active.
        ContractBusyError: A milestone is in review, or waits for an answer.
    """
    locked, side = await lock_deal(uow, actor, contract_id)
    _require(locked, PAUSE[side], side)
    milestones = await DealRepository(uow.session).lock_milestones(contract_id)
    if any(milestone.status in rules.BUSY for milestone in milestones):
        raise ContractBusyError
    return _moved(uow, locked, PAUSE[side], side, actor)


async def resume_contract(uow: UnitOfWork, actor: Actor, contract_id: UUID) -> Deal:
    """Resume a paused contract. Emits `DealMoved`."""
    locked, side = await lock_deal(uow, actor, contract_id)
    _require(locked, RESUME[side], side)
    return _moved(uow, locked, RESUME[side], side, actor)


async def end_contract(uow: UnitOfWork, actor: Actor, contract_id: UUID) -> Deal:
    """End a contract early: what is not paid in is cancelled, what is held is still released or refunded.

    Emits `DealMoved`.

    Raises:
        ContractNotFoundError: The actor is not a party.
        ContractStateError: The contract has ended or is ending.
    """
    locked, side = await lock_deal(uow, actor, contract_id)
    _require(locked, END[side], side)
    _moved(uow, locked, END[side], side, actor)
    await cancel_unfunded(uow, locked)
    await finish_if_done(uow, locked, MilestoneStatus.CANCELLED)
    return locked.deal


async def lapse_contract(uow: UnitOfWork, locked: LockedDeal) -> bool:
    """Terminate a locked deal for which nothing was paid in; return False while a payment is under way."""
    milestones = await DealRepository(uow.session).lock_milestones(locked.contract.id)
    if any(milestone.status is MilestoneStatus.FUNDING for milestone in milestones):
        return False
    move_deal(locked, DealEvent.LAPSE)
    record(uow, locked, DealEvent.LAPSE, Side.SYSTEM)
    await cancel_unfunded(uow, locked)
    return True


async def cancel_unfunded(uow: UnitOfWork, locked: LockedDeal) -> None:
    """Cancel the milestones of a locked deal that are not paid in, and let an open change of the work lapse."""
    repository = DealRepository(uow.session)
    for milestone in await repository.lock_milestones(locked.contract.id):
        if milestone.status in UNFUNDED and milestone.status is not MilestoneStatus.CANCELLED:
            await change_state(uow, locked.contract, milestone, MilestoneEvent.CANCEL, locked.now)
            record(uow, locked, MilestoneEvent.CANCEL, Side.SYSTEM, milestone=milestone)
    await lapse_open_change(uow, locked)
    await repository.cancel_timers([locked.contract.id], kinds=[TimerKind.FUND_CONTRACT])


def _require(locked: LockedDeal, event: DealEvent, side: Side) -> None:
    if event not in DEAL_MACHINE.events(locked.deal.status, side):
        raise contract_state_error(locked.deal)


def _moved(uow: UnitOfWork, locked: LockedDeal, event: DealEvent, side: Side, actor: Actor) -> Deal:
    move_deal(locked, event)
    record(uow, locked, event, side, actor=actor)
    return locked.deal
