"""Sending, choosing and declining proposals: permissions, states, and events."""

from uuid import UUID

import pytest
from sqlalchemy import select

from app.core.persistence.outbox import OutboxMessage
from app.core.resources import Resources
from app.features.contracts import service as contracts
from app.features.orders import service as orders
from app.features.orders.errors import OrderNotFoundError, OrderNotOpenError
from app.features.orders.schemas import OrderClose, OrderPatch
from app.features.proposals import service
from app.features.proposals.errors import (
    AlreadyProposedError,
    DeclinedBeforeError,
    InvalidProposalError,
    OwnOrderError,
    ProposalChangedError,
    ProposalNotFoundError,
    ProposalStateError,
    TooManyProposalsError,
    WrongSideError,
)
from app.features.proposals.schemas import ProposalDecline, ProposalPatch
from app.models import DeclineReason, OrderStatus, Proposal, ProposalStatus
from tests.factories.orders import Market, rub


async def announced(resources: Resources) -> list[str]:
    async with resources.sessions() as session:
        return list((await session.execute(select(OutboxMessage.topic).order_by(OutboxMessage.id))).scalars())


async def stored(resources: Resources, proposal_id: UUID) -> Proposal:
    async with resources.sessions() as session:
        return (await session.execute(select(Proposal).where(Proposal.id == proposal_id))).scalar_one()


async def test_choosing_one_closes_the_order_and_tells_the_others(market: Market, resources: Resources) -> None:
    customer = await market.person()
    order = await market.order(customer)
    chosen, other = await market.proposal(order), await market.proposal(order)
    async with market.uow() as work:
        await contracts.accept_proposal(work, customer, chosen.id, chosen.version)
    async with resources.sessions() as session:
        after = await orders.get_order(session, None, order.id)
    assert (after.status, after.expires_at, after.proposals_count) == (OrderStatus.AWARDED, None, 2)
    assert (await stored(resources, chosen.id)).status is ProposalStatus.ACCEPTED
    declined = await stored(resources, other.id)
    assert (declined.status, declined.decline_reason) == (ProposalStatus.DECLINED, DeclineReason.ANOTHER_CHOSEN)
    assert await announced(resources) == [
        "orders.order_published",
        "proposals.proposal_sent",
        "proposals.proposal_sent",
        "proposals.proposal_accepted",
        "proposals.proposal_declined",
        "contracts.deal_moved",
    ]
    late = await market.person()
    with pytest.raises(OrderNotOpenError):
        await market.proposal(order, late)
    async with market.uow() as work:
        with pytest.raises(ProposalStateError):
            await contracts.accept_proposal(work, customer, other.id)


async def test_who_may_send(market: Market) -> None:
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer)
    with pytest.raises(OwnOrderError):
        await market.proposal(order, customer)
    await market.proposal(order, freelancer)
    with pytest.raises(AlreadyProposedError):
        await market.proposal(order, freelancer)
    with pytest.raises(InvalidProposalError) as refused:
        await market.proposal(order, await market.person(), price={"amount": 100, "currency": "USD"})
    assert refused.value.errors[0].loc == ("body", "price")
    with pytest.raises(OrderNotFoundError):
        await market.proposal(await market.draft(customer), freelancer)


async def test_withdrawn_may_be_sent_again_declined_may_not(market: Market, resources: Resources) -> None:
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer)
    first = await market.proposal(order, freelancer)
    async with market.uow() as work:
        await service.withdraw_proposal(work, freelancer, first.id)
    second = await market.proposal(order, freelancer)
    async with resources.sessions() as session:
        assert (await orders.get_order(session, None, order.id)).proposals_count == 1
    async with market.uow() as work:
        command = ProposalDecline(reason=DeclineReason.PRICE, note="Дорого")
        await service.decline_proposal(work, customer, second.id, command)
    with pytest.raises(DeclinedBeforeError):
        await market.proposal(order, freelancer)
    assert (await announced(resources))[-1] == "proposals.proposal_declined"


async def test_others_learn_nothing_and_sides_take_only_their_steps(market: Market, resources: Resources) -> None:
    customer, freelancer, stranger = [await market.person() for _ in range(3)]
    order = await market.order(customer)
    proposal = await market.proposal(order, freelancer)
    async with resources.sessions() as session:
        for actor in (customer, freelancer):
            assert (await service.get_proposal(session, actor, proposal.id)).letter == proposal.letter
            page = await service.list_order_proposals(session, actor, order.id, None, 20)
            assert [item.id for item in page.items] == [proposal.id]
        with pytest.raises(ProposalNotFoundError):
            await service.get_proposal(session, stranger, proposal.id)
        with pytest.raises(OrderNotFoundError):
            await service.list_order_proposals(session, stranger, order.id, None, 20)
    await market.proposal(order)
    async with resources.sessions() as session:
        assert len((await service.list_order_proposals(session, freelancer, order.id, None, 20)).items) == 1
        assert len((await service.list_order_proposals(session, customer, order.id, None, 20)).items) == 2
    for use_case in (contracts.accept_proposal, service.withdraw_proposal):
        async with market.uow() as work:
            with pytest.raises(ProposalNotFoundError):
                await use_case(work, stranger, proposal.id)
    async with market.uow() as work:
        with pytest.raises(WrongSideError):
            await contracts.accept_proposal(work, freelancer, proposal.id)
        with pytest.raises(WrongSideError):
            await service.withdraw_proposal(work, customer, proposal.id)


async def test_nobody_chooses_what_they_have_not_read(market: Market) -> None:
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer)
    proposal = await market.proposal(order, freelancer)
    async with market.uow() as work:
        edited = await service.edit_proposal(work, freelancer, proposal.id, ProposalPatch(price=rub(90_000)))
        assert (edited.price_amount, edited.version) == (9_000_000, 2)
    async with market.uow() as work:
        with pytest.raises(ProposalChangedError):
            await contracts.accept_proposal(work, customer, proposal.id, 1)
        with pytest.raises(ProposalChangedError):
            await service.edit_proposal(work, freelancer, proposal.id, ProposalPatch(term_days=3, version=1))


async def test_an_edited_order_shows_in_its_proposals(market: Market, resources: Resources) -> None:
    customer = await market.person()
    order = await market.order(customer)
    proposal = await market.proposal(order)
    async with market.uow() as work:
        await orders.edit_order(work, customer, order.id, OrderPatch(title="Другое название"))
        assert await service.freelancers_with_undecided_proposals(work.session, order.id) == [proposal.freelancer_id]
    async with resources.sessions() as session:
        seen = await service.get_proposal(session, customer, proposal.id)
    assert (seen.order_version, seen.order.version) == (1, 2)


async def test_proposals_lapse_with_their_order(market: Market, resources: Resources) -> None:
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer)
    proposal = await market.proposal(order, freelancer)
    async with market.uow() as work:
        await orders.close_order(work, customer, order.id, OrderClose())
        assert await service.lapse_proposals(work, order.id) == 1
        assert await service.lapse_proposals(work, order.id) == 0
    assert (await stored(resources, proposal.id)).decline_reason is DeclineReason.ORDER_CANCELLED


async def test_a_day_has_its_limit(market: Market, resources: Resources) -> None:
    resources.settings = resources.settings.model_copy(update={"proposals_per_day": 2})
    freelancer = await market.person()
    for _ in range(2):
        await market.proposal(await market.order(), freelancer)
    with pytest.raises(TooManyProposalsError):
        await market.proposal(await market.order(), freelancer)
