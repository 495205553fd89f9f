"""Saved searches over the API: create, list with counts, change, limits."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.core.resources import Resources
from app.features.matching.tasks.saved_searches import match_orders
from app.models import SavedSearch
from tests.factories.orders import Market

type Settle = Callable[..., Awaitable[object]]
type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
LIST = "/api/v1/saved-searches"


def search(**fields: Any) -> dict[str, Any]:
    return {"name": "Сайты", "filter": {"q": "магазин", "skills": ["питон"]}} | fields


async def signed_in(market: Market, client: httpx.AsyncClient, name: str = "anna") -> httpx.AsyncClient:
    return await market.sign_in(client, await market.person(name))


async def test_a_search_lives(market: Market, client: httpx.AsyncClient, settle: Settle, resources: Resources) -> None:
    await signed_in(market, client)
    made = await client.post(LIST, json=search())
    assert made.status_code == 201, made.text
    kept = made.json()
    assert kept["filter"]["skills"] == ["python"]
    assert (kept["frequency"], kept["new_count"]) == ("daily", 0)
    order = await market.order(title="Интернет-магазин", skills=["python"])
    await market.order(title="Логотип", skills=["figma"])
    await settle()
    await match_orders(resources)
    (listed,) = (await client.get(LIST)).json()["items"]
    assert listed["new_count"] == 1
    assert (await client.get(f"{LIST}/{kept['id']}")).json() == listed
    run = await client.post(f"{LIST}/{kept['id']}/run")
    assert run.status_code == 303
    found = (await client.get(run.headers["location"])).json()["items"]
    assert [item["id"] for item in found] == [str(order.id)]
    assert (await client.get(f"{LIST}/{kept['id']}")).json()["new_count"] == 0
    renamed = await client.patch(f"{LIST}/{kept['id']}", json={"name": "Магазины", "frequency": "weekly"})
    assert (renamed.json()["name"], renamed.json()["frequency"]) == ("Магазины", "weekly")
    assert (await client.delete(f"{LIST}/{kept['id']}")).status_code == 204
    gone = await client.get(f"{LIST}/{kept['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "saved-search-not-found")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": " \u200b"}, "invalid"),
        ({"name": "x" * 81}, "invalid"),
        ({"filter": {"nosuch": 1}}, "invalid"),
        ({"filter": {"skills": ["nosuch"]}}, "invalid-filter"),
        ({"filter": {"category": "nosuch"}}, "invalid-filter"),
        ({"filter": {"budget_min": 5, "budget_max": 4}}, "invalid-filter"),
        ({"filter": {"q": "🙂"}}, "invalid-filter"),
        ({"frequency": "hourly"}, "invalid"),
    ],
)
async def test_what_cannot_be_kept(
    market: Market, client: httpx.AsyncClient, fields: dict[str, Any], code: str
) -> None:
    await signed_in(market, client)
    refused = await client.post(LIST, json=search(**fields))
    assert refused.status_code == 422
    assert refused.json()["code"] == code
    assert (await client.get(LIST)).json()["items"] == []


async def test_the_same_filters_are_kept_once(market: Market, client: httpx.AsyncClient) -> None:
    await signed_in(market, client)
    await client.post(LIST, json=search(filter={"skills": ["python", "sql"]}))
    again = await client.post(LIST, json=search(name="Иначе", filter={"skills": ["SQL, питон"]}))
    assert (again.status_code, again.json()["code"]) == (409, "search-already-saved")
    assert "Сайты" in again.json()["detail"]
    other = (await client.post(LIST, json=search(name="Другой"))).json()
    twin = await client.patch(f"{LIST}/{other['id']}", json={"filter": {"skills": ["sql", "python"]}})
    assert twin.json()["code"] == "search-already-saved"
    same = await client.patch(f"{LIST}/{other['id']}", json={"filter": other["filter"]})
    assert same.status_code == 200


async def test_other_filters_begin_anew(
    market: Market, client: httpx.AsyncClient, settle: Settle, resources: Resources
) -> None:
    await signed_in(market, client)
    kept = (await client.post(LIST, json=search(filter={"skills": ["python"]}))).json()
    await market.order(skills=["python"])
    await market.order(skills=["figma"])
    await settle()
    await match_orders(resources)
    assert (await client.get(LIST)).json()["items"][0]["new_count"] == 1
    changed = await client.patch(f"{LIST}/{kept['id']}", json={"filter": {"skills": ["figma"]}})
    assert changed.json()["new_count"] == 0
    await market.order(skills=["figma"])
    await settle()
    await match_orders(resources)
    assert (await client.get(LIST)).json()["items"][0]["new_count"] == 1


async def test_an_account_keeps_so_many(market: Market, client: httpx.AsyncClient, resources: Resources) -> None:
    resources.settings = resources.settings.model_copy(update={"saved_searches_per_account": 2})
    await signed_in(market, client)
    codes = [(await client.post(LIST, json=search(filter={"q": f"слово{number}"}))).status_code for number in range(3)]
    assert codes == [201, 201, 409]
    full = await client.post(LIST, json=search(filter={"q": "ещё"}))
    assert full.json()["code"] == "too-many-saved-searches"
    assert (await client.get(LIST)).json()["limit"] == 2


async def test_when_digests_come(market: Market, client: httpx.AsyncClient) -> None:
    await signed_in(market, client)
    settings = f"{LIST}/settings"
    assert (await client.get(settings)).json() == {"time_zone": "Europe/Moscow", "digest_hour": 9}
    await client.patch(settings, json={"time_zone": "Asia/Omsk"})
    assert (await client.patch(settings, json={"digest_hour": 0})).json() == {
        "time_zone": "Asia/Omsk",
        "digest_hour": 0,
    }
    assert (await client.get(settings)).json()["digest_hour"] == 0
    for wrong in ({"digest_hour": 24}, {"digest_hour": -1}, {"time_zone": "Mars/Base"}, {"time_zone": "../etc"}):
        assert (await client.patch(settings, json=wrong)).status_code == 422


async def test_a_filter_that_is_gone_does_not_break_the_rest(
    market: Market, client: httpx.AsyncClient, settle: Settle, resources: Resources
) -> None:
    await signed_in(market, client)
    kept = [(await client.post(LIST, json=search(filter={"q": word}))).json()["id"] for word in ("магазин", "пекарня")]
    async with market.uow() as work:
        broken: tuple[dict[str, Any], ...] = ({"q": "x" * 999}, {"q": "магазин", "gone": 1})
        for key, stored in zip(kept, broken, strict=True):
            found = await work.session.get(SavedSearch, UUID(key))
            assert found is not None
            found.filter = stored
    await market.order(title="Магазин")
    await settle()
    await match_orders(resources)
    newer, older = (await client.get(LIST)).json()["items"]
    assert (older["filter"], older["new_count"]) == (None, 0)
    assert (newer["filter"]["q"], newer["new_count"]) == ("магазин", 1)
    assert (await client.post(f"{LIST}/{kept[0]}/run")).headers["location"] == "/api/v1/orders"
