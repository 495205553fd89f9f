"""Every pair of what can happen to a milestone, at the same instant: one wins, the others are refused with 409.

The pairs are made from the published table: commands of both parties, facts of payments, and timers.
"""

import asyncio
from itertools import combinations_with_replacement

import pytest
from sqlalchemy import select

from app.core.resources import Resources
from app.features.contracts import service
from app.features.contracts.rules import MILESTONE_MACHINE, MilestoneEvent
from app.features.ledger import service as ledger
from app.models import AccountKind, DealEntry, Submission, TimerKind
from app.models.deal import MilestoneStatus
from tests.factories.deal_commands import PATHS, reach
from tests.factories.deal_outcomes import Outcomes
from tests.factories.deal_racers import MILESTONE_RACERS, PRICE, Racer
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market

PAID = 20_000_000
PARTS = [{"title": f"Part {number}", "amount": PRICE, "days": 1} for number in range(1, 21)]
EACH = 4
"""So many of each of a pair act at once: eight racers."""
_E = MilestoneEvent
TIMERS = (TimerKind.REVIEW, TimerKind.RESUBMIT, TimerKind.REFUND_ANSWER)


def possible(state: MilestoneStatus) -> list[Racer]:
    """Return what the table allows in a state."""
    return [
        racer
        for racer in MILESTONE_RACERS
        if any(event in MILESTONE_MACHINE.events(state, racer.side) for event in racer.events)
    ]


def pairs(racers: list[Racer]) -> list[tuple[Racer, Racer]]:
    """Return every pair, each with itself too."""
    return list(combinations_with_replacement(racers, 2))


STATES = [state for state in PATHS if possible(state)]


def test_everything_in_the_table_races_but_what_the_end_of_a_contract_does() -> None:
    racing = {event for state in STATES for racer in possible(state) for event in racer.events}
    of_other_beginnings = {_E.WITHDRAW_REFUND_UNSTARTED, _E.WITHDRAW_REFUND_OF_CHANGES, _E.PART_REFUND_UNSTARTED}
    by_other_means = {_E.CANCEL, _E.AGREE_PART_REFUND, *of_other_beginnings}
    assert racing | by_other_means == {arrow.event for arrow in MILESTONE_MACHINE.transitions}


async def prepare(scene: DealScene, state: MilestoneStatus, place: int, *, due: bool) -> int:
    """Bring a milestone into a state, in which its timer is due or not; return its version."""
    await reach(scene, state, place)
    async with scene.market.uow() as work:
        made = await work.session.scalars(select(Submission).where(Submission.milestone_id == scene.milestones[place]))
        submissions = list(made)
    for submission in submissions:
        await scene.notify(submission)
    if due:  # a command is refused then: its time is over
        await scene.ripen(*TIMERS)
    return (await scene.milestone(place)).version


async def race(
    outcomes: Outcomes, scene: DealScene, state: MilestoneStatus, place: int, pair: tuple[Racer, Racer]
) -> None:
    """Let eight racers go at once: all is as after one of the two orders, and who won is a path through the table."""
    timers = [racer for racer in pair if racer.timer]
    version = await prepare(scene, state, place, due=bool(timers))
    racers = [racer for racer in pair for _number in range(EACH)]
    # Once is enough for what is done once at most; each payment brings money.
    first, second = ([racer] * (EACH if racer.name == "payment_arrives" else 1) for racer in pair)
    rows = [await outcomes.after(scene, place, version, each) for each in (first + second, second + first)]
    done = await asyncio.gather(*(racer.run(scene, place, version) for racer in racers))
    names = pair[0].name, pair[1].name
    winners = [racer for racer, won in zip(racers, done, strict=True) if won]
    for timer in timers:  # a timer leaves a locked deal to the next sweep
        winners += [timer] if await timer.run(scene, place, version) else []
    assert await outcomes.now(scene) in {stored for stored, _done in rows}, names
    milestone = await scene.milestone(place)
    async with scene.market.uow() as work:
        entries = select(DealEntry.event, DealEntry.state).where(DealEntry.milestone_id == milestone.id)
        told = (await work.session.execute(entries.order_by(DealEntry.happened_at, DealEntry.id))).all()
    path = [entry for entry in told if entry.event in set(_E)][-(milestone.version - version) :]
    at = state
    for entry in path if milestone.version > version else []:
        target = MILESTONE_MACHINE.target(at, MilestoneEvent(entry.event))
        assert target is not None, names
        at = target
        assert at == entry.state, names
    assert at is milestone.status, names
    assert sum(racer.versioned for racer in winners) <= 1, names
    if all(racer.versioned for racer in pair):
        assert milestone.version - version == len(winners), names
    held = milestone.funded - milestone.released - milestone.refunded
    assert await scene.escrow(place) == (held, 0), names


async def race_all(
    resources: Resources, market: Market, state: MilestoneStatus, racing: list[tuple[Racer, Racer]], *, sure: bool
) -> None:
    """Race every pair on a milestone of its own; nothing may be lost or made."""
    for first in range(0, len(racing), len(PARTS) - 1):
        part = racing[first : first + len(PARTS) - 1]
        price = {"amount": PRICE * len(PARTS), "currency": "RUB"}
        scene = await make_deal(market, paid=PAID, milestones=PARTS, price=price, term_days=30)
        await scene.fund(len(PARTS) - 1)  # the contract stays open
        for place, pair in enumerate(part):
            before = (await scene.milestone(place)).version
            async with resources.engine.connect() as connection:
                await race(Outcomes(resources, connection), scene, state, place, pair)
            if sure:
                assert (await scene.milestone(place)).version > before + len(PATHS[state]), [one.name for one in pair]
        arrivals = EACH * sum(racer.name == "payment_arrives" for pair in part for racer in pair)
        async with market.uow() as work:
            shown = await service.get_contract(work.session, scene.customer, scene.contract_id)
        assert shown.deal is not None
        whole = await scene.wallet(scene.customer) + shown.deal.money.held
        whole += await scene.holds(AccountKind.MATURING, scene.freelancer.id)
        assert whole == PAID + arrivals * PRICE
    async with market.uow() as work:
        report = await ledger.check(work.session)
    assert not report.findings


@pytest.mark.parametrize("state", STATES)
async def test_one_of_eight_wins(live_resources: Resources, live_market: Market, state: MilestoneStatus) -> None:
    too_early = state is MilestoneStatus.REVISION
    racing = [racer for racer in possible(state) if not (too_early and racer.name == "ask_refund")]
    await race_all(live_resources, live_market, state, pairs(racing), sure=True)


@pytest.mark.campaign
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("state", [state for state in PATHS if state is not MilestoneStatus.CANCELLED])
async def test_every_pair_in_every_state(
    live_resources: Resources, live_market: Market, state: MilestoneStatus
) -> None:
    await race_all(live_resources, live_market, state, pairs(list(MILESTONE_RACERS)), sure=False)
