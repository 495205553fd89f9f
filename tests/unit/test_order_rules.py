"""State machines of orders and proposals, and the rules of money, texts and skills with generated input."""

import itertools
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.money import MAX_AMOUNT, Currency, Money
from app.core.state_machine import PUBLISHED, Machine, Timer, Transition
from app.core.text.text_cleaning import HIDDEN, many_lines, one_line
from app.features.catalog.rules import Catalogue, CategoryEntry, SkillEntry, fold
from app.features.orders.repository import Position
from app.features.orders.rules import (
    ORDER_MACHINE,
    OrderEvent,
    infer_budget_kind,
    validate_budget,
    validate_deadline,
)
from app.features.proposals.rules import LAPSE_REASONS, OFFER_STEPS, PROPOSAL_MACHINE, ProposalEvent
from app.models import BudgetKind, MilestoneStatus, OrderStatus, ProposalStatus
from app.models.proposal import NEGOTIATED, UNDECIDED
from app.models.side import PROVIDER, Side
from tests.factories.orders import catalog_data

ORDER_TABLE = {
    (OrderStatus.DRAFT, OrderEvent.PUBLISH): OrderStatus.OPEN,
    (OrderStatus.DRAFT, OrderEvent.SUBMIT): OrderStatus.MODERATION,
    (OrderStatus.OPEN, OrderEvent.RESUBMIT): OrderStatus.MODERATION,
    (OrderStatus.PAUSED, OrderEvent.RESUBMIT): OrderStatus.MODERATION,
    (OrderStatus.EXPIRED, OrderEvent.RESUBMIT): OrderStatus.DRAFT,
    (OrderStatus.DRAFT, OrderEvent.EDIT): OrderStatus.DRAFT,
    (OrderStatus.DRAFT, OrderEvent.CANCEL): OrderStatus.CANCELLED,
    (OrderStatus.MODERATION, OrderEvent.APPROVE): OrderStatus.OPEN,
    (OrderStatus.MODERATION, OrderEvent.REJECT): OrderStatus.DRAFT,
    (OrderStatus.MODERATION, OrderEvent.LET_THROUGH): OrderStatus.OPEN,
    (OrderStatus.MODERATION, OrderEvent.EDIT): OrderStatus.MODERATION,
    (OrderStatus.MODERATION, OrderEvent.CANCEL): OrderStatus.CANCELLED,
    (OrderStatus.OPEN, OrderEvent.AWARD): OrderStatus.AWARDED,
    (OrderStatus.OPEN, OrderEvent.EDIT): OrderStatus.OPEN,
    (OrderStatus.OPEN, OrderEvent.RENEW): OrderStatus.OPEN,
    (OrderStatus.OPEN, OrderEvent.PAUSE): OrderStatus.PAUSED,
    (OrderStatus.OPEN, OrderEvent.CANCEL): OrderStatus.CANCELLED,
    (OrderStatus.OPEN, OrderEvent.EXPIRE): OrderStatus.EXPIRED,
    (OrderStatus.PAUSED, OrderEvent.AWARD): OrderStatus.AWARDED,
    (OrderStatus.PAUSED, OrderEvent.RESUME): OrderStatus.OPEN,
    (OrderStatus.PAUSED, OrderEvent.EDIT): OrderStatus.PAUSED,
    (OrderStatus.PAUSED, OrderEvent.CANCEL): OrderStatus.CANCELLED,
    (OrderStatus.PAUSED, OrderEvent.EXPIRE): OrderStatus.EXPIRED,
    (OrderStatus.EXPIRED, OrderEvent.PUBLISH): OrderStatus.OPEN,
    (OrderStatus.EXPIRED, OrderEvent.SUBMIT): OrderStatus.MODERATION,
    (OrderStatus.EXPIRED, OrderEvent.EDIT): OrderStatus.EXPIRED,
}
UNTOUCHED = (ProposalStatus.SENT, ProposalStatus.SEEN, ProposalStatus.SHORTLISTED)
amounts = st.integers(1, MAX_AMOUNT)
currencies = st.sampled_from(Currency)
some = st.one_of(st.none(), amounts)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(OrderStatus, OrderEvent)))
def test_every_step_of_an_order(state: OrderStatus, event: OrderEvent) -> None:
    assert ORDER_MACHINE.target(state, event) == ORDER_TABLE.get((state, event))


