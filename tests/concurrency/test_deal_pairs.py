"""Every pair of commands with one that concerns the whole deal, at the same instant: as after one of the two orders.

Which commands race in which state comes from the published tables. Pairs on one milestone are in `test_deals.py`.
"""

import asyncio
import inspect
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any, override

import pytest
from sqlalchemy import select

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.money import Currency
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import service
from app.features.contracts.rules import DEAL_MACHINE, MILESTONE_MACHINE, DealEvent, MilestoneEvent, OtherEvent
from app.features.ledger import service as ledger
from app.features.proposals.service import DirectTerms
from app.models import Milestone, TimerKind
from app.models.deal import DealStatus, MilestoneStatus
from app.models.side import Side
from tests.factories.deal_commands import PATHS, reach
from tests.factories.deal_outcomes import Outcomes
from tests.factories.deal_racers import DEAL_RACERS, MILESTONE_RACERS, OPEN_CHANGE, PRICE, Racer, hire_again, propose
from tests.factories.deals import DealScene, pay_into_wallet
from tests.factories.orders import Market

RACERS = (*MILESTONE_RACERS, *DEAL_RACERS)
PAID = 200_000_000
_D, _M = DealStatus, MilestoneStatus


@dataclass(frozen=True, slots=True)
class Situation:
    """A deal with a first milestone in a state, and maybe another one, and a change that waits for an answer."""

    deal: DealStatus
    first: MilestoneStatus
    parts: int = 2
    change: bool = False

    @override
    def __str__(self) -> str:
        return f"{self.deal}-{self.first}-{self.parts}{'-change' * self.change}"


SITUATIONS = (
    Situation(_D.AWAITING_FUNDING, _M.PLANNED, change=True),
    Situation(_D.AWAITING_FUNDING, _M.PLANNED, parts=1),
    Situation(_D.AWAITING_FUNDING, _M.FUNDING),
    Situation(_D.ACTIVE, _M.FUNDED, parts=1, change=True),
    Situation(_D.ACTIVE, _M.IN_WORK, change=True),
    Situation(_D.ACTIVE, _M.IN_WORK, parts=1),
    Situation(_D.ACTIVE, _M.SUBMITTED, parts=1),
    Situation(_D.ACTIVE, _M.REVISION, change=True),
    Situation(_D.ACTIVE, _M.REFUND_REQUESTED, parts=1),
    Situation(_D.ACTIVE, _M.ACCEPTED),
    Situation(_D.PAUSED, _M.IN_WORK, change=True),
    Situation(_D.CLOSING, _M.IN_WORK, parts=1),
    Situation(_D.CLOSED, _M.ACCEPTED, parts=1),
)
TWINS = {"freelancer_pause": "pause", "freelancer_resume": "resume", "freelancer_end": "end"}
MOVING = {
    *("fund", "payment_arrives", "accept", "accept_part", "agree_refund", "return_money", "bonus", "sign", "end"),
    *(kind.value for kind in (TimerKind.REVIEW, TimerKind.REFUND_ANSWER, TimerKind.SECURITY, TimerKind.FUND_CONTRACT)),
}
NO_RACERS = {
    **dict.fromkeys(
        (
            MilestoneEvent.CANCEL,
            DealEvent.BEGIN_WORK,
            DealEvent.FINISH,
            OtherEvent.CHANGE_PAID_IN,
            OtherEvent.CHANGE_REFUNDED,
            OtherEvent.REVIEW_HELD_UP,
        ),
        "follows from another event that races",
    ),
    **dict.fromkeys(
        (
            MilestoneEvent.WITHDRAW_REFUND_UNSTARTED,
            MilestoneEvent.WITHDRAW_REFUND_OF_CHANGES,
            MilestoneEvent.PART_REFUND_UNSTARTED,
            MilestoneEvent.AGREE_PART_REFUND,
        ),
        "the same command as one that races, after another beginning",
    ),
    **dict.fromkeys((OtherEvent.REVIEW_ENDING, OtherEvent.HOLDING_ENDING), "a reminder: it changes nothing"),
    OtherEvent.PAPER_SIGNED: "signs a paper by its own number; tests/features/contracts/test_papers.py",
    OtherEvent.CORRECTED: "races in test_decisions.py",
}
"""Events that no racer triggers, with the reason."""
NO_COMMANDS = {
    **dict.fromkeys(("accept_proposal", "accept_offer", "accept_direct"), "races in test_choosing.py, test_offers.py"),
    **dict.fromkeys(("lock_corrected", "record_correction"), "parts of a correction, which races in test_decisions.py"),
    **dict.fromkeys(("due_timers", "due_together"), "only reads"),
    **dict.fromkeys(("record_notice", "record_seen"), "marks a message as arrived; not a change of the deal"),
    **dict.fromkeys(("send_sign_code", "sign_paper"), "papers; tests/features/contracts/test_papers.py"),
    "fire_together": "the same as fire_timer for many deals; tests/features/contracts/test_sweeping.py",
    "pay_milestone": "start_funding with an intent of payments; tests/features/payments/test_milestone_payments.py",
}
"""Use cases of contracts that do not race here, with the reason."""


