"""The guards of deals: who may trigger which event in which states, and how a deal moves."""

from datetime import UTC, datetime
from itertools import product

import pytest
from sqlalchemy import select

from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.ids import new_id
from app.core.persistence.outbox import OutboxMessage
from app.features.contracts import policy, service
from app.features.contracts.errors import (
    ContractNotFoundError,
    ContractStateError,
    MilestoneChangedError,
    MilestoneNotFoundError,
    MilestoneStateError,
    WrongPartyError,
)
from app.features.contracts.events import DealMoved
from app.features.contracts.repository import LockedDeal, LockedMilestone
from app.features.contracts.rules import DEAL_MACHINE, DealEvent, MilestoneEvent
from app.features.contracts.service.guards import (
    lock_deal,
    lock_milestone,
    move_deal,
    move_milestone,
    next_state,
    parties,
    require,
    require_state,
    timer,
)
from app.models import Contract, Deal, DealEntry, DealStatus, Milestone, MilestoneStatus, TimerKind
from app.models.side import Side
from tests.factories.deal_table import ARROWS, ENDED, WHILE
from tests.factories.deals import make_deal
from tests.factories.orders import Market

PRICE = {"amount": 100, "currency": "RUB"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def contract() -> Contract:
    return Contract(id=new_id(), order_id=new_id(), customer_id=new_id(), freelancer_id=new_id())


def refused(deal: Deal, milestone: Milestone, event: MilestoneEvent, side: Side) -> type[DomainError] | None:
    try:
        require_state(deal, milestone, event, side)
    except DomainError as error:
        return type(error)
    return None


@pytest.mark.parametrize("status", DealStatus)
def test_an_event_is_allowed_where_the_published_rules_say_so(status: DealStatus) -> None:
    deal = Deal(status=status)
    for state, event, side in product(MilestoneStatus, MilestoneEvent, Side):
        mine = any(arrow[0] == side for (_state, name), arrow in ARROWS.items() if name == event)
        arrow = ARROWS.get((state.value, event.value))
        allowed = status.value not in ENDED and status.value in WHILE.get(event.value, (status.value,))
        wanted: type[DomainError] | None = None if allowed else ContractStateError
        if arrow is None or arrow[0] != side:
            wanted = MilestoneStateError if mine else WrongPartyError
        assert refused(deal, Milestone(status=state), event, side) is wanted, (state, event, side)


def test_a_party_is_who_the_contract_names() -> None:
    agreed = contract()
    assert policy.side_of(Actor(id=agreed.customer_id, username="c"), agreed) is Side.CUSTOMER
    assert policy.side_of(Actor(id=agreed.freelancer_id, username="f"), agreed) is Side.FREELANCER
    assert policy.side_of(Actor(id=new_id(), username="x"), agreed) is None
    assert policy.other_of(Side.CUSTOMER, agreed) == agreed.freelancer_id
    assert policy.other_of(Side.FREELANCER, agreed) == agreed.customer_id


@pytest.mark.parametrize(("status", "event"), list(product(DealStatus, DealEvent)))
def test_a_deal_moves_along_its_table(status: DealStatus, event: DealEvent) -> None:
    locked = LockedDeal(contract(), Deal(status=status, version=4), NOW)
    target = DEAL_MACHINE.target(status, event)
    if target is None:
        with pytest.raises(ContractStateError):
            move_deal(locked, event)
        assert (locked.deal.status, locked.deal.version) == (status, 4)
        return
    move_deal(locked, event)
    assert (locked.deal.status, locked.deal.version) == (target, 5)
    assert locked.deal.ended_at == (NOW if target.value in ENDED else None)


def test_events_name_the_people_and_a_timer_what_it_is_for() -> None:
    agreed, milestone, subject = contract(), Milestone(id=new_id()), new_id()
    assert parties(agreed) == {
        "contract_id": str(agreed.id),
        "order_id": str(agreed.order_id),
        "customer_id": str(agreed.customer_id),
        "freelancer_id": str(agreed.freelancer_id),
    }
    locked = LockedDeal(agreed, Deal(terms_version=3), NOW)
    made = timer(locked, TimerKind.REVIEW, NOW, milestone=milestone, subject_id=subject)
    assert made == {
        "kind": TimerKind.REVIEW,
        "contract_id": agreed.id,
        "milestone_id": milestone.id,
        "subject_id": subject,
        "due_at": NOW,
        "look_at": NOW,
        "terms_version": 3,
    }
    assert timer(locked, TimerKind.FUND_CONTRACT, NOW)["milestone_id"] is None


def test_a_milestone_moves_along_its_table_and_ends_once() -> None:
    milestone = Milestone(status=MilestoneStatus.PLANNED, version=4, finished_at=None)
    with pytest.raises(MilestoneStateError):
        next_state(milestone, MilestoneEvent.ACCEPT)
    for event, state, ended in (
        (MilestoneEvent.FUND, MilestoneStatus.FUNDED, None),
        (MilestoneEvent.RETURN_MONEY, MilestoneStatus.REFUNDED, NOW),
    ):
        before = milestone.version
        move_milestone(milestone, event, NOW)
        assert (milestone.status, milestone.version, milestone.finished_at) == (state, before + 1, ended)


def test_what_a_state_does_not_allow_is_refused_for_a_locked_milestone_too() -> None:
    locked = LockedMilestone(contract(), Deal(status=DealStatus.ACTIVE), NOW, Milestone(status=MilestoneStatus.PLANNED))
    with pytest.raises(MilestoneStateError):
        require(locked, MilestoneEvent.ACCEPT, Side.CUSTOMER)


async def test_a_stranger_and_an_old_version_are_refused_and_the_end_is_told(market: Market) -> None:
    scene = await make_deal(market, milestones=[{"title": "All", "amount": 100, "days": 1}], price=PRICE)
    stranger = await market.person()
    async with market.uow() as work:
        for key in (scene.milestones[0], new_id()):
            with pytest.raises(MilestoneNotFoundError):
                await lock_milestone(work, stranger, key, None)
        for key in (scene.contract_id, new_id()):
            with pytest.raises(ContractNotFoundError):
                await lock_deal(work, stranger, key)
        with pytest.raises(MilestoneChangedError):
            await lock_milestone(work, scene.customer, scene.milestones[0], 2)
    await scene.submitted()
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0])
    async with market.uow() as work:
        entries = select(DealEntry.event, DealEntry.side).where(DealEntry.contract_id == scene.contract_id)
        told = (await work.session.execute(entries.order_by(DealEntry.id))).all()
        messages = select(OutboxMessage.payload).where(OutboxMessage.topic == DealMoved.topic)
        moved = [(each["event"], each["amount"]) for each in await work.session.scalars(messages)]
    assert ("finish", Side.SYSTEM) in told
    assert ("finish", "") in moved
    assert ("accept", "100") in moved
