"""Cached fragments of pages: equal to newly rendered ones, for every reader and every state of the page."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product

import httpx
import pytest
from markupsafe import Markup, escape

from app.core.actor import Actor
from app.core.i18n import use_locale
from app.core.security.cookies import cookie_name
from app.web.fragment_cache import cached_fragment, clear_fragments
from app.web.templating import TEMPLATES
from tests.factories.orders import Market

HTML = {"Accept": "text/html", "Accept-Encoding": "identity"}
ADDRESSES = (
    "/orders",
    "/orders?q=python",
    "/orders?q=",
    "/orders?q=nothing+has+this",
    "/orders?category=development",
    "/orders?budget_min=x",
    "/orders?budget_min=100&currency=USD",
    "/my/orders",
    "/settings",
)
STRIP = re.compile(r'<aside class="trial".*?</aside>', re.DOTALL)
"""The time of a demonstration, to the minute: it stands outside everything that is kept."""
_NAME = re.compile(r"cached_fragment\(\s*\"([^\"]+)\"")


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    clear_fragments()
    yield
    clear_fragments()


def writer(texts: list[str]) -> Callable[[], Markup]:
    return lambda: escape(texts.pop(0))


async def session_cookies(market: Market, client: httpx.AsyncClient, actor: Actor) -> str:
    """Return the cookies of a person as a browser sends them."""
    await market.sign_in(client, actor)
    sent = "".join(f"{name}={value}; " for name, value in client.cookies.items())
    client.cookies.clear()
    return sent


def test_a_piece_is_written_once_for_the_same_values() -> None:
    texts = ["one", "two", "three"]
    with use_locale("ru"):
        assert cached_fragment("piece", 1, "a", caller=writer(texts)) == "one"
        assert cached_fragment("piece", 1, "a", caller=writer(texts)) == "one"
        assert cached_fragment("piece", 2, "a", caller=writer(texts)) == "two"
    with use_locale("en"):
        assert cached_fragment("piece", 1, "a", caller=writer(texts)) == "three"
    assert texts == []


def test_no_kept_piece_holds_a_token() -> None:
    with pytest.raises(ValueError, match="token"):
        cached_fragment("form", caller=lambda: Markup('<input type="hidden" name="csrf_token" value="x">'))
    assert cached_fragment("form", caller=lambda: Markup("nothing was kept")) == "nothing was kept"


def test_each_name_stands_for_one_piece() -> None:
    names = Counter(name for path in TEMPLATES.rglob("*.html") for name in _NAME.findall(path.read_text("utf-8")))
    assert names
    assert [name for name, times in names.items() if times > 1] == []


async def test_kept_pages_read_as_new_ones(market: Market, client: httpx.AsyncClient) -> None:
    customer, other = await market.person(), await market.person()
    order = await market.order(customer, skills=["python"], title="Python <b>и</b> сметана")
    await market.order(other, budget=None)
    await market.proposal(order, other)
    readers = ["", await session_cookies(market, client, customer), await session_cookies(market, client, other)]
    theme, locale = cookie_name("theme"), cookie_name("locale")
    chosen = [f"{theme}=dark", f"{locale}=en", f"{theme}=light; {locale}=ru"]

    async def read(address: str, session: str, choice: str) -> str:
        answer = await client.get(address, headers={**HTML, "Cookie": f"{session}{choice}"})
        assert answer.status_code in (200, 303, 401, 422), (address, answer.status_code)
        return STRIP.sub("", answer.text)

    asked = list(product(ADDRESSES, readers, chosen))
    fresh: list[str] = []
    for each in asked:
        clear_fragments()
        fresh.append(await read(*each))
    assert len(set(fresh)) > len(ADDRESSES)
    for _round in range(2):
        assert [await read(*each) for each in asked] == fresh
