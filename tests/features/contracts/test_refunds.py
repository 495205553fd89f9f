"""Refund requests: they do not keep the freelancer from being paid, and leave a milestone as it was."""

import pytest
from sqlalchemy import select, update

from app.core.errors import DomainError
from app.features.contracts import service
from app.features.contracts.errors import TooManyRefundsError
from app.features.contracts.rules import MAX_VAIN_REFUNDS, MilestoneEvent
from app.features.contracts.schemas import RefundAnswer, RefundAsk
from app.models import MilestoneStatus, RefundRequest, RequestStatus, TimerKind
from tests.factories.deal_commands import reach
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market

PRICE = 3_000_000


async def ask(scene: DealScene, amount: int | None = None) -> None:
    """Ask for money of the first milestone back."""
    milestone = await scene.milestone()
    async with scene.market.uow() as work:
        command = RefundAsk(version=milestone.version, amount=amount, reason="Plans changed")
        await service.ask_refund(work, scene.customer, milestone.id, command)


async def withdraw(scene: DealScene) -> None:
    """Withdraw the request."""
    async with scene.market.uow() as work:
        await service.withdraw_refund(work, scene.customer, scene.milestones[0])


async def refuse(scene: DealScene) -> None:
    """Refuse the request."""
    milestone = await scene.milestone()
    async with scene.market.uow() as work:
        command = RefundAnswer(version=milestone.version, agree=False)
        await service.answer_refund(work, scene.freelancer, milestone.id, command)


async def ends(scene: DealScene) -> list[RequestStatus]:
    """Return how the requests ended, in their order."""
    async with scene.market.uow() as work:
        return list((await work.session.execute(select(RefundRequest.status).order_by(RefundRequest.id))).scalars())


async def actions(scene: DealScene) -> list[str]:
    """Return what the client is shown to be possible."""
    async with scene.market.uow() as work:
        shown = await service.get_contract(work.session, scene.customer, scene.contract_id)
    assert shown.deal is not None
    return shown.deal.milestones[0].actions


@pytest.mark.parametrize("state", [MilestoneStatus.IN_WORK, MilestoneStatus.REVISION])
async def test_work_is_submitted_in_spite_of_a_refund_request_and_refuses_it(
    market: Market, state: MilestoneStatus
) -> None:
    scene = await make_deal(market)
    await reach(scene, state)
    await scene.sweep(TimerKind.RESUBMIT)
    await ask(scene)
    async with market.uow() as work:
        await service.require_submittable(work.session, scene.freelancer, scene.milestones[0])
    await scene.notify(await scene.submit())
    assert (await scene.milestone()).status is MilestoneStatus.SUBMITTED
    assert await ends(scene) == [RequestStatus.REFUSED]
    assert await scene.sweep(TimerKind.REFUND_ANSWER) == 0, "the request has ended with its timer"
    assert await scene.sweep(TimerKind.REVIEW) == 1
    assert (await scene.milestone()).status is MilestoneStatus.ACCEPTED


@pytest.mark.parametrize("state", [MilestoneStatus.FUNDED, MilestoneStatus.IN_WORK, MilestoneStatus.REVISION])
async def test_a_withdrawn_request_leaves_the_milestone_as_it_was(market: Market, state: MilestoneStatus) -> None:
    scene = await make_deal(market)
    await reach(scene, state)
    await scene.sweep(TimerKind.RESUBMIT)
    for _time in range(2):
        await ask(scene, 1000)
        await withdraw(scene)
        assert (await scene.milestone()).status is state
        assert await scene.sweep(TimerKind.REFUND_ANSWER) == 0
    await ask(scene)
    await refuse(scene)
    assert (await scene.milestone()).status is MilestoneStatus.IN_WORK


async def test_silence_about_a_part_begins_no_work(market: Market) -> None:
    scene = await make_deal(market)
    await scene.fund()
    await ask(scene, 1000)
    assert await scene.sweep(TimerKind.REFUND_ANSWER) == 1
    milestone = await scene.milestone()
    assert (milestone.status, milestone.refunded) == (MilestoneStatus.FUNDED, 1000)


async def test_a_request_of_the_release_before_is_withdrawn_into_work(market: Market) -> None:
    scene = await make_deal(market)
    await scene.fund()
    await ask(scene)
    async with market.uow() as work:
        await work.session.execute(update(RefundRequest).values(asked_in=None))
    await withdraw(scene)
    assert (await scene.milestone()).status is MilestoneStatus.IN_WORK


async def test_asking_again_and_again_ends(market: Market) -> None:
    scene = await make_deal(market)
    await scene.start()
    for number in range(MAX_VAIN_REFUNDS):
        assert MilestoneEvent.ASK_REFUND in await actions(scene)
        await ask(scene)
        await (withdraw if number % 2 else refuse)(scene)
    before = await scene.milestone()
    with pytest.raises(TooManyRefundsError) as refused:
        await ask(scene)
    assert isinstance(refused.value, DomainError)
    assert str(MAX_VAIN_REFUNDS) in refused.value.text()
    assert (await scene.milestone()).version == before.version
    assert MilestoneEvent.ASK_REFUND not in await actions(scene)
    await scene.submit()
    assert (await scene.milestone()).status is MilestoneStatus.SUBMITTED


async def test_requests_that_were_granted_are_not_counted(market: Market) -> None:
    scene = await make_deal(market)
    await scene.start()
    for _time in range(MAX_VAIN_REFUNDS + 1):
        await ask(scene, 1000)
        milestone = await scene.milestone()
        async with market.uow() as work:
            command = RefundAnswer(version=milestone.version, agree=True)
            await service.answer_refund(work, scene.freelancer, milestone.id, command)
    assert (await scene.milestone()).refunded == 1000 * (MAX_VAIN_REFUNDS + 1)
