"""A search without a letter or a digit finds nothing wherever it is typed, and the page says why."""

import httpx
import pytest

from app.core.resources import Resources
from app.features.orders import service
from app.features.orders.schemas import OrderFilter
from tests.factories.orders import Market

WORDLESS = ("_", "²", "½", "№", "…", "&&", "<>", "-", "***", '""', "\u200b", "\u0e3f", "\U0001fb00", "\u3164", "\u0301")


@pytest.mark.parametrize("words", WORDLESS, ids=ascii)
async def test_orders(words: str, market: Market, client: httpx.AsyncClient, resources: Resources) -> None:
    client.headers["Accept-Language"] = "en"
    order = await market.order(title="Нужен x² и 5 ½ №", description="Подробности … в переписке & <так>")
    found = await client.get("/api/v1/orders", params={"q": words})
    assert (found.status_code, found.json()["items"]) == (200, [])
    assert (await client.get("/api/v1/orders/facets", params={"q": words})).json()["counted"] == 0
    assert (await client.get("/api/v1/orders/did-you-mean", params={"q": words})).json() == {"suggestion": None}
    page = await client.get("/orders", params={"q": words})
    assert page.status_code == 200
    assert "There is no word to look for" in page.text
    assert "<entry>" not in (await client.get("/orders.atom", params={"q": words})).text
    async with resources.read_sessions() as session:
        filters = [OrderFilter(q=words), OrderFilter(q="нужен")]
        assert await service.filters_matching_order(session, resources, filters, order.id) == {1}


@pytest.mark.parametrize("words", WORDLESS, ids=ascii)
async def test_saved_searches(words: str, market: Market, client: httpx.AsyncClient) -> None:
    await market.sign_in(client, await market.person())
    client.headers["Accept-Language"] = "en"
    refused = await client.post(
        "/api/v1/saved-searches", json={"name": "Знаки", "filter": {"q": words}, "frequency": "daily"}
    )
    assert refused.status_code == 422
    assert "There is no word in this. Write at least one." in refused.text


async def test_the_page_says_nothing_of_words_where_there_are_some(market: Market, client: httpx.AsyncClient) -> None:
    client.headers["Accept-Language"] = "en"
    await market.order(title="Смета")
    page = (await client.get("/orders", params={"q": "x²"})).text
    assert "Nothing fits" in page
    assert "There is no word to look for" not in page
