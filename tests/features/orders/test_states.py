"""Lifecycle of orders: pause, moderation, reminders, expiry, and the published state machines."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from app.cli.shared import Refusal
from app.core.clock import utc_now
from app.core.persistence.outbox import OutboxMessage
from app.core.resources import Resources
from app.core.state_machine import PUBLISHED
from app.features.orders.tasks import close_stale, remind
from app.models import Order, OrderStatus
from app.models.side import Side
from tests.factories.commands import Command
from tests.factories.orders import Market, rub

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[..., Awaitable[object]]
BODY: dict[str, Any] = {
    "title": "Мост через ручей",
    "description": "Построить мост за неделю.",
    "budget": {"amount": 15_000_000, "currency": "RUB"},
}
OFFER = {"price": {"amount": 5_000_000, "currency": "RUB"}, "term_days": 5, "letter": "Сделаю."}


async def topics(resources: Resources) -> list[str]:
    async with resources.sessions() as session:
        return list((await session.execute(select(OutboxMessage.topic).order_by(OutboxMessage.id))).scalars())


async def turn(resources: Resources, order_id: object, **moments: int) -> None:
    """Set timestamps of an order to so many hours from now."""
    values = {name: utc_now() + timedelta(hours=hours) for name, hours in moments.items()}
    async with resources.sessions() as session, session.begin():
        await session.execute(update(Order).where(Order.id == order_id).values(**values))


async def kinds(client: httpx.AsyncClient) -> list[str]:
    return [item["kind"] for item in (await client.get("/api/v1/notifications")).json()["items"]]


async def test_a_paused_order_stands_in_no_list_and_ends_by_itself(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, resources: Resources
) -> None:
    customer = await market.person()
    order = await market.order(customer)
    await market.sign_in(client, customer)
    other = await market.sign_in(await new_client(), await market.person())
    address = f"/api/v1/orders/{order.id}"
    paused = (await client.post(f"{address}/pause")).json()
    assert (paused["status"], paused["if_nobody_acts"]["to"]) == ("paused", "expired")
    assert paused["actions"] == ["award", "resume", "edit", "close"]
    assert (await other.get("/api/v1/orders")).json()["items"] == []
    refused = await other.post(f"{address}/proposals", json=OFFER)
    assert (refused.status_code, refused.json()["code"]) == (409, "order-not-open")
    page = await other.get(f"/orders/{order.id}")
    assert "The order is paused." in page.text
    assert (await client.post(f"{address}/pause")).status_code == 409
    assert (await client.post(f"{address}/resume")).json()["status"] == "open"
    assert len((await other.get("/api/v1/orders")).json()["items"]) == 1
    await client.post(f"{address}/pause")
    await turn(resources, order.id, expires_at=-1)
    assert await close_stale(resources) == 1
    assert (await client.get(address)).json()["status"] == "expired"


async def test_what_is_paused_is_opened_again_only_whole(
    market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    customer = await market.person()
    order = await market.order(customer)
    await market.sign_in(client, customer)
    assert "is paused" in (await client.post(f"/orders/{order.id}/pause", follow_redirects=True)).text
    past = utc_now().date() - timedelta(days=2)  # the day before may be today somewhere
    async with resources.sessions() as session, session.begin():
        await session.execute(update(Order).where(Order.id == order.id).values(deadline=past))
    stale = await client.post(f"/orders/{order.id}/resume")
    assert stale.status_code == 422
    assert "This day is over" in stale.text
    await client.patch(f"/api/v1/orders/{order.id}", json={"deadline": None})
    assert "is open again" in (await client.post(f"/orders/{order.id}/resume", follow_redirects=True)).text


async def test_a_customer_is_reminded_twice_and_keeps_the_order_open(
    market: Market, client: httpx.AsyncClient, resources: Resources, settle: Settle
) -> None:
    customer = await market.person()
    order = await market.order(customer)
    await market.sign_in(client, customer)
    assert await remind(resources) == 0
    for left in (24 * 7, 24 * 2):
        await turn(resources, order.id, remind_at=-1, expires_at=left)
        assert await remind(resources) == 1
        assert await remind(resources) == 0
    await settle()
    (notice,) = (await client.get("/api/v1/notifications")).json()["items"]
    assert (notice["kind"], notice["count"]) == ("order_ending", 2), "the second renews the unread first"
    assert (await client.post(f"/orders/{order.id}/renew", follow_redirects=True)).status_code == 200
    async with resources.sessions() as session:
        kept = await session.get_one(Order, order.id)
    assert kept.expires_at is not None
    assert kept.remind_at == kept.expires_at - timedelta(days=7)


async def set_moderation(resources: Resources, whose: str) -> None:
    """Enable moderation of new orders."""
    object.__setattr__(resources, "settings", resources.settings.model_copy(update={"moderate_orders": whose}))


async def test_the_operator_looks_first(
    market: Market,
    client: httpx.AsyncClient,
    new_client: NewClient,
    resources: Resources,
    settle: Settle,
    command: Command,
) -> None:
    await set_moderation(resources, "all")
    customer = await market.person("painter")
    await market.sign_in(client, customer)
    assert await command("orders", "list") == "Nothing waits."
    made = (await client.post("/api/v1/orders", json=BODY)).json()
    address = f"/api/v1/orders/{made['id']}"
    sent = (await client.post(f"{address}/publish")).json()
    assert (sent["status"], sent["if_nobody_acts"]["event"]) == ("moderation", "let_through")
    guest = await new_client()
    assert (await guest.get(address)).status_code == 404
    assert "of painter: Мост через ручей" in await command("orders", "list")
    await command("orders", "reject", made["id"], "--version", "1", "--reason", "Назовите материал.")
    await settle()
    assert (await client.get(address)).json()["rejection"] == "Назовите материал."
    assert "Назовите материал." in (await client.get(f"/orders/{made['id']}")).text
    again = await client.post(f"/orders/{made['id']}/publish", follow_redirects=True)
    assert "The operator looks at it first" in again.text
    await command("orders", "approve", made["id"], "--version", "1")
    await settle()
    assert (await guest.get(address)).json()["rejection"] is None
    assert await kinds(client) == ["order_approved", "order_rejected"]
    assert (await topics(resources)).count("orders.order_published") == 1
    for words in (("approve",), ("reject", "--reason", "Нет")):
        with pytest.raises(Refusal, match="status has changed"):
            await command("orders", *words, made["id"], "--version", "1")
    with pytest.raises(Refusal, match="characters"):
        await command("orders", "reject", made["id"], "--version", "1", "--reason", " ")
    with pytest.raises(Refusal, match="no id"):
        await command("orders", "approve", "x", "--version", "1")
    with pytest.raises(Refusal, match="no such order"):
        await command("orders", "approve", str(customer.id), "--version", "1")


async def test_what_nobody_looked_at_opens_with_a_mark(
    market: Market, client: httpx.AsyncClient, resources: Resources, command: Command
) -> None:
    await set_moderation(resources, "new_accounts")
    await market.sign_in(client, await market.person())
    made = (await client.post("/api/v1/orders", json=BODY)).json()
    assert (await client.post(f"/api/v1/orders/{made['id']}/publish")).json()["status"] == "moderation"
    await turn(resources, made["id"], expires_at=-1)
    assert await close_stale(resources) == 1
    assert (await client.get(f"/api/v1/orders/{made['id']}")).json()["status"] == "open"
    assert "opened by itself, now open" in await command("orders", "list")
    assert "let through" in await command("orders", "approve", made["id"], "--version", "1")
    assert await command("orders", "list") == "Nothing waits."


async def test_an_order_takes_as_many_proposals_as_it_wants(
    market: Market, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    customer = await market.person()
    order = await market.order(customer, proposals_limit=1)
    await market.sign_in(client, await market.person())
    first = await client.post(f"/api/v1/orders/{order.id}/proposals", json=OFFER)
    assert first.status_code == 201
    other = await market.sign_in(await new_client(), await market.person())
    full = await other.post(f"/api/v1/orders/{order.id}/proposals", json=OFFER)
    assert (full.status_code, full.json()["code"]) == (409, "order-full")
    await client.post(f"/api/v1/proposals/{first.json()['id']}/withdraw")
    assert (await other.post(f"/api/v1/orders/{order.id}/proposals", json=OFFER)).status_code == 201


async def test_what_an_order_asks_for_is_kept_and_shown(market: Market, client: httpx.AsyncClient) -> None:
    await market.sign_in(client, await market.person())
    fields = {"experience": "expert", "questions": ["Что вы уже строили?"], "proposals_limit": 7, "weekly_hours": 20}
    wrong = await client.post("/api/v1/orders", json=BODY | fields)
    assert (wrong.status_code, wrong.json()["errors"][0]["loc"]) == (422, ["body", "weekly_hours"])
    made = (await client.post("/api/v1/orders", json=BODY | fields | {"budget_kind": "hourly"})).json()
    assert {name: made[name] for name in fields} == fields
    page = (await client.get(f"/orders/{made['id']}")).text
    for words in ("Что вы уже строили?", "Expert", "Hours a week"):
        assert words in page
    address = f"/api/v1/orders/{made['id']}"
    assert (await client.patch(address, json={"budget_kind": "fixed"})).json()["weekly_hours"] is None
    for change in ({"questions": ["а"] * 6}, {"proposals_limit": 0}, {"experience": "guru"}):
        assert (await client.patch(address, json=change)).status_code == 422


async def test_the_tables_are_served_as_they_run(client: httpx.AsyncClient) -> None:
    items = (await client.get("/api/v1/state-machines")).json()["items"]
    assert [item["name"] for item in items] == sorted(PUBLISHED)
    for item in items:
        machine = PUBLISHED[item["name"]]
        for state in item["states"]:
            steps = [(step["event"], step["by"], step["to"]) for step in state["steps"]]
            arrows = [arrow for arrow in machine.transitions if arrow.source == state["name"]]
            assert steps == [(arrow.event, arrow.side, arrow.target) for arrow in arrows]
            clock = [arrow.event for arrow in arrows if arrow.side is Side.SYSTEM]
            waits = state["if_nobody_acts"]
            assert waits["event"] in clock if waits else not clock
    order = (await client.get("/api/v1/state-machines/order", headers={"Accept-Language": "ru"})).json()
    waits = {state["name"]: state["if_nobody_acts"] for state in order["states"]}
    assert waits["open"]["after_seconds"] == 14 * 24 * 3600
    assert order["words"] == "Заказ"
    missing = await client.get("/api/v1/state-machines/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "no-such-state-machine")
    page = (await client.get("/states")).text
    assert "after 14 days: nobody has acted: it expires" in page


async def test_my_orders_say_what_happens_by_itself(market: Market, client: httpx.AsyncClient) -> None:
    customer = await market.person()
    await market.order(customer, budget=rub(5))
    await market.sign_in(client, customer)
    (card,) = (await client.get("/api/v1/orders/mine")).json()["items"]
    assert card["if_nobody_acts"]["to"] == OrderStatus.EXPIRED
    assert "If nobody acts until" in (await client.get("/my/orders")).text
