"""Orders over HTTP: the whole lifecycle, every refusal, permissions, and the fast list compared with the usual one."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import utc_now
from app.core.persistence.outbox import OutboxMessage
from app.core.resources import Resources
from app.features.orders import service
from app.features.orders.schemas import OrderListQuery
from app.features.orders.tasks import close_stale
from app.models import Order
from tests.factories.orders import Market, rub

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
BODY: dict[str, Any] = {
    "title": "Интернет-магазин для пекарни",
    "description": "Каталог, корзина, доставка по районам города.",
    "budget": {"amount": 15_000_000, "currency": "RUB"},
}


async def topics(resources: Resources) -> list[str]:
    async with resources.sessions() as session:
        return list((await session.execute(select(OutboxMessage.topic).order_by(OutboxMessage.id))).scalars())


async def test_from_draft_to_closed(market: Market, client: httpx.AsyncClient, resources: Resources) -> None:
    customer = await market.person("bakery")
    await market.sign_in(client, customer)
    body = BODY | {"category": "web-development", "skills": ["Питон", "FastAPI", "выпечка"], "deadline": "2100-01-01"}
    made = await client.post("/api/v1/orders", json=body)
    assert made.status_code == 201, made.text
    order = made.json()
    assert order["status"] == "draft"
    assert (order["skills"], order["tags"]) == (["python", "fastapi"], ["выпечка"])
    assert order["budget"] == {"amount": 15_000_000, "currency": "RUB"}
    assert order["customer"] == {"id": str(customer.id), "name": "bakery"}
    address = f"/api/v1/orders/{order['id']}"
    published = await client.post(f"{address}/publish")
    assert (published.status_code, published.json()["status"]) == (200, "open")
    assert published.json()["expires_at"] > published.json()["published_at"]
    edited = await client.patch(address, json={"title": "Магазин для пекарни", "version": 1})
    assert (edited.status_code, edited.json()["version"], edited.json()["title"]) == (200, 2, "Магазин для пекарни")
    history = (await client.get(f"{address}/revisions")).json()["items"]
    assert [(item["version"], item["content"]["title"]) for item in history] == [(1, BODY["title"])]
    stale = await client.patch(address, json={"title": "Ещё раз", "version": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "order-changed")
    assert (await client.post(f"{address}/renew")).status_code == 200
    closed = await client.post(f"{address}/close", json={"reason": "hired_elsewhere", "note": "Спасибо всем"})
    assert (closed.json()["status"], closed.json()["close_reason"]) == ("cancelled", "hired_elsewhere")
    again = await client.post(f"{address}/close")
    assert (again.status_code, again.json()["code"]) == (409, "order-state")
    assert await topics(resources) == ["orders.order_published", "orders.order_edited", "orders.order_closed"]
    assert (await client.get(address)).json()["actions"] == []


async def test_the_same_change_twice_is_one_version(market: Market, client: httpx.AsyncClient) -> None:
    customer = await market.person()
    order = await market.order(customer)
    await market.sign_in(client, customer)
    versions = [
        (await client.patch(f"/api/v1/orders/{order.id}", json={"title": "Новое имя"})).json()["version"]
        for _ in range(2)
    ]
    assert versions == [2, 2]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "\u200b\u200b\u200b\u200b"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\ufffebc"}, "title"),
        ({"title": 5}, "title"),
        ({"description": "x" * 20_001}, "description"),
        ({"category": "no-such"}, "category"),
        ({"skills": ["a"] * 16}, "skills"),
        ({"skills": [""]}, "skills"),
        ({"budget": {"amount": 0, "currency": "RUB"}}, "budget"),
        ({"budget": {"amount": -5, "currency": "RUB"}}, "budget"),
        ({"budget": {"amount": 1.5, "currency": "RUB"}}, "budget"),
        ({"budget": {"amount": 10**20, "currency": "RUB"}}, "budget"),
        ({"budget": {"amount": 5, "currency": "XXX"}}, "budget"),
        ({"budget_max": {"amount": 5, "currency": "RUB"}}, "budget_max"),
        ({"budget_max": {"amount": 10**9, "currency": "USD"}}, "budget_max"),
        ({"budget": None, "budget_max": {"amount": 5, "currency": "RUB"}}, "budget"),
        ({"budget_kind": "open"}, "budget"),
        ({"budget_kind": "barter"}, "budget_kind"),
        ({"deadline": "2020-01-01"}, "deadline"),
        ({"deadline": "tomorrow"}, "deadline"),
        ({"owner": "me"}, "owner"),
    ],
)
async def test_bad_input_names_its_field(
    market: Market, client: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    await market.sign_in(client, await market.person())
    answer = await client.post("/api/v1/orders", json=BODY | change)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["loc"][1] for error in answer.json()["errors"]] == [field]
    assert all(error["msg"] for error in answer.json()["errors"])


async def test_texts_come_back_as_typed(market: Market, client: httpx.AsyncClient) -> None:
    await market.sign_in(client, await market.person())
    title = "<b>&\"' {{7*7}} %s 👩‍🚀"
    made = (
        await client.post("/api/v1/orders", json=BODY | {"title": title, "description": "a\r\nb\n\n\n\n\nc"})
    ).json()
    assert made["title"] == title
    assert made["description"] == "a\nb\n\n\nc"


async def test_a_draft_may_be_thin_and_publishing_says_what_lacks(market: Market, client: httpx.AsyncClient) -> None:
    await market.sign_in(client, await market.person())
    made = (await client.post("/api/v1/orders", json={"title": "Мысль", "budget_kind": "fixed"})).json()
    refused = await client.post(f"/api/v1/orders/{made['id']}/publish")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-order")
    assert [error["loc"] for error in refused.json()["errors"]] == [["body", "description"], ["body", "budget"]]
    assert (await client.get(f"/api/v1/orders/{made['id']}")).json()["status"] == "draft"


async def test_the_budget_can_be_changed_and_left_open(market: Market, client: httpx.AsyncClient) -> None:
    customer = await market.person()
    order = await market.order(customer)
    await market.sign_in(client, customer)
    address = f"/api/v1/orders/{order.id}"
    opened = (await client.patch(address, json={"budget_kind": "open"})).json()
    assert (opened["budget_kind"], opened["budget"], opened["budget_max"]) == ("open", None, None)
    dollars = {"amount": 5000, "currency": "USD"}
    fixed = (await client.patch(address, json={"budget": dollars, "budget_max": dollars})).json()
    assert (fixed["budget_kind"], fixed["budget"], fixed["budget_max"]) == ("fixed", dollars, dollars)
    hourly = (await client.patch(address, json={"budget_kind": "hourly", "budget_max": None})).json()
    assert (hourly["budget_kind"], hourly["budget"], hourly["budget_max"]) == ("hourly", dollars, None)
    refused = await client.patch(address, json={"budget": None})
    assert (refused.status_code, refused.json()["errors"][0]["loc"]) == (422, ["body", "budget"])


async def test_lists_and_their_refusals(market: Market, client: httpx.AsyncClient) -> None:
    customer = await market.person()
    for number in range(3):
        await market.order(customer, title=f"Заказ {number}")
    await market.draft(customer)
    first = (await client.get("/api/v1/orders", params={"limit": 2})).json()
    rest = (await client.get("/api/v1/orders", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [item["title"] for item in first["items"] + rest["items"]] == ["Заказ 2", "Заказ 1", "Заказ 0"]
    assert rest["next_cursor"] is None
    for bad, code in (
        ({"cursor": "garbage"}, "bad-cursor"),
        ({"cursor": first["next_cursor"][:-3]}, "bad-cursor"),
        ({"limit": 0}, "invalid"),
        ({"limit": 101}, "invalid"),
        ({"category": "no-such"}, "invalid-filter"),
        ({"skills": "no such skill"}, "invalid-filter"),
        ({"budget_min": 5, "budget_max": 4}, "invalid-filter"),
        ({"budget_min": "much"}, "invalid"),
        ({"sort": "price"}, "invalid"),
        ({"colour": "red"}, "invalid"),
    ):
        answer = await client.get("/api/v1/orders", params=bad)
        assert (answer.status_code, answer.json()["code"]) == (422, code), bad
        assert answer.json()["errors"], bad
    assert (await client.get("/api/v1/orders", params={"q": "a\x00b"})).status_code == 422
    await market.sign_in(client, customer)
    mine = (await client.get("/api/v1/orders/mine", params={"limit": 3})).json()
    more = (await client.get("/api/v1/orders/mine", params={"limit": 3, "cursor": mine["next_cursor"]})).json()
    assert [len(mine["items"]), len(more["items"]), more["next_cursor"]] == [3, 1, None]
    assert mine["items"][0]["status"] == "draft"
    assert (await client.get("/api/v1/orders/mine", params={"cursor": "x"})).status_code == 422


async def test_who_may_do_what(market: Market, new_client: NewClient) -> None:
    customer, other, freelancer = [await market.person() for _ in range(3)]
    draft, opened = await market.draft(customer), await market.order(customer)
    await market.proposal(opened, freelancer)
    clients = {"guest": await new_client()}
    for name, actor in (("other", other), ("freelancer", freelancer), ("customer", customer)):
        clients[name] = await market.sign_in(await new_client(), actor)
    table = [
        # what                                     guest other freelancer customer
        ("GET", f"/orders/{draft.id}", None, (404, 404, 404, 200)),
        ("GET", f"/orders/{opened.id}", None, (200, 200, 200, 200)),
        ("GET", f"/orders/{draft.id}/revisions", None, (404, 404, 404, 200)),
        ("GET", f"/orders/{opened.id}/revisions", None, (200, 200, 200, 200)),
        ("GET", f"/orders/{opened.id}/proposals", None, (401, 404, 200, 200)),
        ("GET", f"/orders/{draft.id}/proposals", None, (401, 404, 404, 200)),
        ("GET", "/orders/mine", None, (401, 200, 200, 200)),
        ("GET", "/proposals/mine", None, (401, 200, 200, 200)),
        ("PATCH", f"/orders/{draft.id}", {"title": "Чужое"}, (401, 404, 404, 200)),
        ("PATCH", f"/orders/{opened.id}", {"title": "Чужое"}, (401, 403, 403, 200)),
        ("POST", f"/orders/{draft.id}/proposals", "proposal", (401, 404, 404, 409)),
        ("POST", f"/orders/{opened.id}/proposals", "proposal", (401, 201, 409, 403)),
        ("POST", f"/orders/{opened.id}/renew", None, (401, 403, 403, 200)),
        ("POST", f"/orders/{opened.id}/close", None, (401, 403, 403, 200)),
        ("POST", f"/orders/{draft.id}/publish", None, (401, 404, 404, 200)),
        ("POST", f"/orders/{draft.id}/close", None, (401, 403, 403, 200)),
    ]  # fmt: skip
    proposal = {"price": {"amount": 100, "currency": "RUB"}, "term_days": 3, "letter": "Готов"}
    for method, path, body, expected in table:
        content = proposal if body == "proposal" else body
        for name, status in zip(clients, expected, strict=True):
            answer = await clients[name].request(method, f"/api/v1{path}", json=content)
            assert answer.status_code == status, (name, method, path, answer.text)
            assert "@" not in answer.text
            assert "password" not in answer.text
    absent = (await clients["other"].get("/api/v1/orders/019aa000-0000-7000-8000-000000000000")).json()
    hidden = (await clients["other"].get(f"/api/v1/orders/{(await market.draft(customer)).id}")).json()
    assert {key: absent[key] for key in ("code", "title", "detail", "status")} == {
        key: hidden[key] for key in ("code", "title", "detail", "status")
    }


async def test_lists_ask_the_database_a_fixed_number_of_times(
    market: Market, engine: AsyncEngine, resources: Resources
) -> None:
    customer = await market.person()
    counts: list[int] = []
    asked: list[str] = []

    def note(*arguments: Any) -> None:
        if not arguments[2].startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            asked.append(arguments[2])

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        for _ in range(2):
            for _each in range(3):
                await market.order(customer, skills=["python"])
            async with resources.sessions() as session:
                for use_case in (service.list_open_json, service.list_open_orders):
                    asked.clear()
                    await use_case(session, resources, OrderListQuery())
                    counts.append(len(asked))
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)
    first, second = counts[:2], counts[2:]
    assert first == second == [1, 1]


async def test_the_fast_list_says_what_the_plain_one_says(
    live_market: Market, live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    customer = await live_market.person("Fast_Reader")
    variants: list[dict[str, Any]] = [
        {},
        {"budget": None},
        {"budget_max": rub(90_000), "category": "backend"},
        {"skills": ["python", "css", "редкое слово"], "deadline": "2100-02-03"},
        {"title": '"Кавычки" \\ <b> 👩‍🚀', "description": "длинно " * 300},
    ]
    for number in range(25):
        await live_market.order(customer, **variants[number % len(variants)])
    assert live_resources.raw_read_pool is not None
    async with live_resources.read_sessions() as session:
        written = await service.list_own_orders(session, live_resources, customer, None, 100)
        own = {"visibility", "if_nobody_acts"}
        by_orm = {str(card.id): card.model_dump(mode="json", exclude=own) for card in written.items}
    seen: list[str] = []
    cursor: str | None = None
    newer: str | None = None
    for _page in range(2):
        params = {"cursor": cursor} if cursor else {}
        fast = (await live_client.get("/api/v1/orders", params=params)).json()
        async with live_resources.read_sessions() as session:
            plain = await service.list_open_orders(session, live_resources, OrderListQuery(cursor=cursor))
        assert fast["items"] == [card.model_dump(mode="json") for card in plain.items]
        assert fast["items"] == [by_orm[item["id"]] for item in fast["items"]]
        assert fast["next_cursor"] == plain.older
        seen += [item["id"] for item in fast["items"]]
        cursor, newer = fast["next_cursor"], plain.newer
    assert cursor is None
    assert sorted(seen) == sorted(by_orm)
    assert newer is not None
    back = (await live_client.get("/api/v1/orders", params={"cursor": newer})).json()
    assert len(back["items"]) == 20
    assert back["next_cursor"] is not None


async def test_silence_ends_an_order_and_it_can_come_back(
    market: Market, client: httpx.AsyncClient, resources: Resources, settle: Callable[..., Awaitable[object]]
) -> None:
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer)
    await market.proposal(order, freelancer)
    assert await close_stale(resources) == 0
    async with market.uow() as work:
        await work.session.execute(update(Order).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert await close_stale(resources) == 1
    await settle()
    await market.sign_in(client, customer)
    shown = (await client.get(f"/api/v1/orders/{order.id}")).json()
    assert (shown["status"], shown["close_reason"], shown["expires_at"]) == ("expired", "silence", None)
    answers = (await client.get(f"/api/v1/orders/{order.id}/proposals")).json()["items"]
    assert [(item["status"], item["decline_reason"]) for item in answers] == [("declined", "order_expired")]
    assert (await client.post(f"/api/v1/orders/{order.id}/publish")).json()["status"] == "open"
    await market.proposal(order, freelancer)


async def test_a_day_has_its_limit_of_orders(market: Market, client: httpx.AsyncClient, resources: Resources) -> None:
    resources.settings = resources.settings.model_copy(update={"orders_per_day": 1})
    customer = await market.person()
    await market.sign_in(client, customer)
    await market.order(customer)
    draft = await market.draft(customer)
    refused = await client.post(f"/api/v1/orders/{draft.id}/publish")
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-orders")
    assert int(refused.headers["retry-after"]) > 0
