"""The guards of deals without a database: who may trigger which event in which states, and how a deal moves."""

from datetime import UTC, datetime
from itertools import product

import pytest

from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.ids import new_id
from app.features.contracts import policy
from app.features.contracts.errors import ContractStateError, MilestoneStateError, WrongPartyError
from app.features.contracts.repository import LockedDeal
from app.features.contracts.rules import DEAL_MACHINE, DealEvent, MilestoneEvent
from app.features.contracts.service.guards import move_deal, parties, require_state, timer
from app.models import Contract, Deal, DealStatus, Milestone, MilestoneStatus, TimerKind
from app.models.side import Side
from tests.factories.deal_table import ARROWS, ENDED, WHILE

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
