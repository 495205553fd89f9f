"""An answer after its time is refused by the time of the database, also where the sweep has not come to it yet."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, update

from app.core.actor import Actor
from app.core.persistence.trial_clock import TrialClockRepository
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import service
from app.features.contracts.errors import AnswerLateError
from app.features.contracts.schemas import ChangeOrderCreate, MilestoneChange, RefundAnswer
from app.models import DealTimer, MilestoneStatus, TimerKind
from tests.factories.deal_commands import COMMANDS, reach
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market

BY_NAME = {command.name: command for command in COMMANDS}


async def late(market: Market, answer: Callable[[UnitOfWork], Awaitable[object]]) -> bool:
    """Tell whether an answer is refused as late; nothing of it is kept."""
    async with market.uow() as work:
        try:
            await answer(work)
        except AnswerLateError:
            return True
        finally:
            await work.session.rollback()
    return False


async def proposed(scene: DealScene) -> UUID:
    """Propose a change of the work as the freelancer."""
    change = MilestoneChange(id=scene.milestones[1], title="Pages", amount=4_000_000, days=3, checklist=["Pages"])
    async with scene.market.uow() as work:
        command = ChangeOrderCreate(changes=[change])
        return (await service.propose_change(work, scene.freelancer, scene.contract_id, command)).id


async def test_an_expired_change_is_neither_signed_nor_withdrawn(market: Market) -> None:
    scene = await make_deal(market)
    order = await proposed(scene)

    def sign(work: UnitOfWork) -> Awaitable[object]:
        return service.answer_change(work, scene.customer, order, agree=True)

    def withdraw(work: UnitOfWork) -> Awaitable[object]:
        return service.withdraw_change(work, scene.freelancer, order)

    async with market.uow() as work:
        soon = func.app_now() + timedelta(seconds=2)
        await work.session.execute(update(DealTimer).values(due_at=soon, look_at=soon))
    assert not await late(market, sign)
    await scene.ripen(TimerKind.CHANGE_ORDER)
    assert await late(market, sign)
    assert await late(market, withdraw)
    assert await scene.sweep() == 1
    assert (await scene.deal()).terms_version == 1


async def test_the_clock_of_a_trial_makes_an_answer_late(market: Market) -> None:
    scene = await make_deal(market)
    order = await proposed(scene)
    async with market.uow() as work:
        await TrialClockRepository(work.session).turn(timedelta(hours=72))
        with pytest.raises(AnswerLateError):
            await service.answer_change(work, scene.customer, order, agree=True)
        await work.session.rollback()
    assert not await late(market, lambda work: service.answer_change(work, scene.customer, order, agree=True))


async def test_a_refund_that_is_due_is_not_refused_or_escaped_by_submitting(market: Market) -> None:
    scene = await make_deal(market)
    await reach(scene, MilestoneStatus.REFUND_REQUESTED)
    milestone = await scene.milestone()

    def on(name: str, actor: Actor) -> Callable[[UnitOfWork], Awaitable[object]]:
        return lambda work: BY_NAME[name].run(work, actor, milestone.id, milestone.version)

    refuse, submit = on("refuse_refund", scene.freelancer), on("submit", scene.freelancer)
    assert [await late(market, answer) for answer in (refuse, submit)] == [False, False]
    await scene.ripen(TimerKind.REFUND_ANSWER)
    assert [await late(market, answer) for answer in (refuse, submit)] == [True, True]
    # These end it as silence does, or in favour of the one who had to answer.
    assert not await late(market, on("withdraw_refund", scene.customer))
    async with market.uow() as work:
        command = RefundAnswer(version=milestone.version, agree=True)
        await service.answer_refund(work, scene.freelancer, milestone.id, command)
    assert (await scene.milestone()).status is MilestoneStatus.REFUNDED


async def test_changes_are_not_requested_once_the_work_counts_as_accepted(market: Market) -> None:
    scene = await make_deal(market)
    submission = await scene.submitted()
    milestone = await scene.milestone()
    await scene.ripen(TimerKind.REVIEW)

    def changes(work: UnitOfWork) -> Awaitable[object]:
        return BY_NAME["request_changes"].run(work, scene.customer, milestone.id, milestone.version)

    assert not await late(market, changes), "nobody was told, so the review goes on"
    await scene.notify(submission)
    assert await late(market, changes)
    assert await scene.sweep() == 1
    assert (await scene.milestone()).status is MilestoneStatus.ACCEPTED
