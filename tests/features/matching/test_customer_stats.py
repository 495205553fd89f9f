"""Customer statistics: counted soon after each action, and equal when everything is counted again."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import event, update
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.actor import Actor
from app.core.ids import new_id
from app.core.resources import Resources
from app.features.contracts import service as contracts
from app.features.matching.tasks.customer_stats import count_customers, mark_customers
from app.features.orders import service as orders
from app.features.orders.schemas import OrderClose
from app.features.profiles import service as profiles
from app.features.profiles.schemas import CustomerStatsRead
from app.features.proposals import service as proposals
from app.features.proposals.schemas import ProposalDecline
from app.models import DeclineReason, Order, Proposal, User
from app.models.user import UserStatus
from tests.factories.commands import Command
from tests.factories.orders import Market, rub

type Settle = Callable[..., Awaitable[Any]]


async def load_notice_context(resources: Resources, person: UUID) -> CustomerStatsRead:
    async with resources.sessions() as session:
        return (await profiles.get_customer_stats(session, [person]))[person]


async def accept(market: Market, customer: Actor, proposal: Proposal) -> None:
    async with market.uow() as work:
        await contracts.accept_proposal(work, customer, proposal.id)


async def waited(market: Market, proposal: Proposal, hours: int) -> None:
    """Set how long before its decision a proposal was sent."""
    async with market.uow() as work:
        moment = Proposal.decided_at - timedelta(hours=hours)
        await work.session.execute(update(Proposal).where(Proposal.id == proposal.id).values(created_at=moment))


async def busy_customer(market: Market) -> tuple[Actor, Order]:
    """Two choices, one order closed without an answer, one still open: two answered by choice, one by hand, one not."""
    customer = await market.person()
    for hours in (2, 10):
        order = await market.order(customer)
        chosen = await market.proposal(order)
        await accept(market, customer, chosen)
        await waited(market, chosen, hours)
    closed = await market.order(customer)
    declined, _left, withdrawn = [await market.proposal(closed) for _ in range(3)]
    async with market.uow() as work:
        await proposals.decline_proposal(work, customer, declined.id, ProposalDecline(reason=DeclineReason.PRICE))
    await waited(market, declined, 4)
    async with market.uow() as work:
        freelancer = await work.session.get_one(User, withdrawn.freelancer_id)
        person = Actor(id=freelancer.id, username=freelancer.username)
        await proposals.withdraw_proposal(work, person, withdrawn.id)
        await orders.close_order(work, customer, closed.id, OrderClose())
    open_one = await market.order(customer, budget=rub(1_000))
    await market.proposal(open_one)
    await market.draft(customer)
    return customer, open_one


async def test_customer_actions_are_counted_soon_and_the_same_when_counted_again(
    market: Market, resources: Resources, settle: Settle, command: Command
) -> None:
    customer, _order = await busy_customer(market)
    assert (await load_notice_context(resources, customer.id)).counted_at is None
    await settle()
    await count_customers(resources)
    facts = await load_notice_context(resources, customer.id)
    counted = (facts.orders_posted, facts.orders_open, facts.orders_ended, facts.orders_hired)
    assert counted == (4, 1, 3, 2)
    assert facts.hire_rate == 67
    assert (facts.proposals_answered, facts.proposals_unanswered, facts.answer_rate) == (3, 1, 75)
    assert facts.median_answer_seconds == 4 * 3600
    assert facts.counted_at is not None
    await mark_customers(resources)
    await count_customers(resources)
    again = await load_notice_context(resources, customer.id)
    assert again.counted_at is not None
    assert again.counted_at > facts.counted_at
    assert again.model_copy(update={"counted_at": facts.counted_at}) == facts
    assert await command("facts") == "✓ customers counted: 1"
    assert await command("facts", "recompute") == "✓ customers counted: 1"


async def test_few_cases_say_nothing(market: Market, resources: Resources, settle: Settle) -> None:
    customer = await market.person()
    order = await market.order(customer)
    await accept(market, customer, await market.proposal(order))
    await settle()
    await count_customers(resources)
    facts = await load_notice_context(resources, customer.id)
    assert (facts.orders_posted, facts.orders_hired, facts.proposals_answered) == (1, 1, 1)
    assert (facts.hire_rate, facts.answer_rate, facts.median_answer_seconds) == (None, None, None)
    stranger = await market.person()
    nothing = await load_notice_context(resources, stranger.id)
    assert (nothing.orders_posted, nothing.counted_at) == (0, None)


async def test_an_action_during_the_counting_is_counted_after_it(market: Market, resources: Resources) -> None:
    customer = await market.person()
    await market.order(customer)
    async with market.uow() as work:
        await profiles.mark_customers(work, [customer.id])
    async with market.uow() as work:
        assert list(await profiles.claim_stale_customers(work, 10)) == [customer.id]
        await profiles.mark_customers(work, [])
    await count_customers(resources)
    assert (await load_notice_context(resources, customer.id)).orders_posted == 1
    async with market.uow() as work:
        assert not await profiles.claim_stale_customers(work, 10)


async def test_the_answer_holds_those_asked_for_in_their_order(market: Market, client: httpx.AsyncClient) -> None:
    first, second, banned = [await market.person() for _ in range(3)]
    async with market.uow() as work:
        person = await work.session.get_one(User, banned.id)
        person.status = UserStatus.BANNED
    asked = [second.id, new_id(), first.id, banned.id, second.id]
    answer = await client.get("/api/v1/customers/facts", params={"id": [str(key) for key in asked]})
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert [item["customer_id"] for item in items] == [str(second.id), str(first.id)]
    assert "email" not in answer.text
    assert items[0]["hire_rate"] is None
    many = [str(new_id()) for _ in range(101)]
    assert (await client.get("/api/v1/customers/facts", params={"id": many})).status_code == 422
    assert (await client.get("/api/v1/customers/facts?id=nobody")).status_code == 422
    assert (await client.get("/api/v1/customers/facts")).json() == {"items": []}


async def test_the_order_and_its_card_tell_of_the_customer(
    market: Market, resources: Resources, settle: Settle, client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    _customer, order = await busy_customer(market)
    await settle()
    await count_customers(resources)
    page = (await client.get(f"/orders/{order.id}")).text
    for words in ("Orders posted", "67% of orders", "75% of proposals", "4 hours", "How this is counted"):
        assert words in page
    listed = (await client.get("/orders")).text
    assert "4 orders · hires in 67% · answer time 4 hours" in listed
    assert "4 orders · hires in 67%" in (await client.get("/")).text
    for _ in range(3):
        await market.order()
    asked: list[str] = []

    def note(*given: Any) -> None:
        asked.append(given[2])

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    await client.get("/orders?q=магазин")
    event.remove(engine.sync_engine, "before_cursor_execute", note)
    assert len([statement for statement in asked if "customer_stats" in statement]) == 1
