"""Both ways of agreeing create one contract with the agreed terms, which cannot be changed afterwards."""

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core.actor import Actor
from app.core.resources import Resources
from app.features.contracts import service
from app.features.proposals.errors import OfferStateError, ProposalStateError
from app.models import BudgetKind, Contract, Offer, OfferStatus, Order, OrderStatus, Proposal
from tests.factories.orders import Market, rub

PLAN = [{"title": "All of it", "amount": 7_000_000, "days": 14}]


async def contracts(resources: Resources) -> list[Contract]:
    async with resources.sessions() as session:
        return list((await session.execute(select(Contract))).scalars())


async def scene(market: Market) -> tuple[Actor, Actor, Order, Proposal]:
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer, budget_kind=BudgetKind.HOURLY, budget=rub(1_000))
    return customer, freelancer, order, await market.proposal(order, freelancer, milestones=PLAN)


async def test_a_proposal_accepted_as_it_stands_is_written_down(market: Market, resources: Resources) -> None:
    customer, freelancer, order, proposal = await scene(market)
    async with market.uow() as work:
        await service.accept_proposal(work, customer, proposal.id)
    (contract,) = await contracts(resources)
    async with resources.sessions() as session:
        offer = (await session.execute(select(Offer).where(Offer.proposal_id == proposal.id))).scalar_one()
        status = (await session.execute(select(Order.status).where(Order.id == order.id))).scalar_one()
    assert (status, offer.status) == (OrderStatus.AWARDED, OfferStatus.ACCEPTED)
    assert (contract.order_id, contract.proposal_id, contract.offer_id) == (order.id, proposal.id, offer.id)
    assert (contract.customer_id, contract.freelancer_id) == (customer.id, freelancer.id)
    assert (contract.order_version, contract.budget_kind, contract.currency.value) == (1, BudgetKind.HOURLY, "RUB")
    assert (contract.price_amount, contract.term_days, contract.milestones) == (7_000_000, 14, PLAN)
    assert contract.agreed_at == offer.decided_at
    async with market.uow() as work:
        with pytest.raises(ProposalStateError):
            await service.accept_proposal(work, customer, proposal.id)
    assert len(await contracts(resources)) == 1


async def test_accepted_terms_are_those_of_the_offer(market: Market, resources: Resources) -> None:
    customer, freelancer, _order, proposal = await scene(market)
    offer = await market.offer(customer, proposal.id, price=rub(60_000), term_days=10)
    assert await contracts(resources) == []
    async with market.uow() as work:
        await service.accept_offer(work, freelancer, offer.id)
    (contract,) = await contracts(resources)
    assert (contract.offer_id, contract.price_amount, contract.term_days) == (offer.id, 6_000_000, 10)
    assert contract.milestones == []
    async with market.uow() as work:
        with pytest.raises(OfferStateError):
            await service.accept_offer(work, freelancer, offer.id)


async def test_terms_are_never_changed_and_an_order_has_one_contract(market: Market, resources: Resources) -> None:
    customer, _freelancer, _order, proposal = await scene(market)
    async with market.uow() as work:
        await service.accept_proposal(work, customer, proposal.id)
    changes: list[dict[str, Any]] = [{"price_amount": 1}, {"milestones": []}, {"term_days": 1}]
    for change in changes:
        async with resources.sessions() as session:
            with pytest.raises(DBAPIError, match="stay as they were agreed"):
                await session.execute(update(Contract).values(change))
    (contract,) = await contracts(resources)
    names = [column.name for column in Contract.__table__.columns if column.name != "id"]
    async with resources.sessions() as session:
        session.add(Contract(**{name: getattr(contract, name) for name in names}))
        with pytest.raises(IntegrityError, match="uq_contracts_order_id"):
            await session.flush()