def possible(state: Situation) -> list[Racer]:
    """Return what the tables allow, and what they allow once the other one was first."""
    after = {target for event in DealEvent if (target := DEAL_MACHINE.target(state.deal, event)) is not None}
    return [racer for racer in RACERS if _may(racer, state, {state.deal, *after})]


def _may(racer: Racer, state: Situation, deals: set[DealStatus]) -> bool:
    milestone = {event.value for event in MILESTONE_MACHINE.events(state.first, racer.side)}
    whole = {event.value for deal in deals for event in DEAL_MACHINE.events(deal, racer.side)}
    if racer.name in OPEN_CHANGE:
        return state.change
    if racer.name == "propose":
        return state.deal in {_D.AWAITING_FUNDING, _D.ACTIVE, _D.PAUSED} and not state.change
    if racer.name == "bonus":
        return state.deal is not _D.AWAITING_FUNDING
    if racer.name in {"hire_again", "security"}:
        return state.first is _M.ACCEPTED
    return any(event.value in milestone | whole for event in racer.events)


def pairs(state: Situation) -> list[tuple[Racer, Racer]]:
    """Return every pair with one racer that concerns the whole deal."""
    return [pair for pair in combinations_with_replacement(possible(state), 2) if any(racer.whole for racer in pair)]


def test_every_event_has_a_racer_or_a_reason() -> None:
    racing = {event for racer in RACERS for event in racer.events}
    every = {*MilestoneEvent, *DealEvent, *OtherEvent}
    assert racing | set(NO_RACERS) == every
    assert not racing & set(NO_RACERS)


def test_every_use_case_that_changes_a_deal_races_or_has_a_reason() -> None:
    changing = {
        name
        for name in service.__all__
        if inspect.isfunction(found := getattr(service, name))
        and next(iter(inspect.signature(found).parameters.values())).annotation is UnitOfWork
    }
    source = "".join(
        inspect.getsource(module) for module in map(inspect.getmodule, (hire_again, reach)) if module is not None
    )
    assert {name for name in changing if f"service.{name}" not in source} == set(NO_COMMANDS)


def test_every_racer_meets_every_other_that_the_tables_allow_beside_it() -> None:
    met = {racer.name for state in SITUATIONS for pair in pairs(state) for racer in pair}
    assert met == {racer.name for racer in RACERS}
    assert {state.deal for state in SITUATIONS} == set(DealStatus) - {_D.TERMINATED}
    assert {state.first for state in SITUATIONS} == set(PATHS) - {_M.REFUNDED}


