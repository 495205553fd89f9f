"""Pausing and ending a contract, and changes of the work that both sides sign."""

from typing import Any

import pytest

from app.features.contracts import service
from app.features.contracts.errors import (
    ChangeOrderOpenError,
    ContractBusyError,
    ContractNotFoundError,
    ContractStateError,
    InvalidChangeOrderError,
    RequestDecidedError,
    WrongPartyError,
)
from app.features.contracts.schemas import ChangeOrderCreate
from app.features.ledger.errors import InsufficientFundsError
from app.models import DealStatus, Milestone, MilestoneStatus, TimerKind
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market


def change(scene: DealScene, place: int | None = 0, **fields: Any) -> ChangeOrderCreate:
    """Return a change of one milestone, or a new one."""
    wanted = {
        "id": scene.milestones[place] if place is not None else None,
        "title": "Catalogue with prices",
        "amount": 3_500_000,
        "days": 9,
        "checklist": ["Catalogue", "Prices"],
    }
    return ChangeOrderCreate.model_validate({"changes": [wanted | fields]})


async def test_either_party_pauses_and_resumes_while_nobody_waits(market: Market) -> None:
    scene = await make_deal(market)
    async with market.uow() as work:
        with pytest.raises(ContractStateError):
            await service.pause_contract(work, scene.customer, scene.contract_id)
    await scene.fund()
    async with market.uow() as work:
        await service.pause_contract(work, scene.freelancer, scene.contract_id)
    async with market.uow() as work:
        with pytest.raises(ContractStateError):
            await service.start_milestone(work, scene.freelancer, scene.milestones[0])
        with pytest.raises(ContractStateError):
            await service.fund_milestone(work, scene.customer, scene.milestones[1])
    async with market.uow() as work:
        await service.resume_contract(work, scene.customer, scene.contract_id)
    async with market.uow() as work:
        await service.start_milestone(work, scene.freelancer, scene.milestones[0])
    await scene.submit()
    async with market.uow() as work:
        with pytest.raises(ContractBusyError):
            await service.pause_contract(work, scene.customer, scene.contract_id)


async def test_ending_cancels_what_is_unpaid_and_what_is_held_is_still_decided(market: Market) -> None:
    scene = await make_deal(market)
    await scene.start()
    async with market.uow() as work:
        with pytest.raises(ContractNotFoundError):
            await service.end_contract(work, await market.person(), scene.contract_id)
    async with market.uow() as work:
        await service.end_contract(work, scene.freelancer, scene.contract_id)
    assert (await scene.deal()).status is DealStatus.CLOSING
    assert (await scene.milestone(1)).status is MilestoneStatus.CANCELLED
    await scene.submit()
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0])
    assert (await scene.deal()).status is DealStatus.CLOSED
    async with market.uow() as work:
        with pytest.raises(ContractStateError):
            await service.end_contract(work, scene.customer, scene.contract_id)


async def test_a_signed_change_moves_the_difference_of_a_paid_milestone(market: Market) -> None:
    scene = await make_deal(market, paid=3_600_000)
    await scene.fund()
    for amount, left in ((3_500_000, 100_000), (2_000_000, 1_600_000)):
        async with market.uow() as work:
            order = await service.propose_change(
                work, scene.freelancer, scene.contract_id, change(scene, amount=amount)
            )
        async with market.uow() as work:
            await service.answer_change(work, scene.customer, order.id, agree=True)
        assert (await scene.escrow(), await scene.wallet(scene.customer)) == ((amount, 0), left)
    milestone = await scene.milestone()
    assert (milestone.title, milestone.days, milestone.checklist) == (
        "Catalogue with prices",
        9,
        ["Catalogue", "Prices"],
    )
    assert (milestone.amount, (await scene.deal()).terms_version) == (2_000_000, 3)
    async with market.uow() as work:
        order = await service.propose_change(work, scene.customer, scene.contract_id, change(scene, amount=9_000_000))
    async with market.uow() as work:
        with pytest.raises(InsufficientFundsError):
            await service.answer_change(work, scene.freelancer, order.id, agree=True)
        await work.session.rollback()
    assert (await scene.milestone()).amount == 2_000_000


async def test_a_change_is_signed_by_the_other_side_and_once(market: Market) -> None:
    scene = await make_deal(market)
    new = change(scene, None)
    async with market.uow() as work:
        order = await service.propose_change(work, scene.customer, scene.contract_id, new)
    async with market.uow() as work:
        with pytest.raises(ChangeOrderOpenError):
            await service.propose_change(work, scene.freelancer, scene.contract_id, new)
        with pytest.raises(WrongPartyError):
            await service.answer_change(work, scene.customer, order.id, agree=True)
        with pytest.raises(WrongPartyError):
            await service.withdraw_change(work, scene.freelancer, order.id)
        with pytest.raises(ContractNotFoundError):
            await service.answer_change(work, await market.person(), order.id, agree=True)
        with pytest.raises(ContractNotFoundError):
            await service.answer_change(work, scene.customer, scene.milestones[0], agree=True)
    async with market.uow() as work:
        await service.answer_change(work, scene.freelancer, order.id, agree=True)
    async with market.uow() as work:
        with pytest.raises(RequestDecidedError):
            await service.answer_change(work, scene.freelancer, order.id, agree=True)
        third = await work.session.get(Milestone, scene.milestones[0])
        assert third is not None
    for decide in ("refuse", "withdraw", "silence"):
        async with market.uow() as work:
            order = await service.propose_change(work, scene.customer, scene.contract_id, new)
        if decide == "silence":
            assert await scene.sweep(TimerKind.CHANGE_ORDER) == 1
            continue
        async with market.uow() as work:
            if decide == "refuse":
                await service.answer_change(work, scene.freelancer, order.id, agree=False)
            else:
                await service.withdraw_change(work, scene.customer, order.id)


async def test_what_is_in_review_or_released_cannot_be_changed(market: Market) -> None:
    scene = await make_deal(market)
    await scene.submitted()
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0], amount=2_000_000)
    for wrong in (
        change(scene),
        change(scene, None, id=scene.contract_id),
        ChangeOrderCreate(changes=change(scene, 1).changes * 2),
        ChangeOrderCreate(changes=change(scene, None).changes * 39),
    ):
        async with market.uow() as work:
            with pytest.raises(InvalidChangeOrderError) as refused:
                await service.propose_change(work, scene.customer, scene.contract_id, wrong)
            assert all(fault.text() for fault in refused.value.errors)
