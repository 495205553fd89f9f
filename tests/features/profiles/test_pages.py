"""Profiles as pages, without scripts: edit, view, portfolio, favourites."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from app.core.ids import new_id
from tests.factories.orders import Market
from tests.features.proposals.test_pages import Visitor, visitor, words

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
PROFILE = "/settings/public-profile"
WORK = "/settings/portfolio"
FILLED: dict[str, Any] = {
    "headline": "Python and bread",
    "about": "I bake **shops**.",
    "skills_expert": "Python, FastAPI",
    "skills_confident": "PostgreSQL",
    "rate": "2 500",
    "currency": "RUB",
    "availability": "open",
    "available_from": "2100-01-01",
    "hours_week": "30",
    "language_0": "ru",
    "language_level_0": "native",
    "country": "RU",
    "place": "Vologda",
    "time_zone": "Europe/Moscow",
    "link_0": "https://example.org/work",
    "link_title_0": "Works",
    "side": "freelancer",
    "listed": "1",
    "recommendations": "1",
}


async def test_a_profile_by_hand(market: Market, new_client: NewClient) -> None:
    anna = await visitor(market, new_client, "Anna")
    page = await anna.get(PROFILE)
    assert "What would help people choose you" in words(page)
    saved = await anna.send(page, PROFILE, **FILLED)
    assert "Saved." in words(saved)
    field = saved.select_one("input[name=skills_expert]")
    assert field is not None
    assert field["value"] == "Python, FastAPI"
    guest = await visitor(market, new_client)
    shown = await guest.get("/@anna")
    for text in ("Anna", "Python and bread", "I bake", "2,500", "Europe/Moscow", "Russian (native)", "Works"):
        assert text in words(shown), text
    data = shown.select_one('script[type="application/ld+json"]')
    assert data is not None
    assert json.loads(data.text)["mainEntity"]["jobTitle"] == "Python and bread"
    moved = await guest.client.get("/@ANNA")
    assert (moved.status_code, moved.headers["location"]) == (308, "/@Anna")
    await guest.get("/@nobody-here", 404)


async def test_a_text_breaks_out_of_no_page(market: Market, new_client: NewClient) -> None:
    anna = await visitor(market, new_client, "anna")
    nasty = '</script><script>alert("x")</script>'
    await anna.send(await anna.get(PROFILE), PROFILE, 200, **(FILLED | {"headline": nasty, "about": nasty}))
    shown = await (await visitor(market, new_client)).get("/@anna")
    assert [tag.get("type") for tag in shown.select("script:not([src])")] == ["application/ld+json"]
    data = shown.select_one('script[type="application/ld+json"]')
    assert data is not None
    assert json.loads(data.text)["mainEntity"]["jobTitle"] == nasty


async def test_what_is_wrong_stands_beside_its_field(market: Market, new_client: NewClient) -> None:
    anna = await visitor(market, new_client, "anna")
    wrong = FILLED | {"skills_expert": "walking on water", "link_0": "javascript:x", "rate": "much", "currency": "RUB"}
    page = await anna.send(await anna.get(PROFILE), PROFILE, 422, **wrong)
    assert "Write an amount" in words(page)
    assert "Write the address of a page" in words(page)
    page = await anna.send(page, PROFILE, 422, **(FILLED | {"skills_expert": "walking on water"}))
    assert "There is no skill “walking on water”" in words(page)
    page = await anna.send(page, PROFILE, 422, **(FILLED | {"version": "9"}))
    assert "changed in another window" in words(page)


async def test_rows_unfold_and_none_is_lost(market: Market, new_client: NewClient) -> None:
    anna = await visitor(market, new_client, "anna")
    spoken = ["ru", "en", "de", "fr", "es", "it"]
    links = [f"https://example.org/{number}" for number in range(5)]
    content = {
        "languages": [{"code": code, "level": "good"} for code in spoken],
        "links": [{"title": "Work", "url": url} for url in links],
    }
    page = await anna.get(PROFILE)
    token = str(page.select_one("input[name=csrf_token]")["value"])  # type: ignore[index]  # it is there
    await anna.client.patch("/api/v1/profiles/me", json=content, headers={"X-CSRF-TOKEN": token})
    page = await anna.get(PROFILE)
    shown = [select for select in page.select("select[name^=language_level_]") if not select.find_parent("details")]
    assert len(shown) == len(spoken) + 1, "the filled ones and one more"
    chosen = {
        str(select["name"]): str(option["value"])
        for select in page.select("form select")
        for option in select.select("option[selected]")
    }
    typed = {str(item["name"]): str(item["value"]) for item in page.select("input[name^=link_][value]")}
    await anna.send(page, PROFILE, 200, **FILLED | chosen | typed)
    kept = (await anna.client.get("/api/v1/profiles/me", headers={"Accept": "application/json"})).json()
    assert [item["code"] for item in kept["languages"]] == spoken
    assert [item["url"] for item in kept["links"]] == links


async def test_a_portfolio_by_hand(market: Market, new_client: NewClient) -> None:
    anna = await visitor(market, new_client, "anna")
    assert "Nothing to show yet" in words(await anna.get(WORK))
    for title in ("A bakery", "A brewery"):
        form = await anna.get(f"{WORK}/new")
        await anna.send(form, f"{WORK}/new", title=title, description="All of it.", year="2025", skills="Python")
    await anna.send(await anna.get(f"{WORK}/new"), f"{WORK}/new", 422, title="", link="ftp://x")
    page = await anna.get(WORK)
    up = page.select_one('form[action$="/move"] input[value=up]')
    assert up is not None
    assert up.parent is not None
    page = await anna.send(page, str(up.parent["action"]), to="up")
    assert [title.text.split()[1] for title in page.select("h2.card-title")] == ["brewery", "bakery"]
    edit = str(page.select("a[href^='/settings/portfolio/']")[1]["href"])
    edited = await anna.send(await anna.get(edit), edit, title="A better brewery")
    assert "A better brewery" in words(edited)
    await anna.send(await anna.get(edit), edit, 422, title="")
    shown = await (await visitor(market, new_client)).get("/@anna")
    assert "A better brewery" in words(shown)
    gone = await anna.send(await anna.get(f"{edit}/remove"), f"{edit}/remove")
    assert "A better brewery" not in words(gone)


async def test_a_file_for_an_item_that_is_not_there_is_not_stored(market: Market, new_client: NewClient) -> None:
    """A form for somebody else's portfolio item, or nobody's, leaves no file behind."""
    boris = await visitor(market, new_client, "boris")
    await boris.send(await boris.get(f"{WORK}/new"), f"{WORK}/new", title="A bakery")
    theirs = (await boris.client.get("/api/v1/profiles/me/portfolio")).json()["items"][0]["id"]
    anna = await visitor(market, new_client, "anna")
    token = (await anna.get(f"{WORK}/new")).select_one("input[name=csrf_token]")
    assert token is not None
    for item_id in (theirs, new_id()):
        upload = {"files_new": ("plan.txt", b"A plan.", "text/plain")}
        sent = {"csrf_token": str(token["value"]), "title": "A brewery"}
        assert (await anna.client.post(f"{WORK}/{item_id}", data=sent, files=upload)).status_code == 404
    assert (await anna.client.get("/api/v1/files")).json()["items"] == []


async def test_people_are_kept_and_hidden_by_buttons(market: Market, new_client: NewClient) -> None:
    await market.person("boris")
    anna: Visitor = await visitor(market, new_client, "anna")
    page = await anna.send(await anna.get("/@boris"), "/@boris/keep")
    page = await anna.send(page, "/@boris/hide")
    assert "Among your favourites" in words(page)
    kept = await anna.get("/my/favourites")
    assert "boris" in words(kept)
    assert "Nobody yet" in words(await anna.send(kept, "/@boris/drop"))
    hidden = await anna.get("/my/hidden")
    assert "boris" in words(hidden)
    assert "Nobody is hidden" in words(await anna.send(hidden, "/@boris/show"))
    token = await anna.get("/@boris")
    form = token.select_one('form[action="/@boris/keep"]')
    assert form is not None
    form["action"] = "/@boris/wish"
    await anna.send(token, "/@boris/wish", 404)