@pytest.mark.parametrize(("state", "event"), list(itertools.product(ProposalStatus, ProposalEvent)))
def test_a_proposal_is_decided_once(state: ProposalStatus, event: ProposalEvent) -> None:
    known = PROPOSAL_MACHINE.target(state, event) is not None
    sorting = {
        ProposalEvent.SEE: (ProposalStatus.SENT,),
        ProposalEvent.SHORTLIST: (ProposalStatus.SENT, ProposalStatus.SEEN),
        ProposalEvent.UNLIST: (ProposalStatus.SHORTLISTED,),
        **dict.fromkeys((ProposalEvent.EDIT, ProposalEvent.ACCEPT, ProposalEvent.OFFER), UNTOUCHED),
        **dict.fromkeys((*OFFER_STEPS, ProposalEvent.LAPSE_OFFER), NEGOTIATED),
    }
    assert known == (state in sorting.get(event, UNDECIDED))


@pytest.mark.parametrize(
    ("state", "reader", "maker"),
    [
        (ProposalStatus.OFFERED, Side.FREELANCER, Side.CUSTOMER),
        (ProposalStatus.COUNTERED, Side.CUSTOMER, Side.FREELANCER),
    ],
)
def test_whoever_reads_an_offer_answers_it(state: ProposalStatus, reader: Side, maker: Side) -> None:
    answers = {ProposalEvent.ACCEPT_OFFER, ProposalEvent.COUNTER_OFFER, ProposalEvent.DECLINE_OFFER}
    assert answers <= set(PROPOSAL_MACHINE.events(state, reader))
    assert not answers & set(PROPOSAL_MACHINE.events(state, maker))
    assert ProposalEvent.WITHDRAW_OFFER in PROPOSAL_MACHINE.events(state, maker)
    assert ProposalEvent.WITHDRAW_OFFER not in PROPOSAL_MACHINE.events(state, reader)
    assert PROPOSAL_MACHINE.timers[state].event is ProposalEvent.LAPSE_OFFER


def test_only_the_clock_ends_what_nobody_decided() -> None:
    assert ORDER_MACHINE.events(OrderStatus.OPEN, Side.SYSTEM) == (OrderEvent.EXPIRE,)
    assert PROPOSAL_MACHINE.events(ProposalStatus.SENT, Side.SYSTEM) == (ProposalEvent.LAPSE,)
    assert set(LAPSE_REASONS) == {OrderStatus.CANCELLED, OrderStatus.EXPIRED}


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_every_step_of_every_table_by_every_side(name: str) -> None:
    machine = PUBLISHED[name]
    arrows = {(arrow.source, arrow.event): arrow for arrow in machine.transitions}
    events = {arrow.event for arrow in machine.transitions}
    for state, event, side in itertools.product(machine.states, events, (*Side, PROVIDER)):
        arrow = arrows.get((state, event))
        assert machine.target(state, event) == (arrow.target if arrow else None)
        assert (event in machine.events(state, side)) == (arrow is not None and arrow.side == side)
        assert machine.words[state]
        assert machine.words[event]


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_nobody_waits_for_ever(name: str) -> None:
    """Every state that waits for somebody other than its owner has a timer that ends it.

    While money is held and nothing submitted, the client may ask for it at any time, and silence grants it. What the
    provider has to end is asked for until it does, and an operator is told what stays open.
    """
    machine = PUBLISHED[name]
    resting = {OrderStatus.DRAFT, OrderStatus.EXPIRED, MilestoneStatus.FUNDED, MilestoneStatus.IN_WORK}
    for state in machine.states:
        enders = {arrow.side for arrow in machine.transitions if arrow.source == state}
        waits = bool(enders - {PROVIDER, Side.OPERATOR}) and state not in resting
        assert (state in machine.timers) == waits, state


