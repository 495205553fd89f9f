"""Repeated requests, as by a double click: one effect, and the others answer that it is done."""

import asyncio
from collections import Counter
from typing import Any

import httpx
from sqlalchemy import func, select

from app.core.persistence.outbox import OutboxMessage
from app.core.resources import Resources
from app.models import Proposal, Report
from tests.factories.orders import Market

TIMES = 6
OFFER = {"price": {"amount": 5_000_000, "currency": "RUB"}, "term_days": 5, "letter": "Сделаю за пять дней."}


async def together(client: httpx.AsyncClient, path: str, **body: Any) -> Counter[int]:
    """Send the same request several times at once."""
    answers = await asyncio.gather(*(client.post(path, **body) for _ in range(TIMES)))
    return Counter(answer.status_code for answer in answers)


async def announced(resources: Resources, topic: str) -> int:
    """Count how often an event was emitted."""
    async with resources.sessions() as session:
        counted = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.topic == topic)
        return (await session.execute(counted)).scalar_one()


async def test_an_order_is_published_once(
    live_market: Market, live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    customer = await live_market.person()
    await live_market.sign_in(live_client, customer)
    draft = await live_market.draft(customer)
    assert await together(live_client, f"/api/v1/orders/{draft.id}/publish") == {200: 1, 409: TIMES - 1}
    another = await live_market.draft(customer)
    assert await together(live_client, f"/orders/{another.id}/publish") == {303: 1, 409: TIMES - 1}
    assert await announced(live_resources, "orders.order_published") == 2


async def test_a_proposal_is_sent_once(
    live_market: Market, live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    await live_market.sign_in(live_client, await live_market.person())
    order, another = await live_market.order(), await live_market.order()
    found = await together(live_client, f"/api/v1/orders/{order.id}/proposals", json=OFFER)
    assert found == {201: 1, 409: TIMES - 1}
    typed = {"price": "50 000", "term_days": "5", "letter": "Сделаю за пять дней."}
    found = await together(live_client, f"/orders/{another.id}/proposals", data=typed, headers={"Accept": "text/html"})
    assert found == {303: 1, 409: TIMES - 1}
    assert await announced(live_resources, "proposals.proposal_sent") == 2
    async with live_resources.sessions() as session:
        assert (await session.execute(select(func.count()).select_from(Proposal))).scalar_one() == 2


async def test_a_report_is_sent_once(
    live_market: Market, live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    await live_market.sign_in(live_client, await live_market.person())
    about = {"kind": "order", "id": str((await live_market.order()).id)}
    found = await together(live_client, "/api/v1/reports", json={"subject": about, "reason": "spam"})
    assert found == {201: 1, 409: TIMES - 1}
    another = await live_market.order()
    # The page redirects the second click to the report that exists.
    found = await together(live_client, f"/report/order/{another.id}", data={"reason": "spam"})
    assert found == {303: TIMES}
    async with live_resources.sessions() as session:
        assert (await session.execute(select(func.count()).select_from(Report))).scalar_one() == 2
