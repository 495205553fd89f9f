"""`kill -9` of the web process while customers accept proposals: each choice is complete or absent; a retry works."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from app.core.actor import Actor
from app.core.config import Settings
from app.core.resources import Resources, open_resources
from app.core.unit_of_work import unit_of_work
from tests.e2e.api_clients import Person, somebody
from tests.e2e.stack import Stack
from tests.factories.orders import Market

pytestmark = pytest.mark.timeout(900)  # each wait has its own time-out
ORDERS, PROPOSALS = 5, 3
MOMENTS = (0.0, 0.05, 0.12, 0.25)
"""Seconds between the first request and the kill: before the first commit, between commits, after the last."""
HALF_DONE = """
SELECT orders.id FROM orders LEFT JOIN proposals ON proposals.order_id = orders.id
    LEFT JOIN contracts ON contracts.proposal_id = proposals.id
GROUP BY orders.id
HAVING count(*) FILTER (WHERE proposals.status = 'accepted') <> (orders.status = 'awarded')::int
    OR count(contracts.id) FILTER (WHERE proposals.status = 'accepted') <> (orders.status = 'awarded')::int
    OR count(contracts.id) > 1
    OR (orders.status = 'awarded' AND count(*) FILTER (WHERE proposals.status = 'sent') > 0)
"""
ANNOUNCED = "SELECT payload ->> 'order_id', count(*) FROM outbox_messages WHERE topic = :topic GROUP BY 1"


@dataclass
class Scene:
    """A running site, a customer, and a way to create orders with proposals."""

    stack: Stack
    customer: Person
    resources: Resources
    market: Market

    async def choices(self) -> list[UUID]:
        """Create orders with a few proposals each, and return the proposals."""
        actor = Actor(id=UUID(self.customer.user["id"]), username=self.customer.name)
        orders = [await self.market.order(actor) for _ in range(ORDERS)]
        return [(await self.market.proposal(order)).id for order in orders for _ in range(PROPOSALS)]

    async def choose(self, proposal_id: UUID) -> int:
        """Accept a proposal; return the status, or 0 without a response."""
        try:
            return (await self.customer.post(f"/proposals/{proposal_id}/accept", {"version": 1})).status_code
        except httpx.HTTPError:
            return 0

    async def rows(self, statement: str, **values: str) -> list[tuple[str, ...]]:
        """Query the database directly."""
        async with self.resources.sessions() as session:
            return [tuple(map(str, row)) for row in await session.execute(text(statement), values)]


@pytest_asyncio.fixture(loop_scope="session")
async def scene(new_stack: Callable[..., Stack], settings: Settings) -> AsyncGenerator[Scene]:
    stack = new_stack(roles=("web",))
    roomy = settings.model_copy(update={"orders_per_day": 10_000})
    addresses: dict[str, Any] = {"database_url": str(stack.database_url), "redis_url": str(stack.redis_url)}
    async with await somebody(stack, "chooser") as customer, open_resources(roomy, **addresses) as resources:
        market = Market(lambda: unit_of_work(resources))
        await market.catalogue()
        yield Scene(stack, customer, resources, market)


async def kill_among_choices(scene: Scene, moment: float) -> None:
    """Accept all at once, kill the web process meanwhile, and retry when it runs again."""
    proposals = await scene.choices()
    asked = [asyncio.create_task(scene.choose(proposal)) for proposal in proposals]
    await asyncio.sleep(moment)
    scene.stack.processes["web"].kill()
    first = dict(zip(proposals, await asyncio.gather(*asked), strict=True))
    assert await scene.rows(HALF_DONE) == [], "half a choice was kept"
    scene.stack.start_role("web")
    await asyncio.to_thread(scene.stack.wait_ready)
    second = dict(zip(proposals, [await scene.choose(proposal) for proposal in proposals], strict=True))
    assert set(first.values()) <= {0, 200, 409}
    assert set(second.values()) <= {200, 409}
    for proposal, status in first.items():
        assert status != 200 or second[proposal] == 409, "what was chosen and acknowledged can be chosen again"


async def test_a_choice_is_whole_or_was_not_made(scene: Scene) -> None:
    for moment in MOMENTS:
        await kill_among_choices(scene, moment)
    assert await scene.rows(HALF_DONE) == []
    awarded = await scene.rows("SELECT id FROM orders WHERE status = 'awarded'")
    assert len(awarded) == ORDERS * len(MOMENTS)
    told = await scene.rows(ANNOUNCED, topic="proposals.proposal_accepted")
    assert sorted(told) == sorted((order, "1") for (order,) in awarded), "each choice is announced once"


@pytest.mark.campaign
async def test_two_hundred_kills_among_choices(scene: Scene) -> None:
    for number in range(200):
        await kill_among_choices(scene, number % 40 / 100)
    told = await scene.rows(ANNOUNCED, topic="proposals.proposal_accepted")
    assert {count for _order, count in told} == {"1"}
