"""Held orders: while their customer's account is banned or closed, and while the operator has taken them down."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.cli.shared import Refusal
from app.core.actor import Actor
from app.core.audit import AuditEntry
from app.core.clock import utc_now
from app.core.persistence.outbox import OutboxMessage
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.authentication.service import Caller
from app.features.identity import service as identity
from app.features.orders.tasks import close_stale
from app.features.proposals.tasks import lapse_offers
from app.models import Order, OrderStatus, Proposal, User
from app.models.user import UserStatus
from tests.factories.commands import Command
from tests.factories.orders import Market
from tests.features.orders.test_moderated_versions import listed, reads
from tests.features.orders.test_states import OFFER, kinds, topics, turn

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[..., Awaitable[object]]
WHY = ("--reason", "Мошенничество.")


async def kept[T](resources: Resources, model: type[T], key: object) -> T:
    async with resources.sessions() as session:
        return await session.get_one(model, key)


async def away(market: Market, command: Command, person: Actor, way: str) -> None:
    """Ban or close an account."""
    if way == "ban":
        await command("ban", person.username, *WHY)
        return
    async with market.uow() as uow:
        await identity.deactivate(uow, person.id, Caller())


@pytest.mark.parametrize("way", ["ban", "close"])
async def test_orders_of_an_account_that_is_away_are_nowhere(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, settle: Settle, command: Command, way: str
) -> None:
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer)
    await market.proposal(order, freelancer)
    await market.sign_in(client, freelancer)
    stranger = await market.sign_in(await new_client(), await market.person())
    assert await listed(stranger) == [str(order.id)]
    await settle()
    await away(market, command, customer, way)
    await settle()
    assert await listed(stranger) == []
    assert (await stranger.get("/api/v1/orders", params={"q": "пекарни"})).json()["items"] == []
    assert str(order.id) not in (await stranger.get("/")).text
    assert await reads(stranger, order.id) == {404}
    assert (await client.get(f"/api/v1/orders/{order.id}")).json()["status"] == "paused"
    assert await kinds(client) == ["order_held"]
    refused = await stranger.post(f"/api/v1/orders/{order.id}/proposals", json=OFFER)
    assert refused.status_code in {404, 409}


async def test_a_lifted_ban_gives_back_exactly_what_was(
    market: Market, client: httpx.AsyncClient, settle: Settle, command: Command
) -> None:
    resources, customer = command.resources, await market.person("vera")
    opened, paused, waiting = [await market.order(customer) for _count in range(3)]
    draft = await market.draft(customer)
    await market.proposal(opened, await market.person("anna"))
    async with unit_of_work(resources) as uow:
        (await uow.session.get_one(Order, paused.id)).status = OrderStatus.PAUSED
        (await uow.session.get_one(Order, waiting.id)).status = OrderStatus.MODERATION
    await turn(resources, opened.id, expires_at=50)
    await settle()
    ids = [item.id for item in (opened, paused, waiting, draft)]
    before = [await kept(resources, Order, key) for key in ids]
    await command("ban", "vera", *WHY)
    await settle()
    held = [await kept(resources, Order, key) for key in ids]
    assert [item.status for item in held] == ["paused", "paused", "draft", "draft"]
    await turn(resources, paused.id, expires_at=-1)
    await close_stale(resources)
    assert (await kept(resources, Order, paused.id)).status is OrderStatus.PAUSED
    await command("unban", "vera")
    await settle()
    after = [await kept(resources, Order, key) for key in ids]
    assert [item.status for item in after] == [item.status for item in before]
    assert [item.published_at for item in after] == [item.published_at for item in before]
    for old, new in zip(before[:3], after[:3], strict=True):
        assert old.expires_at is not None
        assert new.expires_at is not None
        assert abs(new.expires_at - old.expires_at) < timedelta(minutes=5)
        assert (new.suspended_at, new.held_status, new.held_seconds) == (None, None, None)
    assert (await topics(resources)).count("orders.order_published") == 3
    await market.sign_in(client, Actor(id=(await _named(resources, "anna")).id, username="anna"))
    assert await kinds(client) == ["order_released"]  # the newest news about the order replaces the earlier


async def test_accounts_that_were_away_before_are_found_by_the_periodic_task(
    market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    customer = await market.person()
    await market.order(customer)
    async with unit_of_work(resources) as uow:
        (await uow.session.get_one(User, customer.id)).status = UserStatus.BANNED
    assert await close_stale(resources) == 0
    assert await listed(client) == []


async def test_proposals_of_a_banned_freelancer_are_withdrawn_and_come_back(
    market: Market, client: httpx.AsyncClient, settle: Settle, command: Command
) -> None:
    resources, customer, freelancer = command.resources, await market.person(), await market.person("boris")
    order, other, closed = [await market.order(customer) for _count in range(3)]
    sent, offered, over = [await market.proposal(item, freelancer) for item in (order, other, closed)]
    await market.offer(customer, offered.id)
    await settle()
    await command("ban", "boris", *WHY)
    await settle()
    for proposal in (sent, offered, over):
        assert (await kept(resources, Proposal, proposal.id)).status == "withdrawn"
    assert (await kept(resources, Order, order.id)).proposals_count == 0
    await market.sign_in(client, customer)
    assert (await kinds(client)).count("proposal_withdrawn") == 3
    await client.post(f"/api/v1/orders/{closed.id}/close", json={"reason": "other"})
    await command("unban", "boris")
    await settle()
    statuses = [(await kept(resources, Proposal, item.id)).status for item in (sent, offered, over)]
    assert statuses == ["sent", "shortlisted", "withdrawn"]
    assert (await kept(resources, Order, order.id)).proposals_count == 1
    assert (await kept(resources, Proposal, sent.id)).suspended_status is None


async def test_nothing_is_agreed_with_a_banned_customer(
    market: Market, client: httpx.AsyncClient, settle: Settle, command: Command
) -> None:
    customer, freelancer = await market.person("vera"), await market.person()
    order = await market.order(customer)
    proposal = await market.proposal(order, freelancer)
    offer = await market.offer(customer, proposal.id)
    await market.sign_in(client, freelancer)
    await command("ban", "vera", *WHY)
    await settle()
    answer = await client.post(f"/api/v1/offers/{offer.id}/accept", json={"order_version": 1})
    assert answer.json()["code"] == "offer-state"
    async with unit_of_work(command.resources) as uow:
        found = await uow.session.get_one(type(offer), offer.id)
        found.expires_at = found.remind_at = utc_now() - timedelta(hours=1)
    assert await lapse_offers(command.resources) == 0


@pytest.mark.parametrize("gone", ["customer", "freelancer"])
async def test_a_conversation_with_a_banned_person_can_only_be_read(
    market: Market, client: httpx.AsyncClient, settle: Settle, command: Command, gone: str
) -> None:
    people = {"customer": await market.person("vera"), "freelancer": await market.person("boris")}
    stays = people["freelancer" if gone == "customer" else "customer"]
    proposal = await market.proposal(await market.order(people["customer"]), people["freelancer"])
    await market.sign_in(client, people["customer"])
    address = f"/api/v1/proposals/{proposal.id}/messages"
    wrote = await client.post(address, json={"text": "Здравствуйте!"})
    assert wrote.status_code == 201, wrote.text
    await market.sign_in(client, stays)
    await command("ban", people[gone].username, *WHY)
    refused = await client.post(address, json={"text": "Вы здесь?"})
    assert (refused.status_code, refused.json()["code"]) == (409, "participant-gone")
    await settle()
    said: Any = (await client.get("/api/v1/conversations")).text
    assert "Здравствуйте!" in said


async def test_a_removed_order_and_its_reason(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, settle: Settle, command: Command
) -> None:
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer)
    await market.proposal(order, freelancer)
    await market.sign_in(client, customer)
    other = await market.sign_in(await new_client(), freelancer)
    address = f"/api/v1/orders/{order.id}"
    said = await command("orders", "take-down", str(order.id), *WHY)
    assert "is told why" in said
    await settle()
    for reader in (other, await new_client()):
        assert await listed(reader) == []
        assert await reads(reader, order.id) == {404}
        assert (await reader.get(address)).json()["code"] == "order-removed"
        assert "This order was removed" in (await reader.get(f"/orders/{order.id}")).text
    mine = (await client.get(address)).json()
    assert (mine["takedown_reason"], mine["actions"]) == (WHY[1], ["close"])
    assert WHY[1] in (await client.get(f"/orders/{order.id}")).text
    assert "order_taken_down" in await kinds(client)
    assert await kinds(other) == ["order_held"]
    for action in ("resume", "renew", "publish"):
        assert (await client.post(f"{address}/{action}")).json()["code"] == "order-held"
    assert (await client.patch(address, json={"title": "Другое"})).json()["code"] == "order-held"
    with pytest.raises(Refusal, match="status has changed"):
        await command("orders", "take-down", str(order.id), *WHY)
    await command("orders", "restore", str(order.id), "--reason", "By mistake.")
    await settle()
    assert (await other.get(address)).json()["status"] == "open"
    assert (await client.get(address)).json()["takedown_reason"] is None
    assert "order_restored" in await kinds(client)
    assert await listed(other) == [str(order.id)]
    async with command.resources.sessions() as session:
        entries = (
            (
                await session.execute(
                    select(AuditEntry).where(AuditEntry.subject == str(order.id)).order_by(AuditEntry.id)
                )
            )
            .scalars()
            .all()
        )
    assert [entry.action for entry in entries] == ["order.take_down", "order.restore"]
    with pytest.raises(Refusal, match="status has changed"):
        await command("orders", "restore", str(order.id))
    with pytest.raises(Refusal, match="no such order"):
        await command("orders", "take-down", str(customer.id), *WHY)


async def test_two_causes_hold_an_order_until_both_have_ended(market: Market, settle: Settle, command: Command) -> None:
    resources = command.resources
    order = await market.order(await market.person("vera"))
    await command("orders", "take-down", str(order.id), *WHY)
    await command("ban", "vera", *WHY)
    await settle()
    await command("orders", "restore", str(order.id))
    assert (await kept(resources, Order, order.id)).status is OrderStatus.PAUSED
    await command("orders", "take-down", str(order.id), *WHY)
    await command("unban", "vera")
    await settle()
    assert (await kept(resources, Order, order.id)).status is OrderStatus.PAUSED
    await command("orders", "restore", str(order.id))
    assert (await kept(resources, Order, order.id)).status is OrderStatus.OPEN


async def test_a_removed_order_may_be_closed_and_stays_unreadable(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, command: Command
) -> None:
    customer = await market.person()
    order = await market.order(customer)
    await market.sign_in(client, customer)
    await command("orders", "take-down", str(order.id), *WHY)
    closed = await client.post(f"/api/v1/orders/{order.id}/close", json={"reason": "other"})
    assert (closed.status_code, closed.json()["status"]) == (200, "cancelled")
    assert await reads(await new_client(), order.id) == {404}


async def test_the_events_name_the_cause(market: Market, command: Command) -> None:
    order = await market.order()
    await command("orders", "take-down", str(order.id), *WHY)
    async with command.resources.sessions() as session:
        statement = select(OutboxMessage.payload).where(OutboxMessage.topic == "orders.order_held")
        payload = (await session.execute(statement)).scalar_one()
    assert (payload["cause"], payload["reason"]) == ("operator", WHY[1])


async def _named(resources: Resources, username: str) -> User:
    async with resources.sessions() as session:
        return (await session.execute(select(User).where(User.username == username))).scalar_one()