def test_a_table_that_contradicts_itself_is_refused() -> None:
    arrow = Transition(OrderStatus.DRAFT, OrderEvent.EDIT, Side.CUSTOMER, OrderStatus.DRAFT)
    with pytest.raises(ValueError, match="two ways"):
        Machine("bad", "Bad", OrderStatus.DRAFT, (arrow, arrow), words={})
    timer = Timer(OrderStatus.DRAFT, OrderEvent.EDIT, "order_open_days")
    with pytest.raises(ValueError, match="no arrow"):
        Machine("bad", "Bad", OrderStatus.DRAFT, (arrow,), timers=(timer,), words={})


@given(
    st.one_of(st.none(), amounts), st.one_of(st.none(), amounts), currencies, currencies, st.sampled_from(BudgetKind)
)
def test_a_budget_is_refused_exactly_when_its_parts_do_not_fit(
    least: int | None, most: int | None, one: Currency, other: Currency, kind: BudgetKind
) -> None:
    low = Money(least, one) if least else None
    high = Money(most, other) if most else None
    fits = (
        (kind is not BudgetKind.OPEN or not (low or high))
        and (high is None or low is not None)
        and (low is None or high is None or (one is other and low <= high))
    )
    assert (validate_budget(kind, low, high) == []) == fits


def test_a_kind_follows_from_the_price() -> None:
    price = Money(100, Currency.RUB)
    assert infer_budget_kind(None, None) is BudgetKind.OPEN
    assert infer_budget_kind(None, price) is BudgetKind.FIXED
    assert infer_budget_kind(BudgetKind.HOURLY, price) is BudgetKind.HOURLY


@given(st.dates(), st.dates())
def test_a_deadline_is_today_or_later(deadline: date, today: date) -> None:
    assert (validate_deadline(deadline, today) == []) == (deadline >= today)
    assert validate_deadline(None, today) == []


@given(st.text(max_size=200))
def test_cleaned_texts_stay_clean(text: str) -> None:
    for clean in (one_line, many_lines):
        try:
            cleaned = clean(text)
        except ValueError:
            continue
        assert clean(cleaned) == cleaned
        assert not HIDDEN.search(cleaned)
        assert clean is many_lines or "\n" not in cleaned


# Cursors contain only times that rows can have; others are refused (tests/unit/test_core.py).
@given(st.datetimes(datetime(1970, 1, 1), datetime(2255, 1, 1), timezones=st.just(UTC)), st.uuids(), st.booleans())  # noqa: DTZ001
def test_a_place_in_the_list_survives_its_cursor(moment: datetime, key: UUID, newer: bool) -> None:
    place = Position(moment, key, newer)
    assert Position.decode(place.encode()) == place


def the_catalogue() -> Catalogue:
    data = catalog_data()
    keys = {item.slug: number for number, item in enumerate(data.categories)}
    homes = [
        CategoryEntry(keys[i.slug], i.slug, keys.get(i.parent or ""), i.name_en, i.name_ru) for i in data.categories
    ]
    skills = [SkillEntry(i.slug, keys[i.category], i.name_en, i.name_ru, tuple(i.synonyms)) for i in data.skills]
    return Catalogue(tuple(homes), tuple(skills))


CATALOGUE = the_catalogue()


@settings(deadline=None)  # duration is not tested here
@given(st.text(max_size=80))
def test_any_typing_is_answered(typed: str) -> None:
    found = CATALOGUE.suggest(typed, 5)
    assert len(found) <= 5
    assert len({skill.slug for skill in found}) == len(found)


@settings(deadline=None)  # duration is not tested here
@given(st.sampled_from(CATALOGUE.skills), st.integers(3, 20))
def test_the_beginning_of_a_name_finds_it(skill: SkillEntry, letters: int) -> None:
    assert skill in CATALOGUE.suggest(skill.name_ru[:letters], 500)
    assert CATALOGUE.resolve(skill.name_en.upper()) == skill


@given(st.lists(st.text(max_size=20), max_size=20))
def test_sorting_out_loses_no_word(words: list[str]) -> None:
    sorted_out = CATALOGUE.split_known_skills(words)
    to_stored_filter = {fold(word) for word in sorted_out.words}
    for word in words:
        assert not fold(word) or fold(word) in to_stored_filter or CATALOGUE.resolve(word)
