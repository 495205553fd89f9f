"""Profiles over HTTP: editing, reading, the portfolio, favourites and hidden customers."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from app.core.resources import Resources
from app.features.profiles import service
from app.features.profiles.rules import MAX_PORTFOLIO, to_html
from tests.factories.orders import Market

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
ME = "/api/v1/profiles/me"
FULL: dict[str, Any] = {
    "headline": "Пекарный программист",
    "about": "Пишу **магазины**.\n\n- быстро\n- тихо",
    "skills": [{"skill": "Питон", "level": "expert"}, {"skill": "fastapi"}],
    "rate": {"amount": 250_000, "currency": "RUB"},
    "languages": [{"code": "ru", "level": "native"}, {"code": "en", "level": "good"}],
    "country": "RU",
    "place": "Вологда",
    "time_zone": "Europe/Moscow",
    "availability": "partly",
    "available_from": "2100-01-01",
    "hours_week": 20,
    "links": [{"title": "Работы", "url": "example.org/me"}],
    "listed": True,
}


async def test_a_profile_is_written_and_read_by_everybody(
    market: Market, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    anna = await market.person("Anna")
    await market.sign_in(client, anna)
    empty = (await client.get(ME)).json()
    assert (empty["version"], empty["listed"], empty["hints"][:2]) == (1, False, ["headline", "skills"])
    saved = await client.patch(ME, json=FULL | {"version": 1})
    assert saved.status_code == 200, saved.text
    own = saved.json()
    assert (own["version"], own["side"], own["hints"]) == (2, "freelancer", ["about", "portfolio", "photo"])
    seen = (await (await new_client()).get("/api/v1/profiles/anna")).json()
    assert seen["username"] == "Anna"
    assert [(item["slug"], item["level"]) for item in seen["skills"]] == [
        ("python", "expert"),
        ("fastapi", "confident"),
    ]
    assert seen["about_html"] == "<p>Пишу <strong>магазины</strong>.</p>\n<ul>\n<li>быстро</li>\n<li>тихо</li>\n</ul>\n"
    assert seen["links"] == [{"title": "Работы", "url": "https://example.org/me"}]
    assert not {"email", "phone", "side", "hints", "recommendations"} & set(seen)
    assert "example.org" not in str(seen).replace("https://example.org/me", ""), "an address of the account leaked"
    late = await client.patch(ME, json={"headline": "Поздно", "version": 1})
    assert (late.status_code, late.json()["code"]) == (409, "profile-changed")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"headline": "x" * 121}, "headline"),
        ({"skills": [{"skill": "хождение по воде"}]}, "skills"),
        ({"languages": [{"code": "zz", "level": "good"}]}, "languages"),
        ({"country": "XX"}, "country"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"links": [{"url": "javascript:alert(1)"}]}, "links"),
        ({"links": [{"url": "java\tscript:alert(1)"}]}, "links"),
        ({"links": [{"url": "https://user:secret@example.org"}]}, "links"),
        ({"links": [{"url": "data:text/html,x"}]}, "links"),
        ({"hours_week": 0}, "hours_week"),
        ({"available_from": "2001-01-01"}, "available_from"),
        ({"rate": {"amount": 0, "currency": "RUB"}}, "rate"),
        ({"listed": True}, "headline"),
        ({"email": "me@example.org"}, "email"),
    ],
)
async def test_what_cannot_be_kept_is_named_and_changes_nothing(
    change: dict[str, Any], field: str, market: Market, client: httpx.AsyncClient
) -> None:
    await market.sign_in(client, await market.person())
    answer = await client.patch(ME, json=change)
    assert answer.status_code == 422, answer.text
    assert field in {part for error in answer.json()["errors"] for part in error["loc"]}
    assert (await client.get(ME)).json()["version"] == 1


@pytest.mark.parametrize(
    ("written", "absent"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("[x](javascript:alert(1))", "href"),
        ("![x](https://tracker.example/pixel.gif)", "<img"),
        ("<a href='https://a.example' onclick='x()'>x</a>", "<a href='"),
        ("[x](data:text/html;base64,PHNjcmlwdD4=)", 'href="data:'),
        ('[x](https://a.example "onmouseover=x()")', "title="),
    ],
)
def test_markdown_becomes_nothing_that_runs_or_tracks(written: str, absent: str) -> None:
    assert absent not in to_html(written)


@pytest.mark.parametrize(
    "target", ["/orders", "//evil.example", "orders", "https:evil", "ftp://a.example", "tel:1", "#a", "?a"]
)
def test_markdown_links_lead_to_other_sites_and_mailboxes_only(target: str) -> None:
    assert "href" not in to_html(f"[x]({target})")


@pytest.mark.parametrize(
    ("written", "present"),
    [
        ("3. three\n4. four", '<ol start="3">'),
        ("see www.example.org/a, HTTPS://Example.org/A_(b).", '<a href="https://Example.org/A_(b)"'),
        ("see www.example.org/a, https://b.example", '<a href="https://www.example.org/a"'),
        ("**https://b.example**", '<strong><a href="https://b.example"'),
        ("[почта](mailto:anna@example.org)", '<a href="mailto:anna@example.org"'),
        ("[сайт](www.example.org)", '<a href="https://www.example.org"'),
        ("[сайт](HTTPS://example.org/o'neil)", '<a href="HTTPS://example.org/o\'neil"'),
        ("`https://code.example`", "<code>https://code.example</code>"),
        (
            "[https://a.example](https://b.example)",
            '<a href="https://b.example" rel="nofollow ugc noopener noreferrer">https://a',
        ),
        ("| что | цена |\n|---|---:|\n| сайт | 5 |", "<td>сайт</td>"),
    ],
)
def test_markdown_is_read_as_people_write_it(written: str, present: str) -> None:
    assert present in to_html(written)


def test_links_vouch_for_nothing_and_headings_stay_small() -> None:
    html = to_html("# Большой\n\n[сайт](https://example.org)")
    assert "<h3>Большой</h3>" in html
    assert 'rel="nofollow ugc noopener noreferrer"' in html


async def test_a_portfolio_is_filled_sorted_and_emptied(
    market: Market, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await market.sign_in(client, await market.person("boris"))
    address = f"{ME}/portfolio"
    made = [
        (
            await client.post(address, json={"title": title, "skills": ["python"], "year": 2024, "link": "example.org"})
        ).json()
        for title in ("Первая", "Вторая", "Третья")
    ]
    moved = await client.post(f"{address}/{made[2]['id']}/move", json={"position": 0})
    assert [item["title"] for item in moved.json()["items"]] == ["Третья", "Первая", "Вторая"]
    edited = await client.put(f"{address}/{made[0]['id']}", json={"title": "Первая, исправленная"})
    assert (edited.status_code, edited.json()["link"]) == (200, None)
    assert (await client.delete(f"{address}/{made[1]['id']}")).status_code == 204
    gone = await client.delete(f"{address}/{made[1]['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "portfolio-item-not-found")
    seen = (await (await new_client()).get("/api/v1/profiles/boris")).json()["portfolio"]
    assert [item["title"] for item in seen] == ["Третья", "Первая, исправленная"]
    other = await market.sign_in(await new_client(), await market.person())
    assert (await other.put(f"{address}/{made[0]['id']}", json={"title": "Чужая"})).status_code == 404


async def test_a_portfolio_has_an_end(market: Market, client: httpx.AsyncClient) -> None:
    await market.sign_in(client, await market.person())
    for number in range(MAX_PORTFOLIO):
        answer = await client.post(f"{ME}/portfolio", json={"title": f"Работа {number}"})
        assert answer.status_code == 201
    full = await client.post(f"{ME}/portfolio", json={"title": "Лишняя"})
    assert (full.status_code, full.json()["code"]) == (409, "portfolio-full")


@pytest.mark.parametrize("kept", ["favourites", "hidden-customers"])
async def test_people_are_kept_and_let_go(kept: str, market: Market, client: httpx.AsyncClient) -> None:
    for name in ("vera", "gleb", "dina"):
        await market.person(name)
    await market.sign_in(client, await market.person("me"))
    for name in ("vera", "gleb", "dina", "vera"):
        assert (await client.put(f"/api/v1/{kept}/{name}")).status_code == 200
    page = (await client.get(f"/api/v1/{kept}", params={"limit": 2})).json()
    assert [item["username"] for item in page["items"]] == ["dina", "gleb"]
    rest = (await client.get(f"/api/v1/{kept}", params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert ([item["username"] for item in rest["items"]], rest["next_cursor"]) == (["vera"], None)
    assert (await client.delete(f"/api/v1/{kept}/gleb")).json()["username"] == "gleb"
    assert len((await client.get(f"/api/v1/{kept}")).json()["items"]) == 2
    profile = (await client.get("/api/v1/profiles/vera")).json()
    assert (profile["favourite"], profile["hidden"]) == (kept == "favourites", kept != "favourites")
    assert (await client.put(f"/api/v1/{kept}/me")).json()["code"] == "oneself"
    assert (await client.put(f"/api/v1/{kept}/nobody-here")).json()["code"] == "person-not-found"


async def test_a_list_of_people_has_an_end(
    market: Market, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.features.profiles.rules.MAX_LISTED", 1)
    await market.person("vera")
    await market.person("gleb")
    await market.sign_in(client, await market.person())
    assert (await client.put("/api/v1/favourites/vera")).status_code == 200
    assert (await client.put("/api/v1/favourites/gleb")).json()["code"] == "too-many-kept"


async def test_other_features_load_in_one_query(
    market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    anna, boris = await market.person("anna"), await market.person("boris")
    await market.sign_in(client, anna)
    await client.patch(ME, json={"headline": "Пекарь", "skills": [{"skill": "python"}]})
    await client.put("/api/v1/hidden-customers/boris")
    await client.put("/api/v1/favourites/boris")
    async with resources.read_sessions() as session:
        cards = await service.person_cards(session, [anna.id, boris.id])
        assert (cards[anna.id].headline, cards[boris.id].href) == ("Пекарь", "/@boris")
        assert await service.person_cards(session, []) == {}
        assert await service.skills_of(session, anna.id) == ["python"]
        assert await service.hidden_customers(session, anna.id) == {boris.id}
        assert await service.favourite_ids(session, anna.id) == {boris.id}
