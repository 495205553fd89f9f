"""Races about one offer, with real commits: it is answered once, and an order has one agreement."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select, update

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.persistence.outbox import OutboxMessage
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.features.contracts import service as contracts
from app.features.proposals import service
from app.features.proposals.schemas import OfferCounter, OfferCreate, OfferDecline
from app.features.proposals.tasks import lapse_offers
from app.models import Offer, OfferStatus, Order, Proposal
from tests.concurrency.test_choosing import contracts_of, outcome, statuses
from tests.factories.orders import Market, rub

type UseCase = Callable[[UnitOfWork], Awaitable[object]]


async def offer_to(work: UnitOfWork, actor: Actor, key: UUID, terms: OfferCreate) -> object:
    return await service.make_offer(work, actor, key, terms)


async def accept(work: UnitOfWork, actor: Actor, key: UUID) -> object:
    return await contracts.accept_offer(work, actor, key)


async def decline(work: UnitOfWork, actor: Actor, key: UUID) -> object:
    return await service.decline_offer(work, actor, key, OfferDecline())


async def counter(work: UnitOfWork, actor: Actor, key: UUID, terms: OfferCounter) -> object:
    return await service.counter_offer(work, actor, key, terms)


async def withdraw(work: UnitOfWork, actor: Actor, key: UUID) -> object:
    return await service.withdraw_offer(work, actor, key)


async def leave(work: UnitOfWork, actor: Actor, key: UUID) -> object:
    return await service.withdraw_proposal(work, actor, key)


async def choose(work: UnitOfWork, actor: Actor, key: UUID) -> object:
    return await contracts.accept_proposal(work, actor, key)


async def ended(resources: Resources, order_id: UUID) -> Counter[str]:
    async with resources.sessions() as session:
        rows = await session.execute(select(Offer.status).where(Offer.order_id == order_id))
        return Counter(status.value for status in rows.scalars())


async def scene(market: Market) -> tuple[Actor, Actor, Proposal, Proposal]:
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer)
    return customer, freelancer, await market.proposal(order, freelancer), await market.proposal(order)


async def test_eight_acceptances_at_once_make_one(live_market: Market, live_resources: Resources) -> None:
    customer, freelancer, proposal, _other = await scene(live_market)
    offer = await live_market.offer(customer, proposal.id)
    results = await asyncio.gather(
        *(outcome(live_resources, lambda work: contracts.accept_offer(work, freelancer, offer.id)) for _ in range(8))
    )
    assert Counter(results) == {"done": 1, "offer-state": 7}
    assert await ended(live_resources, proposal.order_id) == {"accepted": 1}
    assert await contracts_of(live_resources, proposal.order_id) == 1
    async with live_resources.sessions() as session:
        topics = Counter((await session.execute(select(OutboxMessage.topic))).scalars())
    assert (topics["proposals.proposal_accepted"], topics["proposals.proposal_declined"]) == (1, 1)


async def test_eight_offers_at_once_make_one(live_market: Market, live_resources: Resources) -> None:
    customer = await live_market.person()
    order = await live_market.order(customer)
    sent = [await live_market.proposal(order) for _ in range(8)]
    terms = OfferCreate(price=rub(10_000), term_days=3)
    results = await asyncio.gather(
        *(outcome(live_resources, partial(offer_to, actor=customer, key=item.id, terms=terms)) for item in sent)
    )
    assert Counter(results) == {"done": 1, "offer-out": 7}
    assert await ended(live_resources, order.id) == {"open": 1}


async def test_every_answer_meets_every_other_and_the_clock(live_market: Market, live_resources: Resources) -> None:
    for _round in range(6):
        customer, freelancer, proposal, other = await scene(live_market)
        offer = await live_market.offer(customer, proposal.id)
        key, terms = offer.id, OfferCounter(price=rub(9_000), term_days=2)
        use_cases: list[UseCase] = [
            partial(accept, actor=freelancer, key=key),
            partial(decline, actor=freelancer, key=key),
            partial(counter, actor=freelancer, key=key, terms=terms),
            partial(withdraw, actor=customer, key=key),
            partial(leave, actor=freelancer, key=proposal.id),
            partial(choose, actor=customer, key=other.id),
        ]
        results = await asyncio.gather(*(outcome(live_resources, use_case) for use_case in use_cases))
        found = await ended(live_resources, proposal.order_id)
        after = await statuses(live_resources, await _order(live_resources, proposal))
        # One answer takes effect; a later request may still find the proposal undecided, so there is at most one
        # agreement.
        assert found["accepted"] <= 1
        assert after["accepted"] == found["accepted"], (results, after, found)
        assert await contracts_of(live_resources, proposal.order_id) == found["accepted"]
        assert found["open"] == after["countered"] + after["offered"], (results, after, found)
        first = [result for result in results[:4] if result == "done"]
        assert len(first) <= 1, results


async def test_the_clock_meets_the_answer(live_market: Market, live_resources: Resources) -> None:
    customer, freelancer, proposal, _other = await scene(live_market)
    offer = await live_market.offer(customer, proposal.id)
    async with unit_of_work(live_resources) as work:
        soon = utc_now() - timedelta(seconds=1)
        await work.session.execute(update(Offer).where(Offer.id == offer.id).values(expires_at=soon))
    first, second, answer = await asyncio.gather(
        lapse_offers(live_resources),
        lapse_offers(live_resources),
        outcome(live_resources, partial(accept, actor=freelancer, key=offer.id)),
    )
    assert {first, second} == {0, 1}
    assert answer in {"offer-lapsed", "offer-state"}
    assert await ended(live_resources, proposal.order_id) == {OfferStatus.LAPSED.value: 1}


async def _order(resources: Resources, proposal: Proposal) -> Order:
    async with resources.sessions() as session:
        return await session.get_one(Order, proposal.order_id)
