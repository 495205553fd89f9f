"""Orders with limited visibility: by link, by invitation."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from app.models import Visibility
from tests.factories.orders import Market

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]

OFFER = {"price": {"amount": 5_000_000, "currency": "RUB"}, "term_days": 5, "letter": "Сделаю."}


async def published(client: httpx.AsyncClient, visibility: str) -> dict[str, object]:
    body = {
        "title": "Тайный заказ на маяк",
        "description": "Построить маяк на мысе.",
        "budget": {"amount": 5_000_000, "currency": "RUB"},
        "visibility": visibility,
    }
    order = (await client.post("/api/v1/orders", json=body)).json()
    answer = await client.post(f"/api/v1/orders/{order['id']}/publish")
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


@pytest.mark.parametrize("visibility", [Visibility.LINK, Visibility.INVITED])
async def test_what_is_not_public_stands_in_no_list_and_is_not_there(
    visibility: str, market: Market, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    customer, stranger = await market.person(), await market.person()
    await market.sign_in(client, customer)
    order = await published(client, visibility)
    address = f"/api/v1/orders/{order['id']}"
    other = await market.sign_in(await new_client(), stranger)
    assert (await other.get("/api/v1/orders")).json()["items"] == []
    assert (await other.get("/api/v1/orders", params={"q": "маяки"})).json()["items"] == []
    assert "маяк" not in (await (await new_client()).get("/orders")).text
    for path in (address, f"{address}/revisions", f"{address}?key=wrong", f"/orders/{order['id']}"):
        assert (await other.get(path)).status_code == 404, path
    assert (await other.post(f"{address}/proposals", json=OFFER)).status_code == 404
    assert (await other.patch(address, json={"title": "Чужой"})).status_code == 404
    assert (await client.get(address)).json()["visibility"] == visibility


async def test_a_link_opens_an_order_and_who_answered_stays(
    market: Market, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await market.sign_in(client, await market.person())
    order = await published(client, Visibility.LINK)
    address, key = f"/api/v1/orders/{order['id']}", {"key": str(order["share_key"])}
    guest = await new_client()
    seen = await guest.get(address, params=key)
    assert (seen.status_code, seen.json()["share_key"]) == (200, None)
    other = await market.sign_in(await new_client(), await market.person())
    page = await other.get(f"/orders/{order['id']}", params=key)
    assert page.status_code == 200
    assert f'action="/orders/{order["id"]}/proposals?key={order["share_key"]}"' in page.text
    assert (await other.post(f"{address}/proposals", params=key, json=OFFER)).status_code == 201
    assert (await other.get(address)).status_code == 200
    assert (await client.patch(address, json={"visibility": "invited"})).status_code == 200
    assert (await guest.get(address, params=key)).status_code == 404
    assert (await other.get(address)).status_code == 200


async def test_a_new_link_replaces_the_earlier_one(
    market: Market, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await market.sign_in(client, await market.person())
    order = await published(client, Visibility.LINK)
    address, earlier = f"/orders/{order['id']}", {"key": str(order["share_key"])}
    other, guest = await market.sign_in(await new_client(), await market.person()), await new_client()
    assert (await other.post(f"/api/v1{address}/proposals", params=earlier, json=OFFER)).status_code == 201
    shown = await client.get(address)
    assert f'action="{address}/share-key"' in shown.text
    assert '<meta name="robots" content="noindex">' in shown.text
    assert '<meta name="robots" content="noindex">' in (await guest.get(address, params=earlier)).text

    renewed = (await client.post(f"/api/v1{address}/share-key")).json()
    assert renewed["share_key"] not in (None, order["share_key"])
    assert (await guest.get(address, params=earlier)).status_code == 404
    assert (await guest.get(address, params={"key": renewed["share_key"]})).status_code == 200
    assert (await other.get(address)).status_code == 200

    assert (await client.post(f"{address}/share-key")).status_code == 303
    assert (await guest.get(address, params={"key": renewed["share_key"]})).status_code == 404


async def test_an_order_becomes_public(market: Market, client: httpx.AsyncClient, new_client: NewClient) -> None:
    await market.sign_in(client, await market.person())
    order = await published(client, Visibility.INVITED)
    page = await client.get(f"/orders/{order['id']}")
    assert "Only those I invite" in page.text
    assert (await client.patch(f"/api/v1/orders/{order['id']}", json={"visibility": "public"})).json()["version"] == 2
    assert [item["id"] for item in (await (await new_client()).get("/api/v1/orders")).json()["items"]] == [order["id"]]
