"""Orders for a freelancer and freelancers for an order: which are recommended, the reasons, and what is excluded."""

from typing import Any

import httpx

from app.core.actor import Actor
from app.features.profiles import service as profiles
from app.features.profiles.schemas import ProfilePatch
from app.features.proposals import service as proposals
from tests.factories.orders import Market

PYTHON: dict[str, Any] = {
    "headline": "Магазины на Python",
    "skills": [{"skill": "python", "level": "expert"}],
    "listed": True,
}
ORDERS = "/api/v1/recommendations/orders"


async def freelancer(market: Market, name: str, **fields: Any) -> Actor:
    await market.catalogue()
    person = await market.person(name)
    async with market.uow() as work:
        await profiles.edit_profile(work, person, ProfilePatch.model_validate(PYTHON | fields))
    return person


async def test_orders_for_a_freelancer(market: Market, client: httpx.AsyncClient) -> None:
    person, hidden = await freelancer(market, "vera_k"), await market.person("hidden_one")
    await market.order(title="Бот", skills=["python", "sql"])
    await market.order(title="Магазин для пекарни", skills=["python"])
    await market.order(title="Логотип", skills=["figma"])
    await market.order(person, title="Своё", skills=["python"])
    await market.order(hidden, title="Скрытый", skills=["python"])
    await market.order(title="По ссылке", skills=["python"], visibility="link")
    answered = await market.order(title="Отвеченный", skills=["python"], category="backend")
    await market.order(title="Та же область", category="backend")
    proposal = await market.proposal(answered, person)
    async with market.uow() as work:
        await proposals.withdraw_proposal(work, person, proposal.id)
        await profiles.hide_customer(work, person, "hidden_one")
    await market.sign_in(client, person)
    answer = (await client.get(ORDERS)).json()
    assert answer["on"] is True
    found = {item["order"]["title"]: item for item in answer["items"]}
    assert list(found) == ["Магазин для пекарни", "Бот", "Та же область"]
    assert [(line["rule"], line["points"]) for line in found["Магазин для пекарни"]["why"]] == [
        ("skills", 20),
        ("all", 10),
        ("words", 8),
        ("few", 3),
        ("fresh", 5),
    ]
    assert [item["score"] for item in answer["items"]] == [46, 32, 16]
    assert answer == (await client.get(ORDERS)).json()
    page = (await client.get("/orders/for-you")).text
    for words in (
        "Магазин для пекарни",
        "Why here: 46 points",
        "your skills: Python",
        "words of your headline: Python, Магазины",
        "a field in which you answered",
    ):
        assert words in page
    assert "Отвеченный" not in page


async def test_off_is_off_both_ways(market: Market, client: httpx.AsyncClient) -> None:
    person, customer = await freelancer(market, "vera_k", recommendations=False), await market.person()
    order = await market.order(customer, skills=["python"])
    await market.sign_in(client, person)
    assert (await client.get(ORDERS)).json() == {"on": False, "items": []}
    assert "Recommendations are off" in (await client.get("/orders/for-you")).text
    await market.sign_in(client, customer)
    assert (await client.get(f"/api/v1/orders/{order.id}/recommended-freelancers")).json() == {"items": []}
    assert "Nobody fits yet" in (await client.get(f"/orders/{order.id}/people")).text
    nothing = (await client.get(ORDERS)).json()
    assert nothing == {"on": True, "items": []}
    assert "Nothing fits yet" in (await client.get("/orders/for-you")).text


async def test_freelancers_for_an_order(market: Market, client: httpx.AsyncClient) -> None:
    customer = await freelancer(market, "customer_too")
    await freelancer(market, "expert")
    await freelancer(market, "beginner", headline="Учусь", skills=[{"skill": "python", "level": "beginner"}])
    await freelancer(market, "painter", skills=[{"skill": "figma"}])
    asked = await freelancer(market, "asked")
    order = await market.order(customer, title="Магазин для пекарни", skills=["python", "sql"])
    await market.proposal(order, asked)
    await market.sign_in(client, customer)
    items = (await client.get(f"/api/v1/orders/{order.id}/recommended-freelancers")).json()["items"]
    assert [(item["name"], item["score"]) for item in items] == [("expert", 55), ("beginner", 35)]
    page = (await client.get(f"/orders/{order.id}/people")).text
    assert f'href="/orders/{order.id}/invitations?person=' in page
    for words in ("Whom to invite", "skills of the order: Python", "Why here: 55 points"):
        assert words in page
    wordless = await market.order(customer, title="Помощь", skills=[])
    assert (await client.get(f"/api/v1/orders/{wordless.id}/recommended-freelancers")).json() == {"items": []}
