"""Everything that can happen to a deal, as racers: commands on milestones and on the whole, payments, timers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import select

from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.money import Currency, Money
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import service
from app.features.contracts.rules import DealAction, DealEvent, MilestoneEvent, OtherEvent
from app.features.contracts.schemas import ChangeOrderCreate, MilestoneChange
from app.features.hiring import service as hiring
from app.features.hiring.schemas import DirectDealAccept, DirectDealCreate
from app.models import ChangeOrder, DealTimer, DirectDeal, Milestone, TimerKind
from app.models.side import Side
from tests.factories.deal_commands import COMMANDS, Command
from tests.factories.deals import DealScene, pay_into_wallet

PRICE = 100_000
BONUS = 700
TERMS = {"title": "Shop", "description": "Catalogue, basket and payment.", "currency": "RUB"}
type Race = Callable[[DealScene, int, int], Awaitable[bool]]
type OnDeal = Callable[[UnitOfWork, Actor, DealScene], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Racer:
    """Something that happens to a deal; what has a version is done once at most."""

    name: str
    events: tuple[DealAction, ...]
    side: Side
    run: Race
    versioned: bool = True
    timer: TimerKind | None = None
    whole: bool = False
    """It concerns the deal, not one milestone."""


def _of_command(command: Command) -> Racer:
    async def run(scene: DealScene, place: int, version: int) -> bool:
        actor = scene.customer if command.side is Side.CUSTOMER else scene.freelancer
        try:
            async with scene.market.uow() as work:
                await command.run(work, actor, scene.milestones[place], version)
        except DomainError:
            return False
        return True

    return Racer(command.name, (command.event,), command.side, run)


def _of_timer(kind: TimerKind, *events: DealAction, whole: bool = False) -> Racer:
    async def run(scene: DealScene, place: int, _version: int) -> bool:
        waiting = select(DealTimer.id).where(DealTimer.contract_id == scene.contract_id, DealTimer.kind == kind)
        if not whole:
            waiting = waiting.where(DealTimer.milestone_id == scene.milestones[place])
        async with scene.market.uow() as work:
            ids = list(await work.session.scalars(waiting.order_by(DealTimer.id)))
        done = False
        for timer_id in ids:
            async with scene.market.uow() as work:
                done |= await service.fire_timer(work, timer_id)
        return done

    return Racer(kind.value, events, Side.SYSTEM, run, versioned=False, timer=kind, whole=whole)


def _of_deal(name: str, event: DealAction, side: Side, act: OnDeal) -> Racer:
    async def run(scene: DealScene, _place: int, _version: int) -> bool:
        try:
            async with scene.market.uow() as work:
                await act(work, scene.customer if side is Side.CUSTOMER else scene.freelancer, scene)
        except DomainError:
            return False
        return True

    return Racer(name, (event,), side, run, versioned=False, whole=True)


async def _payment_arrives(scene: DealScene, place: int, _version: int) -> bool:
    async with scene.market.uow() as work:
        await pay_into_wallet(work, scene.customer, PRICE)
        return await service.funding_paid(work, scene.milestones[place], Money(PRICE, Currency.RUB))


async def _payment_fails(scene: DealScene, place: int, _version: int) -> bool:
    async with scene.market.uow() as work:
        return await service.funding_failed(work, scene.milestones[place])


async def _bonus(scene: DealScene, place: int, version: int) -> bool:
    try:
        async with scene.market.uow() as work:
            await service.pay_bonus(work, scene.customer, scene.milestones[place], BONUS, version=version)
    except DomainError:
        return False
    return True


def change_of(milestone: Milestone, difference: int) -> ChangeOrderCreate:
    """Return a change of the price of a milestone."""
    changed = MilestoneChange(
        id=milestone.id,
        title=milestone.title,
        amount=milestone.amount + difference,
        days=milestone.days,
        checklist=milestone.checklist,
    )
    return ChangeOrderCreate(changes=[changed])


async def propose(work: UnitOfWork, actor: Actor, scene: DealScene) -> object:
    """Propose a higher price of the first milestone."""
    milestone = await work.session.get(Milestone, scene.milestones[0])
    assert milestone is not None
    return await service.propose_change(work, actor, scene.contract_id, change_of(milestone, 1))


async def _order(work: UnitOfWork, scene: DealScene) -> ChangeOrder:
    """Return the last change, which an answer is about."""
    found = select(ChangeOrder).where(ChangeOrder.contract_id == scene.contract_id).order_by(ChangeOrder.id.desc())
    return (await work.session.execute(found.limit(1))).scalar_one()


async def _sign(work: UnitOfWork, actor: Actor, scene: DealScene) -> object:
    return await service.answer_change(work, actor, (await _order(work, scene)).id, agree=True)


async def _refuse(work: UnitOfWork, actor: Actor, scene: DealScene) -> object:
    return await service.answer_change(work, actor, (await _order(work, scene)).id, agree=False)


async def _withdraw(work: UnitOfWork, actor: Actor, scene: DealScene) -> object:
    return await service.withdraw_change(work, actor, (await _order(work, scene)).id)


async def hire_again(scene: DealScene) -> None:
    """Let the client propose another contract to the freelancer of this one."""
    parts = [{"title": "Next", "amount": PRICE, "days": 1, "checklist": ["Done"]}]
    given = TERMS | {"milestones": parts, "side": "customer", "username": scene.freelancer.username}
    command = DirectDealCreate.model_validate(given)
    async with scene.market.uow() as work:
        await hiring.invite(work, scene.customer, command)


async def _accept_again(work: UnitOfWork, actor: Actor, scene: DealScene) -> object:
    mine = select(DirectDeal.id).where(DirectDeal.author_id == scene.customer.id).order_by(DirectDeal.id.desc())
    found = (await work.session.execute(mine.limit(1))).scalar_one()
    return await hiring.accept(work, actor, found, DirectDealAccept(version=1))


_E, _D, _O = MilestoneEvent, DealEvent, OtherEvent
_C, _F = Side.CUSTOMER, Side.FREELANCER
MILESTONE_RACERS = (
    *map(_of_command, COMMANDS),
    Racer("payment_arrives", (_E.FUNDING_PAID,), Side.SYSTEM, _payment_arrives, versioned=False),
    Racer("payment_fails", (_E.FUNDING_FAILED,), Side.SYSTEM, _payment_fails, versioned=False),
    _of_timer(TimerKind.REVIEW, _E.ACCEPT_BY_SILENCE),
    _of_timer(TimerKind.RESUBMIT, _E.RESUBMISSION_LATE),
    _of_timer(TimerKind.REFUND_ANSWER, _E.REFUND_BY_SILENCE, _E.PART_REFUND_BY_SILENCE),
)
DEAL_RACERS = (
    _of_deal("pause", _D.PAUSE, _C, lambda work, actor, scene: service.pause_contract(work, actor, scene.contract_id)),
    _of_deal(
        "freelancer_pause",
        _D.FREELANCER_PAUSE,
        _F,
        lambda work, actor, scene: service.pause_contract(work, actor, scene.contract_id),
    ),
    _of_deal(
        "resume", _D.RESUME, _C, lambda work, actor, scene: service.resume_contract(work, actor, scene.contract_id)
    ),
    _of_deal(
        "freelancer_resume",
        _D.FREELANCER_RESUME,
        _F,
        lambda work, actor, scene: service.resume_contract(work, actor, scene.contract_id),
    ),
    _of_deal("end", _D.END, _C, lambda work, actor, scene: service.end_contract(work, actor, scene.contract_id)),
    _of_deal(
        "freelancer_end",
        _D.FREELANCER_END,
        _F,
        lambda work, actor, scene: service.end_contract(work, actor, scene.contract_id),
    ),
    _of_deal("propose", _O.CHANGE_ORDER_PROPOSED, _F, propose),
    _of_deal("sign", _O.CHANGE_ORDER_SIGNED, _C, _sign),
    _of_deal("refuse", _O.CHANGE_ORDER_REFUSED, _C, _refuse),
    _of_deal("withdraw_change", _O.CHANGE_ORDER_WITHDRAWN, _F, _withdraw),
    Racer("bonus", (_O.BONUS,), _C, _bonus, whole=True),
    _of_deal("hire_again", _O.BEGUN, _F, _accept_again),
    _of_timer(TimerKind.FUND_CONTRACT, _D.LAPSE, whole=True),
    _of_timer(TimerKind.CHANGE_ORDER, _O.CHANGE_ORDER_LAPSED, whole=True),
    _of_timer(TimerKind.SECURITY, _O.AVAILABLE, whole=True),
)
OPEN_CHANGE = frozenset({"sign", "refuse", "withdraw_change", TimerKind.CHANGE_ORDER.value})
"""Racers that need a change which waits for an answer."""
