"""Moderation approves one version of an order: what is edited waits again, and what waits is its customer's alone."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.cli.shared import Refusal
from app.core.resources import Resources
from app.features.orders.tasks import close_stale
from tests.factories.commands import Command
from tests.factories.files import Files
from tests.factories.orders import Market
from tests.features.orders.test_states import set_moderation, topics, turn

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[..., Awaitable[object]]
PUBLIC = ("/orders/{id}", "/orders/{id}/history", "/orders/{id}/card.png")
JSON = ("/api/v1/orders/{id}", "/api/v1/orders/{id}/revisions")
BUDGET = {"amount": 100, "currency": "RUB"}
BAD = "Ставки на спорт: пишите в личные сообщения."


async def reads(client: httpx.AsyncClient, order_id: UUID) -> set[int]:
    """Return the statuses of every address of one order."""
    return {(await client.get(path.format(id=order_id))).status_code for path in PUBLIC + JSON}


async def listed(client: httpx.AsyncClient) -> list[str]:
    """Return the ids in the list, and check that the feed, the landing page and the search agree."""
    ids = [item["id"] for item in (await client.get("/api/v1/orders")).json()["items"]]
    feed, found = await client.get("/orders.atom"), await client.get("/orders")
    for order_id in ids:
        assert order_id in feed.text
        assert order_id in found.text
    if not ids:
        assert "<entry>" not in feed.text
    return ids


@pytest.mark.parametrize("edit", [{"description": BAD}, {"title": "Казино"}, {"budget": BUDGET}])
async def test_an_edited_order_waits_again_and_only_its_customer_reads_it(
    market: Market,
    client: httpx.AsyncClient,
    new_client: NewClient,
    settle: Settle,
    command: Command,
    edit: dict[str, Any],
) -> None:
    customer, order = await _open(market)
    await market.sign_in(client, customer)
    other = await market.sign_in(await new_client(), await market.person())
    await market.proposal(order)
    address = f"/api/v1/orders/{order.id}"
    await set_moderation(command.resources, "all")
    before = (await client.get(address)).json()
    assert await listed(other) == [str(order.id)]
    edited = (await client.patch(address, json=edit)).json()
    assert edited["status"] == "moderation"
    assert await reads(other, order.id) == {404}
    assert await reads(client, order.id) - {404} == {200}
    assert await listed(other) == []
    await command("orders", "approve", str(order.id), "--version", "2", "--reason", "Read.")
    await settle()
    again = (await other.get(address)).json()
    assert (again["status"], again["published_at"]) == ("open", before["published_at"])
    assert await listed(other) == [str(order.id)]
    assert (await topics(command.resources)).count("orders.order_published") == 1
    assert (await topics(command.resources)).count("orders.order_edited") == 1


async def test_what_was_never_approved_is_in_no_history(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, resources: Resources, command: Command
) -> None:
    customer, order = await _open(market)
    await market.sign_in(client, customer)
    await set_moderation(resources, "all")
    address = f"/api/v1/orders/{order.id}"
    await client.patch(address, json={"description": BAD})
    await client.patch(address, json={"description": "Настроить пекарне витрину."})
    await command("orders", "approve", str(order.id), "--version", "3")
    guest = await new_client()
    history = await guest.get(f"{address}/revisions")
    assert [item["version"] for item in history.json()["items"]] == [1]
    assert BAD not in history.text + (await guest.get(f"/orders/{order.id}/history")).text


@pytest.mark.parametrize("words", [("approve",), ("reject", "--reason", "Spam.")])
async def test_a_swap_after_reading_is_refused(
    market: Market, client: httpx.AsyncClient, resources: Resources, command: Command, words: tuple[str, ...]
) -> None:
    await set_moderation(resources, "all")
    customer, order = await _open(market)
    await market.sign_in(client, customer)
    assert "version 1" in await command("orders", "list")
    assert "version 1, moderation" in await command("orders", "show", str(order.id))
    file = await Files(resources).make(customer, name="Ставки.txt")
    bad = {"description": BAD, "skills": ["python", "тотализатор"], "files": [str(file.id)]}
    await client.patch(f"/api/v1/orders/{order.id}", json=bad)
    with pytest.raises(Refusal, match="changed in the meantime"):
        await command("orders", *words, str(order.id), "--version", "1")
    assert (await client.get(f"/api/v1/orders/{order.id}")).json()["status"] == "moderation"
    shown = await command("orders", "show", str(order.id))
    assert all(part in shown for part in (BAD, "тотализатор", f"{file.id}: Ставки.txt"))
    with pytest.raises(Refusal, match="no such order"):
        await command("orders", "show", str(customer.id))


@pytest.mark.parametrize("first", ["pause", "expire", ""])
async def test_a_rejected_order_that_was_public_is_its_customers_alone(
    market: Market,
    client: httpx.AsyncClient,
    new_client: NewClient,
    command: Command,
    settle: Settle,
    first: str,
) -> None:
    customer, order = await _open(market)
    await market.sign_in(client, customer)
    freelancer = await market.person()
    reader = await market.sign_in(await new_client(), freelancer)
    await market.proposal(order, freelancer)
    address = f"/api/v1/orders/{order.id}"
    await set_moderation(command.resources, "all")
    if first == "pause":
        await client.post(f"{address}/pause")
    if first == "expire":
        await turn(command.resources, order.id, expires_at=-1)
        await close_stale(command.resources)
    await client.patch(address, json={"description": BAD})
    if first == "expire":
        assert (await client.get(address)).json()["status"] == "draft"
        assert await reads(reader, order.id) == {404}
        await client.post(f"{address}/publish")
    await command("orders", "reject", str(order.id), "--version", "2", "--reason", "Spam.")
    for status in ("draft", "cancelled"):
        assert (await client.get(address)).json()["status"] == status
        assert await reads(reader, order.id) == {404}
        assert await reads(await new_client(), order.id) == {404}
        await client.post(f"{address}/close", json={"reason": "other"})
    await settle()
    assert (await topics(command.resources)).count("proposals.proposal_declined") == 1


async def test_nobody_with_a_proposal_reads_an_unapproved_title(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, settle: Settle, command: Command
) -> None:
    customer, order = await _open(market)
    await market.sign_in(client, customer)
    freelancer = await market.person()
    reader = await market.sign_in(await new_client(), freelancer)
    proposal = await market.proposal(order, freelancer)
    await set_moderation(command.resources, "all")
    messages = f"/api/v1/proposals/{proposal.id}/messages"
    await client.post(messages, json={"text": "Здравствуйте!"})
    await client.patch(f"/api/v1/orders/{order.id}", json={"title": "Казино"})
    places = (
        *("/api/v1/proposals/mine", "/my/proposals", f"/api/v1/proposals/{proposal.id}", "/api/v1/notifications"),
        *("/api/v1/conversations", "/messages", "/notifications", f"/proposals/{proposal.id}/history"),
    )
    for step in ("moderation", "draft"):
        await client.post(messages, json={"text": "Посмотрите снова."})
        await settle()
        for place in places:
            answer = await reader.get(place, headers={"Accept-Language": "en"})
            assert answer.status_code == 200, (place, step)
            assert "Казино" not in answer.text, (place, step)
            assert "An order that is not public" in answer.text, (place, step)
        assert "Казино" in (await client.get("/api/v1/conversations")).text
        if step == "moderation":
            await command("orders", "reject", str(order.id), "--version", "2", "--reason", "Spam.")


async def test_without_moderation_an_edit_stays_open(
    market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    customer, order = await _open(market)
    await market.sign_in(client, customer)
    address = f"/api/v1/orders/{order.id}"
    assert (await client.patch(address, json={"title": "Мост"})).json()["status"] == "open"
    await set_moderation(resources, "all")
    assert (await client.patch(address, json={"title": "Мост"})).json()["status"] == "open"
    await set_moderation(resources, "new_accounts")
    assert (await client.patch(address, json={"title": "Мосты"})).json()["status"] == "moderation"


async def _open(market: Market) -> tuple[Any, Any]:
    customer = await market.person()
    return customer, await market.order(customer)
