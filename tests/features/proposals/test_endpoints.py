"""Proposals over HTTP: from an order to the choice of a freelancer, and the refusals."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.factories.orders import Market

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
OFFER: dict[str, Any] = {"price": {"amount": 7_500_000, "currency": "RUB"}, "term_days": 14, "letter": "Сделаю."}


async def test_an_order_finds_its_freelancer(market: Market, new_client: NewClient) -> None:
    customer, anna, boris = [await market.person(name) for name in ("bakery", "anna", "boris")]
    order = await market.order(customer)
    ours, annas, boriss = [await market.sign_in(await new_client(), who) for who in (customer, anna, boris)]
    address = f"/api/v1/orders/{order.id}/proposals"
    sent = await annas.post(address, json=OFFER)
    assert sent.status_code == 201, sent.text
    assert (sent.json()["status"], sent.json()["freelancer"]["name"]) == ("sent", "anna")
    assert sent.json()["actions"] == ["edit", "withdraw"]
    other = (await boriss.post(address, json=OFFER | {"letter": "И я могу."})).json()
    again = await annas.post(address, json=OFFER)
    assert (again.status_code, again.json()["code"]) == (409, "already-proposed")
    edited = await annas.patch(f"/api/v1/proposals/{sent.json()['id']}", json={"term_days": 10, "version": 1})
    assert (edited.json()["term_days"], edited.json()["version"]) == (10, 2)
    triage = (await ours.get(address)).json()
    assert [item["freelancer"]["name"] for item in triage["items"]] == ["boris", "anna"]
    assert triage["items"][0]["actions"] == ["accept", "offer", "decline", "see", "shortlist"]
    assert len((await ours.get(address, params={"limit": 1})).json()["items"]) == 1
    blind = await ours.post(f"/api/v1/proposals/{sent.json()['id']}/accept")
    stale = await ours.post(f"/api/v1/proposals/{sent.json()['id']}/accept", json={"version": 1})
    assert (blind.status_code, stale.status_code, stale.json()["code"]) == (422, 409, "proposal-changed")
    chosen = await ours.post(f"/api/v1/proposals/{sent.json()['id']}/accept", json={"version": 2})
    assert (chosen.status_code, chosen.json()["status"]) == (200, "accepted")
    assert (await annas.get(f"/api/v1/proposals/{sent.json()['id']}")).json()["order"]["status"] == "awarded"
    lost = (await boriss.get("/api/v1/proposals/mine")).json()["items"]
    assert [(item["status"], item["decline_reason"]) for item in lost] == [("declined", "another_chosen")]
    late = await ours.post(f"/api/v1/proposals/{other['id']}/accept", json={"version": 1})
    assert (late.status_code, late.json()["code"]) == (409, "proposal-state")
    assert (await (await new_client()).get("/api/v1/orders")).json()["items"] == []


async def test_declining_and_withdrawing(market: Market, new_client: NewClient) -> None:
    customer, anna = await market.person(), await market.person()
    order = await market.order(customer)
    first = await market.proposal(order, anna)
    ours, annas = await market.sign_in(await new_client(), customer), await market.sign_in(await new_client(), anna)
    withdrawn = await annas.post(f"/api/v1/proposals/{first.id}/withdraw")
    assert withdrawn.json()["status"] == "withdrawn"
    second = await market.proposal(order, anna)
    for bad in ({"reason": "another_chosen"}, {"reason": "because"}, {"extra": 1}):
        assert (await ours.post(f"/api/v1/proposals/{second.id}/decline", json=bad)).status_code == 422
    declined = await ours.post(f"/api/v1/proposals/{second.id}/decline", json={"reason": "price", "note": "Дорого"})
    assert (declined.json()["status"], declined.json()["decline_reason"]) == ("declined", "price")
    refused = await annas.post(f"/api/v1/orders/{order.id}/proposals", json=OFFER)
    assert (refused.status_code, refused.json()["code"]) == (409, "declined-before")
    mine = (await annas.get("/api/v1/proposals/mine", params={"limit": 1})).json()
    rest = (await annas.get("/api/v1/proposals/mine", params={"limit": 1, "cursor": mine["next_cursor"]})).json()
    assert (len(rest["items"]), rest["next_cursor"]) == (1, None)
    assert (await annas.get("/api/v1/proposals/mine", params={"cursor": "?"})).json()["code"] == "bad-cursor"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"price": {"amount": 0, "currency": "RUB"}}, "price"),
        ({"price": {"amount": 100, "currency": "USD"}}, "price"),
        ({"price": None}, "price"),
        ({"term_days": 0}, "term_days"),
        ({"term_days": 1001}, "term_days"),
        ({"term_days": "5"}, "term_days"),
        ({"letter": " \n "}, "letter"),
        ({"letter": "x" * 10_001}, "letter"),
        ({"letter": "a\uffffb"}, "letter"),
        ({"status": "accepted"}, "status"),
    ],
)
async def test_bad_input_names_its_field(
    market: Market, client: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    order = await market.order()
    await market.sign_in(client, await market.person())
    answer = await client.post(f"/api/v1/orders/{order.id}/proposals", json=OFFER | change)
    assert answer.status_code == 422, answer.text
    assert [error["loc"][1] for error in answer.json()["errors"]] == [field]


async def test_each_step_belongs_to_one_side(market: Market, new_client: NewClient) -> None:
    customer, anna, other = [await market.person() for _ in range(3)]
    order = await market.order(customer)
    proposal = await market.proposal(order, anna)
    clients = {"guest": await new_client()}
    for name, actor in (("other", other), ("freelancer", anna), ("customer", customer)):
        clients[name] = await market.sign_in(await new_client(), actor)
    address = f"/api/v1/proposals/{proposal.id}"
    table = [
        # what                               guest other freelancer customer
        ("GET", address, None, (401, 404, 200, 200)),
        ("PATCH", address, {"term_days": 5}, (401, 404, 200, 403)),
        ("POST", f"{address}/decline", None, (401, 404, 403, 200)),
        ("POST", f"{address}/accept", {"version": 1}, (401, 404, 403, 409)),
        ("POST", f"{address}/withdraw", None, (401, 404, 409, 403)),
    ]
    for method, path, body, expected in table:
        for name, status in zip(clients, expected, strict=True):
            answer = await clients[name].request(method, path, json=body)
            assert answer.status_code == status, (name, method, path, answer.text)
            assert "@" not in answer.text
