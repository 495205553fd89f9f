"""A search for freelancers without a letter or a digit finds nobody, and the page says why."""

import httpx
import pytest

from app.features.profiles import service
from app.features.profiles.schemas import ProfilePatch
from tests.factories.orders import Market

WORDLESS = (
    "—",
    "!",
    "_",
    "³",
    "¾",
    "%",
    "&",
    "<>",
    "-",
    "*",
    '"',
    "\u2060",
    "\u0bf0",
    "\U0001fb93",
    "\uffa0",
    "\u0300",
)


@pytest.mark.parametrize("words", WORDLESS, ids=ascii)
@pytest.mark.parametrize("sort", ["newest", "match", "rate"])
async def test_nobody_is_found(words: str, sort: str, market: Market, client: httpx.AsyncClient) -> None:
    client.headers["Accept-Language"] = "en"
    await market.catalogue()
    person = await market.person()
    fields = {
        "headline": "Площадь в м³ — 5 ¾ %",
        "skills": [{"skill": "логотипы"}],
        "rate": {"amount": 100_000, "currency": "RUB"},
        "listed": True,
    }
    async with market.uow() as work:
        await service.edit_profile(work, person, ProfilePatch.model_validate(fields))
    found = await client.get("/api/v1/freelancers", params={"q": words, "sort": sort, "currency": "RUB"})
    assert (found.status_code, found.json()) == (200, {"items": [], "next_cursor": None, "count": 0})
    page = await client.get("/freelancers", params={"q": words, "sort": sort, "currency": "RUB"})
    assert page.status_code == 200
    assert "There is no word to look for" in page.text
    shown = await client.get("/api/v1/freelancers", params={"sort": sort, "currency": "RUB"})
    assert shown.json()["count"] == 1


async def test_other_mistakes_of_the_filter_are_told_all_the_same(client: httpx.AsyncClient) -> None:
    wrong = await client.get("/api/v1/freelancers", params={"q": "—", "skills": "nothing"})
    assert wrong.status_code == 422


async def test_suggestions(client: httpx.AsyncClient) -> None:
    for words in WORDLESS:
        found = await client.get("/api/v1/freelancers/did-you-mean", params={"q": words})
        assert found.json() == {"suggestion": None}
