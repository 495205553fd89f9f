"""Races of choosing, with real commits: several choices at once have one effect, and a closed order accepts nothing."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy import func, select

from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.persistence.outbox import OutboxMessage
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.features.contracts import service as contracts
from app.features.orders import service as orders
from app.features.orders.schemas import OrderClose
from app.features.proposals import service
from app.models import Contract, Order, OrderStatus, Proposal, ProposalStatus
from tests.factories.orders import Market


async def outcome(resources: Resources, use_case: Callable[[UnitOfWork], Awaitable[object]]) -> str:
    try:
        async with unit_of_work(resources) as work:
            await use_case(work)
    except DomainError as error:
        return error.code
    return "done"


def accept(actor: Actor, key: UUID) -> Callable[[UnitOfWork], Awaitable[object]]:
    return lambda work: contracts.accept_proposal(work, actor, key)


def withdraw(actor: Actor, key: UUID) -> Callable[[UnitOfWork], Awaitable[object]]:
    return lambda work: service.withdraw_proposal(work, actor, key)


def publish(actor: Actor, key: UUID) -> Callable[[UnitOfWork], Awaitable[object]]:
    return lambda work: orders.publish_order(work, actor, key)


def send(market: Market, order: Order, freelancer: Actor) -> Callable[[UnitOfWork], Awaitable[object]]:
    return lambda _work: market.proposal(order, freelancer)


async def statuses(resources: Resources, order: Order) -> Counter[str]:
    async with resources.sessions() as session:
        rows = await session.execute(select(Proposal.status).where(Proposal.order_id == order.id))
        return Counter(str(status) for status in rows.scalars())


async def contracts_of(resources: Resources, order_id: UUID) -> int:
    async with resources.sessions() as session:
        count = select(func.count()).select_from(Contract).where(Contract.order_id == order_id)
        return int((await session.execute(count)).scalar_one())


async def test_eight_choices_at_once_make_one(live_market: Market, live_resources: Resources) -> None:
    customer = await live_market.person()
    order = await live_market.order(customer)
    sent = [await live_market.proposal(order) for _ in range(8)]
    results = await asyncio.gather(*(outcome(live_resources, accept(customer, proposal.id)) for proposal in sent))
    assert Counter(results) == {"done": 1, "proposal-state": 7}
    assert await statuses(live_resources, order) == {"accepted": 1, "declined": 7}
    assert await contracts_of(live_resources, order.id) == 1
    async with live_resources.sessions() as session:
        topics = Counter((await session.execute(select(OutboxMessage.topic))).scalars())
    assert (topics["proposals.proposal_accepted"], topics["proposals.proposal_declined"]) == (1, 7)


async def test_one_choice_sent_eight_times_is_made_once(live_market: Market, live_resources: Resources) -> None:
    customer = await live_market.person()
    order = await live_market.order(customer)
    proposal = await live_market.proposal(order)
    results = await asyncio.gather(
        *(
            outcome(live_resources, lambda work: contracts.accept_proposal(work, customer, proposal.id))
            for _ in range(8)
        )
    )
    assert Counter(results) == {"done": 1, "proposal-state": 7}
    assert await contracts_of(live_resources, order.id) == 1


async def test_choosing_meets_withdrawing_and_late_answers(live_market: Market, live_resources: Resources) -> None:
    customer = await live_market.person()
    for _round in range(6):
        order = await live_market.order(customer)
        freelancer, late = await live_market.person(), await live_market.person()
        proposal = await live_market.proposal(order, freelancer)

        chosen, withdrawn, sent = await asyncio.gather(
            outcome(live_resources, accept(customer, proposal.id)),
            outcome(live_resources, withdraw(freelancer, proposal.id)),
            outcome(live_resources, send(live_market, order, late)),
        )
        found = await statuses(live_resources, order)
        async with live_resources.sessions() as session:
            after = await orders.get_order(session, None, order.id)
            live = await session.scalar(
                select(func.count())
                .select_from(Proposal)
                .where(Proposal.order_id == order.id, Proposal.status != ProposalStatus.WITHDRAWN)
            )
        assert (chosen == "done") != (withdrawn == "done")
        assert (after.status is OrderStatus.AWARDED) == (chosen == "done")
        assert found["accepted"] == (1 if chosen == "done" else 0)
        assert await contracts_of(live_resources, order.id) == found["accepted"]
        assert found["sent"] == (0 if chosen == "done" else 1 if sent == "done" else 0)
        assert after.proposals_count == live


async def test_one_freelancer_answers_once(live_market: Market, live_resources: Resources) -> None:
    order, freelancer = await live_market.order(), await live_market.person()

    results = await asyncio.gather(*(outcome(live_resources, send(live_market, order, freelancer)) for _ in range(8)))
    assert Counter(results) == {"done": 1, "already-proposed": 7}


async def test_closing_and_publishing_at_once_happen_once(live_market: Market, live_resources: Resources) -> None:
    customer = await live_market.person()
    draft = await live_market.draft(customer)
    published = await asyncio.gather(
        *(outcome(live_resources, lambda work: orders.publish_order(work, customer, draft.id)) for _ in range(4))
    )
    assert Counter(published) == {"done": 1, "order-state": 3}
    closed = await asyncio.gather(
        *(
            outcome(live_resources, lambda work: orders.close_order(work, customer, draft.id, OrderClose()))
            for _ in range(4)
        )
    )
    assert Counter(closed) == {"done": 1, "order-state": 3}


async def test_the_last_order_of_a_day_is_published_once(live_market: Market, live_resources: Resources) -> None:
    limited = live_resources.settings.model_copy(update={"orders_per_day": 2})
    live_resources.settings = limited
    customer = await live_market.person()
    drafts = [await live_market.draft(customer) for _ in range(6)]
    results = await asyncio.gather(*(outcome(live_resources, publish(customer, draft.id)) for draft in drafts))
    assert Counter(results) == {"done": 2, "too-many-orders": 4}


async def test_two_sweepers_end_each_order_once(live_market: Market, live_resources: Resources) -> None:
    for _ in range(5):
        await live_market.order()
    async with unit_of_work(live_resources) as work:
        await work.session.execute(
            Order.__table__.update().values(expires_at=func.now() - func.make_interval(0, 0, 0, 1))  # type: ignore[attr-defined]  # a table
        )

    async def sweep() -> int:
        async with unit_of_work(live_resources) as work:
            return await orders.apply_due_timers(work)

    assert sum(await asyncio.gather(*(sweep() for _ in range(4)))) == 5
    async with live_resources.sessions() as session:
        topics = Counter((await session.execute(select(OutboxMessage.topic))).scalars())
    assert topics["orders.order_closed"] == 5
