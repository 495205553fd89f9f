"""Sort orders of the list besides newest first: the sequence, the reasons, and complete pages."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from app.core.clock import utc_now
from app.core.resources import Resources
from app.features.orders import rules
from app.features.orders.pages.search import RANKING
from app.features.orders.repository import sorting
from app.features.orders.repository.best_match import CANDIDATES
from app.models import Order
from tests.factories.orders import Market, rub

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
LIST = "/api/v1/orders"
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "search.md"


async def titles(client: httpx.AsyncClient, **query: Any) -> list[str]:
    """Return the titles of the whole list, page by page."""
    seen: list[str] = []
    while True:
        answer = await client.get(LIST, params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += [item["title"] for item in page["items"]]
        if not page["next_cursor"]:
            return seen
        query["cursor"] = page["next_cursor"]


async def age(resources: Resources, order: Order, days: int) -> None:
    """Make an order published some days ago."""
    async with resources.sessions() as session, session.begin():
        moment = utc_now() - timedelta(days=days, minutes=1)
        await session.execute(update(Order).where(Order.id == order.id).values(published_at=moment))


async def test_by_budget_within_one_currency(market: Market, client: httpx.AsyncClient) -> None:
    for number, price in enumerate((30, 10, 50, 20, 50)):
        await market.order(title=f"Сайт {number} за {price}", budget=rub(price * 1000))
    await market.order(title="Без цены", budget=None)
    by_price = ["Сайт 4 за 50", "Сайт 2 за 50", "Сайт 0 за 30", "Сайт 3 за 20", "Сайт 1 за 10"]
    queries: list[dict[str, str]] = [{}, {"q": "сайты"}, {"budget_kind": "fixed"}]
    for query in queries:
        assert await titles(client, sort="budget", currency="RUB", limit=2, **query) == by_price
    assert await titles(client, sort="budget", currency="USD") == []
    assert "5 orders" in (await client.get("/orders?sort=budget", headers={"Accept-Language": "en"})).text
    refused = await client.get(LIST, params={"sort": "budget"})
    assert (refused.status_code, refused.json()["errors"][0]["loc"]) == (422, ["query", "currency"])


async def test_by_what_closes_soon(market: Market, client: httpx.AsyncClient, resources: Resources) -> None:
    now = utc_now()
    for days in (9, 2, 5):
        order = await market.order(title=f"Сайт на {days}")
        async with resources.sessions() as session, session.begin():
            ends = now + timedelta(days=days)
            await session.execute(update(Order).where(Order.id == order.id).values(expires_at=ends))
    queries: list[dict[str, str]] = [{}, {"q": "сайт"}]
    for query in queries:
        assert await titles(client, sort="closing", limit=1, **query) == ["Сайт на 2", "Сайт на 5", "Сайт на 9"]


async def test_the_best_match_says_why(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, resources: Resources
) -> None:
    text = await market.order(title="Нужна помощь", description="Сделать логотип большой пекарни, быстро.")
    title = await market.order(title="Логотип для пекарни")
    skill = await market.order(title="Знак для пекарни", skills=["logo-design"])
    await age(resources, title, 12)
    found = (await client.get(LIST, params={"q": "логотип пекарни", "sort": "match"})).json()["items"]
    assert [item["id"] for item in found] == [str(title.id), str(skill.id), str(text.id)]
    parts = [{why["code"]: why["points"] for why in item["why"]} for item in found]
    close = [part.pop("close") for part in parts]
    assert 100 > close[0] > close[1] > close[2] > 0
    assert parts == [
        {"title": 200, "fresh": 8, "few_answers": 10},
        {"skills": 120, "fresh": 20, "few_answers": 10},
        {"text": 40, "fresh": 20, "few_answers": 10},
    ]
    assert [item["score"] for item in found] == [
        sum(part.values()) + near for part, near in zip(parts, close, strict=True)
    ]
    reader = await market.sign_in(await new_client(), await market.person())
    await reader.patch("/api/v1/profiles/me", json={"skills": [{"skill": "logo-design"}]})
    mine = (await reader.get(LIST, params={"sort": "match"}, headers={"Accept-Language": "en"})).json()["items"]
    assert {"code": "your_skills", "points": 5, "text": "skills of yours"} in mine[0]["why"]
    assert mine[0]["id"] == str(skill.id)


async def test_what_comes_meanwhile_moves_nothing(market: Market, client: httpx.AsyncClient) -> None:
    for number in range(5):
        await market.order(title=f"Сайт {number}")
    first = (await client.get(LIST, params={"sort": "match", "limit": 2})).json()
    await market.order(title="Новый сайт")
    query = {"sort": "match", "limit": "10", "cursor": first["next_cursor"]}
    rest = (await client.get(LIST, params=query)).json()
    seen = [item["title"] for item in first["items"] + rest["items"]]
    assert seen == [f"Сайт {number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize("sort", ["match", "budget", "closing"])
async def test_a_cursor_of_another_list_is_refused(sort: str, market: Market, client: httpx.AsyncClient) -> None:
    for _number in range(2):
        await market.order()
    first = (await client.get(LIST, params={"limit": 1})).json()
    refused = await client.get(LIST, params={"sort": sort, "currency": "RUB", "cursor": first["next_cursor"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad-cursor")


async def test_more_filters(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, resources: Resources
) -> None:
    customer_of_react = await market.person()
    react = await market.order(customer_of_react, title="На React", skills=["react"])
    await market.order(title="На Vue", skills=["vue"])
    old = await market.order(title="Старый", skills=["react", "vue"])
    await age(resources, old, 5)
    sent = await market.proposal(react)
    assert sorted(await titles(client, skills="react,vue", skills_mode="any")) == ["На React", "На Vue", "Старый"]
    assert await titles(client, skills="react,vue") == ["Старый"]
    assert await titles(client, days=3) == ["На Vue", "На React"]
    assert sorted(await titles(client, answers_below=1)) == ["На Vue", "Старый"]
    assert await titles(client, answered="true") == []
    assert len(await titles(client, answered="false", q="старый")) == 1
    await market.sign_in(client, customer_of_react)
    answer = await client.put(f"/api/v1/proposals/{sent.id}/shortlist")
    assert answer.is_success, answer.text
    for query in ({}, {"skills": "react"}, {"sort": "match", "q": "react"}):
        assert await titles(client, answered="true", **query) == ["На React"], query
    assert sorted(await titles(client, answered="false")) == ["На Vue", "Старый"]
    assert (await client.get(LIST, params={"answered": "perhaps"})).status_code == 422
    reader = await market.sign_in(await new_client(), await market.person())
    customer = (await client.get(f"{LIST}/{react.id}")).json()["customer"]["name"]
    await reader.put(f"/api/v1/hidden-customers/{customer}")
    queries: list[dict[str, str]] = [{}, {"q": "react"}, {"sort": "match"}]
    for query in queries:
        assert "На React" not in await titles(reader, **query)
    assert "На React" in await titles(client)
    assert "На React" not in (await reader.get("/orders")).text


async def test_facets_count_what_fits(market: Market, client: httpx.AsyncClient, resources: Resources) -> None:
    first = await market.order(title="Сайт первый", skills=["react"], category="frontend")
    await market.order(title="Сайт второй", skills=["react", "css"], category="backend", budget=None)
    await market.order(title="Уроки", category="tutoring")
    await market.proposal(first)
    await age(resources, first, 5)
    facets = (await client.get(f"{LIST}/facets", params={"q": "сайты"})).json()
    assert (facets.pop("counted"), facets.pop("capped")) == (2, False)
    counts = {name: {item["value"]: item["count"] for item in facets[name]} for name in facets}
    assert counts["skills"] == {"react": 2, "css": 1}
    assert counts["categories"] == {"web-development": 2, "frontend": 1, "backend": 1}
    assert counts["budget_kinds"] == {"fixed": 1, "open": 1}
    assert (counts["answers"], counts["days"]) == ({"1": 1, "5": 2, "10": 2}, {"1": 1, "3": 1, "7": 2})
    assert (await client.get(f"{LIST}/facets", params={"q": "%%%"})).json()["counted"] == 0


async def test_the_page_says_how_many_each_choice_would_leave(
    market: Market, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await market.order(title="Сайт первый", category="frontend")
    await market.order(title="Сайт второй", category="backend", budget=None)
    plain, page = (await client.get("/orders")).text, (await client.get("/orders", params={"q": "сайты"})).text
    said = ("Front end · 1", "Web development: all · 2", "By the hour<", "Open to offers · 1", "within 1 day · 2")
    for words in said:
        assert f">{words}" in page, words
        assert f">{words}" not in plain or words.endswith("<")
    narrowed = (await client.get("/orders", params={"q": "сайты", "category": "frontend"})).text
    assert ">Front end<" in narrowed, "what was counted has the chosen field already"
    assert ">For the whole work · 1<" in narrowed
    monkeypatch.setattr(sorting, "COUNTED", 1)
    monkeypatch.setattr("app.features.orders.service.sorting.COUNTED", 1)
    assert ">no proposals yet · 1+<" in (await client.get("/orders", params={"q": "сайты"})).text


async def test_counting_has_an_end(market: Market, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for _number in range(3):
        await market.order(skills=["react"])
    monkeypatch.setattr(sorting, "COUNTED", 2)
    monkeypatch.setattr("app.features.orders.service.sorting.COUNTED", 2)
    facets = (await client.get(f"{LIST}/facets")).json()
    assert (facets["counted"], facets["capped"], facets["skills"][0]["count"]) == (2, True, 2)


async def test_the_page_sorts_offers_and_explains(market: Market, client: httpx.AsyncClient) -> None:
    client.headers["Accept-Language"] = "en"
    for number in range(3):
        await market.order(title=f"Сайт {number}", skills=["react", "css"] if number else ["react"])
    page = (await client.get("/orders", params={"q": "сайт", "sort": "match"})).text
    assert "Here because: all words in the title +200" in page
    assert 'href="/orders?q=%D1%81%D0%B0%D0%B9%D1%82&amp;sort=budget"' in page
    assert "skills=CSS" in page
    assert (await client.get("/orders", params={"sort": "budget"})).status_code == 200
    assert (await client.get("/orders", params={"sort": "upwards"})).status_code == 422
    wanted = {"skills": "React, CSS", "skills_mode": "any", "days": "3", "answers_below": "5", "answered": "false"}
    both = (await client.get("/orders", params=wanted)).text
    for words in ("within 3 days", "fewer than 5 proposals", "has answered nobody yet"):
        assert words in both


async def test_the_formula_is_published_as_it_runs(client: httpx.AsyncClient) -> None:
    points = [points for _words, points in RANKING]
    parts = (*rules.MATCH_PLACES.values(), rules.MATCH_CLOSE)
    real = (*parts, rules.A_SKILL, rules.FRESH_DAYS, rules.FEW_ANSWERS)
    assert points == [str(number) for number in real]
    told = DOCUMENT.read_text(encoding="utf-8")
    for number in (*real, rules.MOST_SKILLS, CANDIDATES):
        assert str(number) in told.replace("five", "5")
    page = await client.get("/ranking", headers={"Accept-Language": "en"})
    assert "How the best match is counted" in page.text
