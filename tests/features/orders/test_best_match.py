"""With words the list is sorted by best match: what is first, complete pages, and where newest first is kept."""

import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.features.orders import rules
from app.features.orders.repository import best_match
from app.features.orders.repository.best_match import within
from tests.factories.orders import Market

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
LIST = "/api/v1/orders"
FILLER = "Ещё несколько предложений о сроках, оплате, правках, доступах, переписке и образцах прежних работ."
ENGLISH_FILLER = "Some more sentences about terms, payment, corrections, access, letters and samples of earlier jobs."


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


@pytest.fixture(autouse=True)
def _compiled_again() -> Iterator[None]:
    """Compile the statements for the numbers of each test."""
    best_match.candidates_statement.cache_clear()
    yield
    best_match.candidates_statement.cache_clear()


@pytest.fixture
async def two(market: Market) -> tuple[str, str]:
    """Publish an order with the word in its title, then one with it in the description only."""
    customer = await market.person()
    first = await market.order(customer, title="Логотип для пекарни", description="Подробности в переписке.")
    second = await market.order(customer, title="Нужна помощь", description=f"Нарисовать логотип. {FILLER}")
    return first.title, second.title


async def test_the_default_order_with_and_without_words(client: httpx.AsyncClient, two: tuple[str, str]) -> None:
    in_title, in_text = two
    assert await titles(client) == [in_text, in_title]
    assert await titles(client, q=" ") == [in_text, in_title]
    assert await titles(client, q="логотипы") == [in_title, in_text]
    assert await titles(client, q="логотипы", sort="match") == [in_title, in_text]
    assert await titles(client, q="логотипы", sort="newest") == [in_text, in_title]
    assert await titles(client, q="логотипы", limit=1) == [in_title, in_text]
    assert await titles(client, q="логотипы", limit=1, sort="newest") == [in_text, in_title]
    items = (await client.get(LIST, params={"q": "логотип"})).json()["items"]
    assert [item["score"] for item in items] == [sum(part["points"] for part in item["why"]) for item in items]
    assert "score" not in (await client.get(LIST, params={"q": "логотип", "sort": "newest"})).json()["items"][0]


async def test_the_page_selects_the_default_and_keeps_a_choice(client: httpx.AsyncClient, two: tuple[str, str]) -> None:
    in_title, in_text = two
    client.headers["Accept-Language"] = "en"

    async def page(**query: str) -> tuple[bool, str]:
        text = (await client.get("/orders", params=query)).text
        return text.index(f">{in_title}<") < text.index(f">{in_text}<"), text

    first, text = await page()
    assert not first
    assert 'href="/orders" aria-current="true">Newest<' in text
    first, text = await page(q="логотип")
    words = "q=%D0%BB%D0%BE%D0%B3%D0%BE%D1%82%D0%B8%D0%BF"
    assert first
    assert f'href="/orders?{words}" aria-current="true">Best match<' in text
    assert f'href="/orders?{words}&amp;sort=newest">Newest<' in text
    assert 'name="sort"' not in text, "a default that is sent back would stay when the words are removed"
    first, text = await page(q="логотип", sort="newest")
    assert not first
    assert f'href="/orders?{words}&amp;sort=newest" aria-current="true">Newest<' in text
    assert '<input type="hidden" name="sort" value="newest">' in text
    _first, text = await page(q="логотип", sort="match")
    assert 'name="sort"' not in text
    _first, text = await page(sort="match")
    assert '<input type="hidden" name="sort" value="match">' in text
    assert 'href="/orders?sort=match" aria-current="true">Best match<' in text


@pytest.mark.parametrize("sort", ["", "&sort=match", "&sort=newest"])
async def test_the_feed_stays_newest_first(client: httpx.AsyncClient, two: tuple[str, str], sort: str) -> None:
    feed = (await client.get(f"/orders.atom?q=логотип{sort}")).text
    assert re.findall(r"<entry>.*?<title[^>]*>(.*?)</title>", feed, re.DOTALL) == [two[1], two[0]]