@dataclass(frozen=True, slots=True)
class People:
    """Two people who agree on every deal of a test."""

    market: Market
    customer: Actor
    freelancer: Actor

    async def agree(self, parts: int) -> DealScene:
        """Agree on a deal with so many milestones."""
        content: list[dict[str, Any]] = [
            {"title": f"Part {number}", "amount": PRICE, "days": 1} for number in range(1, parts + 1)
        ]
        terms = DirectTerms(
            made_by=Side.CUSTOMER,
            made_at=utc_now(),
            title="Shop",
            description="Catalogue and payment.",
            currency=Currency.RUB,
            message="",
            milestones=content,
        )
        async with self.market.uow() as work:
            made = await service.accept_direct(work, self.customer.id, self.freelancer.id, terms, [["Done"]] * parts)
            rows = select(Milestone.id).where(Milestone.contract_id == made.id).order_by(Milestone.number)
            milestones = list(await work.session.scalars(rows))
        return DealScene(self.market, self.customer, self.freelancer, made.id, milestones)

    async def prepare(self, state: Situation, pair: tuple[Racer, Racer]) -> tuple[DealScene, int]:
        """Bring a new deal into a situation; return it with the version of its first milestone."""
        scene = await self.agree(state.parts)
        await reach(scene, state.first)
        if state.change:
            async with self.market.uow() as work:
                await propose(work, scene.freelancer, scene)
        moves = {_D.PAUSED: service.pause_contract, _D.CLOSING: service.end_contract}
        if state.deal in moves:
            async with self.market.uow() as work:
                await moves[state.deal](work, scene.freelancer, scene.contract_id)
        if any(racer.name == "hire_again" for racer in pair):
            await hire_again(scene)
        timers = [racer.timer for racer in pair if racer.timer]
        if timers:
            await scene.ripen(*timers)
        return scene, (await scene.milestone()).version


async def race(outcomes: Outcomes, scene: DealScene, version: int, pair: tuple[Racer, Racer]) -> None:
    """Let two racers go at once: all is as after one of the two orders, and the same ones did something."""
    names = [racer.name for racer in pair]
    rows = [await outcomes.after(scene, 0, version, order) for order in (pair, pair[::-1])]
    done = await asyncio.gather(*(racer.run(scene, 0, version) for racer in pair))
    timers = [racer for racer in pair if racer.timer]
    for timer in timers:  # a timer leaves a locked deal to the next sweep
        await timer.run(scene, 0, version)
    late = {timer.name for timer in timers}
    did = {racer.name for racer, won in zip(pair, done, strict=True) if won} | late
    assert (await outcomes.now(scene), did) in [(stored, {*told, *late}) for stored, told in rows], names


async def race_all(resources: Resources, market: Market, racing: dict[Situation, list[tuple[Racer, Racer]]]) -> None:
    """Race pairs, each on a deal of its own; the ledger must hold afterwards."""
    people = People(market, await market.person(), await market.person())
    async with market.uow() as work:
        await pay_into_wallet(work, people.customer, PAID)
    async with resources.engine.connect() as connection:
        outcomes = Outcomes(resources, connection)
        for state, every in racing.items():
            for pair in every:
                scene, version = await people.prepare(state, pair)
                await race(outcomes, scene, version, pair)
    async with market.uow() as work:
        report = await ledger.check(work.session)
    assert not report.findings


def the_dearest() -> dict[Situation, list[tuple[Racer, Racer]]]:
    """Return every pair that moves money or ends the deal once, in the first situation in which both can act.

    What the freelancer may do as well as the client runs the same code: of those, each races with its counterpart.
    """
    seen, found = set[tuple[str, str]](), dict[Situation, list[tuple[Racer, Racer]]]()
    for state in SITUATIONS:
        for pair in pairs(state):
            names = pair[0].name, pair[1].name
            of_both = {TWINS.get(name, name) for name in names}
            is_twin = any(name in TWINS for name in names) and len(of_both) > 1
            if names not in seen and not is_twin and MOVING & of_both:
                seen.add(names)
                found.setdefault(state, []).append(pair)
    return found


@pytest.mark.timeout(300)
async def test_two_at_once_end_as_one_after_the_other(live_resources: Resources, live_market: Market) -> None:
    await race_all(live_resources, live_market, the_dearest())


@pytest.mark.campaign
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("state", SITUATIONS, ids=str)
async def test_two_at_once_in_every_situation(live_resources: Resources, live_market: Market, state: Situation) -> None:
    await race_all(live_resources, live_market, {state: pairs(state)})
