"""Every command on a milestone, and how a milestone gets into each state: for tests that go through all of them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.actor import Actor
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import service
from app.features.contracts.rules import MilestoneEvent
from app.features.contracts.schemas import (
    ChangesRequest,
    LineAnswer,
    LineFault,
    RefundAnswer,
    RefundAsk,
    SubmissionCreate,
)
from app.models import Milestone
from app.models.deal import MilestoneStatus
from app.models.side import Side
from tests.factories.deals import DealScene

type Run = Callable[[UnitOfWork, Actor, UUID, int], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Command:
    """A command of one side, with the event that it triggers."""

    name: str
    event: MilestoneEvent
    side: Side
    run: Run


async def _submit(work: UnitOfWork, actor: Actor, key: UUID, version: int) -> object:
    milestone = await work.session.get(Milestone, key)
    lines = len(milestone.checklist) if milestone is not None else 1
    command = SubmissionCreate(version=version, answers=[LineAnswer(text="Done")] * lines)
    return await service.submit_work(work, actor, key, command)


def _changes(work: UnitOfWork, actor: Actor, key: UUID, version: int) -> Awaitable[object]:
    command = ChangesRequest(version=version, lines=[LineFault(line=0, text="Not this")])
    return service.request_changes(work, actor, key, command)


def _ask(work: UnitOfWork, actor: Actor, key: UUID, version: int) -> Awaitable[object]:
    return service.ask_refund(work, actor, key, RefundAsk(version=version, reason="Not needed"))


def _agree(work: UnitOfWork, actor: Actor, key: UUID, version: int) -> Awaitable[object]:
    return service.answer_refund(work, actor, key, RefundAnswer(version=version, agree=True))


def _refuse(work: UnitOfWork, actor: Actor, key: UUID, version: int) -> Awaitable[object]:
    return service.answer_refund(work, actor, key, RefundAnswer(version=version, agree=False))


def _part(work: UnitOfWork, actor: Actor, key: UUID, version: int) -> Awaitable[object]:
    return service.accept_milestone(work, actor, key, version, amount=1)


_E = MilestoneEvent
COMMANDS = (
    Command("fund", _E.FUND, Side.CUSTOMER, service.fund_milestone),
    Command("start_funding", _E.START_FUNDING, Side.CUSTOMER, service.start_funding),
    Command("start", _E.START, Side.FREELANCER, service.start_milestone),
    Command("submit", _E.SUBMIT, Side.FREELANCER, _submit),
    Command("accept", _E.ACCEPT, Side.CUSTOMER, service.accept_milestone),
    Command("accept_part", _E.ACCEPT_PART, Side.CUSTOMER, _part),
    Command("request_changes", _E.REQUEST_CHANGES, Side.CUSTOMER, _changes),
    Command("ask_refund", _E.ASK_REFUND, Side.CUSTOMER, _ask),
    Command("withdraw_refund", _E.WITHDRAW_REFUND, Side.CUSTOMER, service.withdraw_refund),
    Command("agree_refund", _E.AGREE_REFUND, Side.FREELANCER, _agree),
    Command("refuse_refund", _E.REFUSE_REFUND, Side.FREELANCER, _refuse),
    Command("return_money", _E.RETURN_MONEY, Side.FREELANCER, service.return_money),
)


async def reach(scene: DealScene, state: MilestoneStatus, place: int = 0) -> None:
    """Bring a planned milestone into a state."""
    for command in PATHS[state]:
        milestone = await scene.milestone(place)
        actor = scene.customer if command.side is Side.CUSTOMER else scene.freelancer
        async with scene.market.uow() as work:
            await command.run(work, actor, milestone.id, milestone.version)


_BY_NAME = {command.name: command for command in COMMANDS}


def _path(*names: str) -> tuple[Command, ...]:
    return tuple(_BY_NAME[name] for name in names)


_M = MilestoneStatus
PATHS: dict[MilestoneStatus, tuple[Command, ...]] = {
    _M.PLANNED: (),
    _M.FUNDING: _path("start_funding"),
    _M.FUNDED: _path("fund"),
    _M.IN_WORK: _path("fund", "start"),
    _M.SUBMITTED: _path("fund", "start", "submit"),
    _M.REVISION: _path("fund", "start", "submit", "request_changes"),
    _M.REFUND_REQUESTED: _path("fund", "start", "ask_refund"),
    _M.ACCEPTED: _path("fund", "start", "submit", "accept"),
    _M.REFUNDED: _path("fund", "return_money"),
}
"""The commands that lead to a state; `cancelled` comes with the end of the contract."""


def command_on(
    key: UUID, name: str, version: int, options: dict[str, Any], lines: int
) -> Callable[[UnitOfWork, Actor], Any]:
    """Return a command by its name with options of its own, for a milestone whose checklist has so many lines."""
    seen: dict[str, Any] = {"version": version}
    made: dict[str, tuple[Any, Any]] = {
        "submit": (service.submit_work, SubmissionCreate(**seen, answers=[LineAnswer(text="Done")] * lines)),
        "request_changes": (service.request_changes, ChangesRequest(**seen, lines=[LineFault(line=0, text="Wrong")])),
        "ask_refund": (service.ask_refund, RefundAsk.model_construct(**seen, reason="Not needed", **options)),
        "answer_refund": (service.answer_refund, RefundAnswer.model_construct(**seen, **options)),
    }
    simple: dict[str, Any] = {
        "fund": service.fund_milestone,
        "start_funding": service.start_funding,
        "start": service.start_milestone,
        "accept": service.accept_milestone,
        "withdraw_refund": service.withdraw_refund,
        "return_money": service.return_money,
        "pay_bonus": service.pay_bonus,
    }

    def run(work: UnitOfWork, actor: Actor) -> Any:
        if name in made:
            command, body = made[name]
            return command(work, actor, key, body)
        return simple[name](work, actor, key, version=version, **options)

    return run