async def test_a_saved_search_opens_newest_first(market: Market, new_client: NewClient) -> None:
    reader = await market.sign_in(await new_client(), await market.person())
    for words, expected in (("логотип", "?q=%D0%BB%D0%BE%D0%B3%D0%BE%D1%82%D0%B8%D0%BF&sort=newest"), ("", "?days=7")):
        command = {"name": words or "Всё", "filter": {"q": words} if words else {"days": 7}}
        saved = await reader.post("/api/v1/saved-searches", json=command)
        assert saved.status_code == 201, saved.text
        shown = await reader.post(f"/api/v1/saved-searches/{saved.json()['id']}/run", follow_redirects=False)
        assert shown.headers["location"] == f"{LIST}{expected}"
        form = {"csrf_token": reader.headers["X-CSRF-TOKEN"]}
        opened = await reader.post(f"/my/searches/{saved.json()['id']}/open", data=form, follow_redirects=False)
        assert opened.headers["location"] == f"/orders{expected}"


@pytest.mark.parametrize(
    ("words", "texts"),
    [
        (
            "настройки серверов",
            ("Настройка сервера", "Настройка серверов", f"Настройки до утра. {FILLER} Ещё сервер", FILLER),
        ),
        (
            "testing payments",
            ("Test of a payment", "Test the payment", f"Tests by noon. {ENGLISH_FILLER} And payments", ENGLISH_FILLER),
        ),
    ],
    ids=["ru", "en"],
)
async def test_title_then_skills_then_near_words_then_far_ones(
    market: Market, client: httpx.AsyncClient, words: str, texts: tuple[str, str, str, str]
) -> None:
    title, near, far, filler = texts
    customer = await market.person()
    await market.order(customer, title=title, description=f"{filler} {filler}")
    await market.order(customer, title="Bbb", skills=title.split(), description=f"{filler} {filler}")
    await market.order(customer, title="Ccc", description=f"{filler} {near}. {filler}")
    await market.order(customer, title="Ddd", description=far)
    assert await titles(client, q=words) == [title, "Bbb", "Ccc", "Ddd"]


@pytest.mark.parametrize(("word", "filler"), [("витрины", FILLER), ("showcases", ENGLISH_FILLER)], ids=["ru", "en"])
async def test_a_repeated_word_is_before_a_single_one(
    market: Market, client: httpx.AsyncClient, word: str, filler: str
) -> None:
    customer = await market.person()
    said = {"витрины": "Витрина магазина.", "showcases": "A showcase wanted."}[word]
    await market.order(customer, title="Трижды", description=f"{said} {filler} {said} {filler} {said}")
    await market.order(customer, title="Однажды", description=f"{said} {filler} {filler}")
    await market.order(customer, title="Однажды в длинном", description=f"{said} {filler * 30}")
    assert await titles(client, q=word) == ["Трижды", "Однажды", "Однажды в длинном"]


async def test_equal_ones_are_newest_first(market: Market, client: httpx.AsyncClient) -> None:
    customer = await market.person()
    for _number in range(3):
        await market.order(customer, title="Логотип", description="Подробности в переписке.")
    found = (await client.get(LIST, params={"q": "логотип"})).json()["items"]
    assert [item["id"] for item in found] == sorted((item["id"] for item in found), reverse=True)


