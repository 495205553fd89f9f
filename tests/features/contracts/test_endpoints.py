"""A whole deal by the API alone, with request keys where money moves."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx

from app.core.ids import new_id
from app.models import TimerKind
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market

type MakeClient = Callable[[], Awaitable[httpx.AsyncClient]]


class Party:
    """One party of a deal with a client of the API."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def do(self, key: UUID, action: str, *, idempotency: str = "", **body: Any) -> httpx.Response:
        """Send an action on a milestone."""
        headers = {"Idempotency-Key": idempotency or new_id().hex}
        return await self.client.post(f"/api/v1/milestones/{key}/{action}", json=body, headers=headers)


async def parties(market: Market, scene: DealScene, new_client: MakeClient) -> tuple[Party, Party]:
    """Return both parties, signed in."""
    customer = await market.sign_in(await new_client(), scene.customer)
    return Party(customer), Party(await market.sign_in(await new_client(), scene.freelancer))


async def test_a_deal_by_the_api_alone(market: Market, new_client: MakeClient) -> None:
    scene = await make_deal(market)
    customer, freelancer = await parties(market, scene, new_client)
    key = scene.milestones[0]
    missing = await customer.client.post(f"/api/v1/milestones/{key}/fund", json={"version": 1})
    assert missing.status_code == 400
    once = new_id().hex
    funded = await customer.do(key, "fund", idempotency=once, version=1)
    again = await customer.do(key, "fund", idempotency=once, version=1)
    assert (funded.status_code, funded.json(), again.json()) == (200, again.json(), funded.json())
    assert funded.json() | {"status": "funded", "held": 3_000_000, "version": 2} == funded.json()
    assert (await customer.do(key, "fund", version=1)).json()["code"] == "milestone-changed"
    assert (await customer.do(key, "start", version=2)).json()["code"] == "wrong-party"
    assert (await freelancer.do(key, "start", version=2)).status_code == 200
    empty = await freelancer.do(key, "submit", version=3, answers=[{}])
    assert (empty.status_code, empty.json()["errors"][0]["loc"]) == (422, ["body", "answers", 0, "text"])
    assert (await freelancer.do(key, "submit", version=3, answers=[{"text": "Done"}])).status_code == 200
    sent_back = await customer.do(key, "request-changes", version=4, lines=[{"line": 0, "text": "Prices"}])
    assert sent_back.json()["status"] == "revision"
    early = await customer.do(key, "ask-refund", version=5, reason="Too late")
    assert early.json()["code"] == "refund-too-early"
    assert (await freelancer.do(key, "submit", version=5, answers=[{"text": "Prices"}])).status_code == 200
    part = await customer.do(key, "accept", version=6, amount=1_000_000)
    assert (part.json()["status"], part.json()["held"]) == ("submitted", 2_000_000)
    shown = (await freelancer.client.get(f"/api/v1/contracts/{scene.contract_id}")).json()
    first = shown["deal"]["milestones"][0]
    assert (first["actions"], first["next"]["event"], first["rounds"]) == (["return_money"], "review", 1)
    assert [made["requested_changes"] for made in first["submissions"]] == [[{"line": 0, "text": "Prices"}], []]
    money = shown["deal"]["money"]
    assert money == {"held": 2_000_000, "maturing": 1_000_000, "available": 0, "refunded": 0}
    assert (await freelancer.do(key, "return-money", version=7)).json()["refunded"] == 2_000_000
    assert (await customer.do(key, "bonus", version=8, amount=500)).status_code == 200
    await scene.sweep(TimerKind.SECURITY)
    listed = (await customer.client.get("/api/v1/contracts", params={"limit": 1})).json()
    assert (listed["items"][0]["id"], listed["items"][0]["held"]) == (str(scene.contract_id), 0)
    shown = (await customer.client.get(f"/api/v1/contracts/{scene.contract_id}")).json()
    assert shown["deal"]["money"]["available"] == 1_000_500
    assert [entry["event"] for entry in shown["deal"]["timeline"]][:3] == ["available", "available", "bonus"]


async def test_refunds_and_changes_by_the_api(market: Market, new_client: MakeClient) -> None:
    scene = await make_deal(market)
    customer, freelancer = await parties(market, scene, new_client)
    key = scene.milestones[0]
    await scene.fund()
    assert (await customer.do(key, "ask-refund", version=2, reason="Plans changed")).status_code == 200
    assert (await customer.do(key, "withdraw-refund", version=3)).json()["status"] == "funded"
    assert (await customer.do(key, "ask-refund", version=4, amount=1, reason="A kopeck")).status_code == 200
    assert (await freelancer.do(key, "answer-refund", version=5, agree=True)).json()["refunded"] == 1
    base = f"/api/v1/contracts/{scene.contract_id}"
    change = {"title": "Delivery", "amount": 100, "days": 1, "checklist": ["Delivery"]}
    for answer in (True, None):
        made = await customer.client.post(f"{base}/change-orders", json={"changes": [change]})
        assert made.status_code == 201
        shown = (await freelancer.client.get(base)).json()["deal"]["change_order"]
        assert (shown["side"], shown["changes"][0]["title"]) == ("customer", "Delivery")
        address = f"/api/v1/change-orders/{made.json()['id']}"
        if answer is None:
            assert (await customer.client.post(f"{address}/withdraw")).json()["status"] == "withdrawn"
            continue
        headers = {"Idempotency-Key": new_id().hex}
        signed = await freelancer.client.post(f"{address}/answer", json={"agree": answer}, headers=headers)
        assert signed.json()["status"] == "agreed"
    for action, state in (("pause", "paused"), ("resume", "active"), ("end", "closing")):
        assert (await freelancer.client.post(f"{base}/{action}")).json()["status"] == state
