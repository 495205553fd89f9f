"""Every pair of what can happen to a milestone, at the same instant: one wins, the others are refused with 409.

The pairs are made from the published table: commands of both parties, facts of payments, and timers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import combinations_with_replacement

import pytest
from sqlalchemy import select

from app.core.errors import ConflictError
from app.core.money import Currency, Money
from app.features.contracts import service
from app.features.contracts.rules import MILESTONE_MACHINE, MilestoneEvent
from app.features.ledger import service as ledger
from app.models import AccountKind, DealEntry, DealTimer, Submission, TimerKind
from app.models.deal import MilestoneStatus
from app.models.side import Side
from tests.factories.deal_commands import COMMANDS, PATHS, Command, reach
from tests.factories.deals import DealScene, make_deal, pay_into_wallet
from tests.factories.orders import Market

PRICE = 100_000
PAID = 20_000_000
PARTS = [{"title": f"Part {number}", "amount": PRICE, "days": 1} for number in range(1, 21)]
EACH = 4
"""So many of each of a pair act at once: eight racers."""
type Race = Callable[[DealScene, int, int], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Racer:
    """Something that happens to a milestone; what has a version is done once at most."""

    name: str
    events: tuple[MilestoneEvent, ...]
    side: Side
    run: Race
    versioned: bool = True


def of_command(command: Command) -> Racer:
    async def run(scene: DealScene, place: int, version: int) -> bool:
        actor = scene.customer if command.side is Side.CUSTOMER else scene.freelancer
        try:
            async with scene.market.uow() as work:
                await command.run(work, actor, scene.milestones[place], version)
        except ConflictError:  # 409
            return False
        return True

    return Racer(command.name, (command.event,), command.side, run)


def of_timer(kind: TimerKind, *events: MilestoneEvent) -> Racer:
    async def run(scene: DealScene, place: int, _version: int) -> bool:
        before = (await scene.milestone(place)).version
        async with scene.market.uow() as work:
            waiting = select(DealTimer.id).where(DealTimer.milestone_id == scene.milestones[place])
            ids = list(await work.session.scalars(waiting.where(DealTimer.kind == kind)))
        done = False
        for timer_id in ids:
            async with scene.market.uow() as work:
                done |= await service.fire_timer(work, timer_id)
        return done and (await scene.milestone(place)).version > before

    return Racer(kind.value, events, Side.SYSTEM, run, versioned=False)


async def payment_arrives(scene: DealScene, place: int, _version: int) -> bool:
    async with scene.market.uow() as work:
        await pay_into_wallet(work, scene.customer, PRICE)
        return await service.funding_paid(work, scene.milestones[place], Money(PRICE, Currency.RUB))


async def payment_fails(scene: DealScene, place: int, _version: int) -> bool:
    async with scene.market.uow() as work:
        return await service.funding_failed(work, scene.milestones[place])


_E = MilestoneEvent
SYSTEM = (
    Racer("payment_arrives", (_E.FUNDING_PAID,), Side.SYSTEM, payment_arrives, versioned=False),
    Racer("payment_fails", (_E.FUNDING_FAILED,), Side.SYSTEM, payment_fails, versioned=False),
    of_timer(TimerKind.REVIEW, _E.ACCEPT_BY_SILENCE),
    of_timer(TimerKind.RESUBMIT, _E.RESUBMISSION_LATE),
    of_timer(TimerKind.REFUND_ANSWER, _E.REFUND_BY_SILENCE, _E.PART_REFUND_BY_SILENCE),
)
RACERS = (*map(of_command, COMMANDS), *SYSTEM)
TIMERS = (TimerKind.REVIEW, TimerKind.RESUBMIT, TimerKind.REFUND_ANSWER)


def possible(state: MilestoneStatus) -> list[Racer]:
    """Return what the table allows in a state."""
    return [
        racer for racer in RACERS if any(event in MILESTONE_MACHINE.events(state, racer.side) for event in racer.events)
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


async def race(scene: DealScene, state: MilestoneStatus, place: int, pair: tuple[Racer, Racer]) -> None:
    """Let eight racers go at once; who won must be a path through the table, and the ledger must hold what is left."""
    timers = [racer for racer in pair if racer.name in {kind.value for kind in TIMERS}]
    version = await prepare(scene, state, place, due=bool(timers))
    racers = [racer for racer in pair for _number in range(EACH)]
    done = await asyncio.gather(*(racer.run(scene, place, version) for racer in racers))
    names = pair[0].name, pair[1].name
    winners = [racer for racer, won in zip(racers, done, strict=True) if won]
    for timer in timers if not winners else ():  # a timer leaves a locked deal to the next sweep
        winners += [timer] if await timer.run(scene, place, version) else []
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


async def race_all(market: Market, state: MilestoneStatus, racing: list[tuple[Racer, Racer]], *, sure: bool) -> None:
    """Race every pair on a milestone of its own; nothing may be lost or made."""
    for first in range(0, len(racing), len(PARTS) - 1):
        part = racing[first : first + len(PARTS) - 1]
        price = {"amount": PRICE * len(PARTS), "currency": "RUB"}
        scene = await make_deal(market, paid=PAID, milestones=PARTS, price=price, term_days=30)
        await scene.fund(len(PARTS) - 1)  # the contract stays open
        for place, pair in enumerate(part):
            before = (await scene.milestone(place)).version
            await race(scene, state, place, pair)
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
async def test_one_of_eight_wins(live_market: Market, state: MilestoneStatus) -> None:
    too_early = state is MilestoneStatus.REVISION
    racing = [racer for racer in possible(state) if not (too_early and racer.name == "ask_refund")]
    await race_all(live_market, state, pairs(racing), sure=True)


@pytest.mark.campaign
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("state", [state for state in PATHS if state is not MilestoneStatus.CANCELLED])
async def test_every_pair_in_every_state(live_market: Market, state: MilestoneStatus) -> None:
    await race_all(live_market, state, pairs(list(RACERS)), sure=False)