@pytest.mark.parametrize(
    "numbers",
    [
        {"FEW": 3, "CANDIDATES": 500},  # some thousands are scanned
        {"FEW": 200, "CANDIDATES": 500},  # all are gathered
        {"FEW": 3, "CANDIDATES": 23},  # the newest have enough
        {"FEW": 3, "CANDIDATES": 10},  # the rest follows by time
        {"SCANNED": 2, "CANDIDATES": 10},  # as many as are compared are gathered
        {"FEW": 0, "CANDIDATES": 1},
    ],
    ids=lambda numbers: "-".join(map(str, numbers.values())),
)
@pytest.mark.parametrize("more", [{}, {"skills": "react"}], ids=["words", "and a skill"])
async def test_pages_meet_without_gap_or_double(
    market: Market, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, numbers: dict[str, int], more: Any
) -> None:
    numbers = dict(numbers)
    if scanned := numbers.pop("SCANNED", None):
        monkeypatch.setattr(best_match, "newest_scanned", lambda _given: scanned)
    for name, number in numbers.items():
        monkeypatch.setattr(best_match, name, number)
    customer = await market.person()
    for number in range(23):
        await market.order(customer, title=f"Заказ {number:02}", skills=["react"], description="Подробности потом.")
    newest_first = [f"Заказ {number:02}" for number in reversed(range(23))]
    for limit in (1, 5, 10, 50):
        assert await titles(client, q="заказы", limit=limit, **more) == newest_first, limit
        assert await titles(client, sort="match", limit=limit, **more) == newest_first, limit


async def test_those_not_compared_follow_by_time_and_without_a_score(
    market: Market, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(best_match, "CANDIDATES", 3)
    customer = await market.person()
    await market.order(customer, title="Логотип", description="Подробности в переписке.")
    for number in range(3):
        await market.order(customer, title=f"Помощь {number}", description=f"{'Логотип. ' * (3 - number)} {FILLER}")
    page = (await client.get(LIST, params={"q": "логотип"})).json()
    assert [item["title"] for item in page["items"]] == ["Помощь 0", "Помощь 1", "Помощь 2", "Логотип"]
    assert ["score" in item for item in page["items"]] == [True, True, True, False]
    shown = (await client.get("/orders", params={"q": "логотип"})).text
    assert shown.index(">Помощь 2<") < shown.index(">Логотип<")


async def test_new_and_closed_orders_move_nothing(market: Market, client: httpx.AsyncClient) -> None:
    customer = await market.person()
    for number in range(5):
        await market.order(customer, title=f"Сайт {number}")
    first = (await client.get(LIST, params={"q": "сайт", "limit": 2})).json()
    await market.order(customer, title="Сайт новый")
    rest = (await client.get(LIST, params={"q": "сайты", "cursor": first["next_cursor"]})).json()
    assert [item["title"] for item in rest["items"]] == ["Сайт 2", "Сайт 1", "Сайт 0"]


async def test_a_cursor_belongs_to_its_order(market: Market, client: httpx.AsyncClient) -> None:
    customer = await market.person()
    for _number in range(2):
        await market.order(customer, title="Сайт")
    best = (await client.get(LIST, params={"q": "сайт", "limit": 1})).json()["next_cursor"]
    newest = (await client.get(LIST, params={"q": "сайт", "limit": 1, "sort": "newest"})).json()["next_cursor"]
    for query in ({"q": "сайт", "sort": "newest", "cursor": best}, {"q": "сайт", "cursor": newest}, {"cursor": best}):
        refused = await client.get(LIST, params=query)
        assert (refused.status_code, refused.json()["code"]) == (422, "bad-cursor"), query


@pytest.mark.parametrize(
    ("words", "restricted"),
    [
        ("'сайт'", "'сайт':A"),
        ("'сайт' & !( 'java' | 'jav':* )", "'сайт':A & !( 'java':A | 'jav':*A )"),
        ("'front' <-> 'end'", "'front':A <-> 'end':A"),
        ("'o''reilly' & 'a\\\\b'", "'o''reilly':A & 'a\\\\b':A"),
        ("", ""),
    ],
)
def test_a_query_within_parts(words: str, restricted: str) -> None:
    assert within(words, "A") == restricted


def test_a_word_in_the_title_outweighs_the_best_description() -> None:
    least = rules.match_points("title", 0.0, common_skills=0, age=timedelta(days=90), answers=50)
    most = rules.match_points("text", 1000.0, common_skills=9, age=timedelta(), answers=0)
    assert sum(least.values()) > sum(most.values())
    assert list(least.values()) == [200, 0, 0, 0, 0]
