"""A fast response equals the one of the route, field by field, and every refusal is left to the route."""

import re
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import httpx
import pytest
import pytest_asyncio
import time_machine
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.core.clock import utc_now
from app.core.i18n import LOCALES
from app.core.resources import Resources
from app.core.security.cookies import cookie_name
from app.core.unit_of_work import unit_of_work
from app.main import FAST_RESPONSES, create_app
from app.models.user import User, UserStatus
from tests.factories.orders import Market
from tests.factories.users import PASSWORD, make_user

ME = "/api/v1/auth/me"
OWN_HEADERS = {"x-request-id"}


@dataclass
class Both:
    """The same installation twice: with fast responses and without."""

    fast: httpx.AsyncClient
    plain: httpx.AsyncClient
    resources: Resources
    routed: list[bool]

    async def get(self, path: str, *, taken: bool, **given: str) -> httpx.Response:
        """Send the request to both and compare; `taken` says whether the fast response must have answered."""
        self.plain.cookies = httpx.Cookies(self.fast.cookies)
        self.routed.clear()
        fast = await self.fast.get(path, headers=given)
        assert self.routed == [not taken]
        plain = await self.plain.get(path, headers=given)
        assert fast.status_code == plain.status_code
        assert _headers(fast) == _headers(plain)
        assert _body(fast) == _body(plain)
        return fast

    async def sign_in(self, **given: str) -> User:
        """Sign a new person in through the real route."""
        async with unit_of_work(self.resources) as work:
            user = await make_user(work.session, **given)
        answer = await self.fast.post("/api/v1/auth/login", json={"username": user.username, "password": PASSWORD})
        assert answer.status_code == 200
        self.fast.headers["X-CSRF-TOKEN"] = self.fast.cookies["csrf_token"]
        return user

    @property
    def token(self) -> str:
        """The access token in the cookies."""
        return next(value for name, value in self.fast.cookies.items() if name.endswith("access_token"))


def _headers(answer: httpx.Response) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in answer.headers.multi_items() if name not in OWN_HEADERS)


def _body(answer: httpx.Response) -> object:
    if not answer.headers.get("content-type", "").startswith("application/"):
        # A refusal contains the request id, on a page too; a page shows the time of a trial.
        text = answer.text.replace(answer.headers["x-request-id"], "")
        return re.sub(r"(?<=<time datetime=)[^<]+(?=</time></span></p>)", "", text)
    body = answer.json()
    return {**body, "request_id": ""} if "request_id" in body else body


@pytest_asyncio.fixture(loop_scope="session")
async def both(live_resources: Resources) -> AsyncGenerator[Both]:
    """Two applications over one database with real commits."""
    routed: list[bool] = []
    fast_app, plain_app = create_app(), create_app(fast_responses={})
    fast_app.state.resources = live_resources
    plain_app.state.resources = replace(live_resources, raw_read_pool=None)

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        await fast_app(scope, receive, send)
        routed.append("route" in scope)

    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
                    base_url="https://localhost",
                    headers={"Origin": "https://localhost", "Accept-Language": "en"},
                )
            )
            for app in (watched, plain_app)
        ]
        yield Both(clients[0], clients[1], live_resources, routed)


async def test_me_is_the_same_by_cookie_and_by_bearer(both: Both) -> None:
    user = await both.sign_in(phone="+79991234567", display_name="Вера «Ёж»")
    answer = await both.get(ME, taken=True)
    assert answer.json()["id"] == str(user.id)
    token = both.token
    both.fast.cookies.clear()
    assert (await both.get(ME, taken=True, Authorization=f"Bearer {token}")).json() == answer.json()


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_changed_language_and_name_show_at_once(both: Both, locale: str) -> None:
    await both.sign_in()
    await both.get(ME, taken=True)
    changed = await both.fast.patch(ME, json={"locale": locale, "display_name": "Another"})
    assert changed.status_code == 200
    answer = await both.get(ME, taken=True)
    assert (answer.json()["locale"], answer.json()["display_name"]) == (locale, "Another")


async def test_guests_and_bad_tokens_take_the_plain_way(both: Both) -> None:
    assert (await both.get(ME, taken=False)).status_code == 401
    assert (await both.get(ME, taken=False, Authorization="Bearer nonsense")).status_code == 401
    await both.sign_in()
    broken = both.token[:-4] + "AAAA"
    assert (await both.get(ME, taken=False, Authorization=f"Bearer {broken}")).status_code == 401
    russian = await both.get(ME, taken=False, **{"Authorization": f"Bearer {broken}", "Accept-Language": "ru"})
    assert russian.status_code == 401


async def test_a_session_that_ended_is_refused_at_once(both: Both) -> None:
    await both.sign_in()
    token = both.token
    await both.get(ME, taken=True, Authorization=f"Bearer {token}")
    assert (await both.fast.post("/api/v1/auth/logout")).status_code == 200
    assert (await both.get(ME, taken=False, Authorization=f"Bearer {token}")).status_code == 401


async def test_an_account_that_was_banned_is_refused_at_once(both: Both) -> None:
    user = await both.sign_in()
    await both.get(ME, taken=True)
    async with unit_of_work(both.resources) as work:
        stored = await work.session.get_one(User, user.id)
        stored.status = UserStatus.BANNED
    refused = await both.get(ME, taken=False, Authorization=f"Bearer {both.token}")
    assert refused.status_code == 401


async def test_ended_by_another_device(both: Both) -> None:
    user = await both.sign_in()
    token = both.token
    await both.get(ME, taken=True)
    async with unit_of_work(both.resources) as work:
        stored = await work.session.get_one(User, user.id)
        stored.token_version += 1
    assert (await both.get(ME, taken=False, Authorization=f"Bearer {token}")).status_code == 401


async def test_a_failing_fast_response_falls_back_to_its_route(live_resources: Resources) -> None:
    async def broken(_request: Request) -> Response | None:
        raise RuntimeError("broken")

    app = create_app(fast_responses=dict.fromkeys(FAST_RESPONSES, broken))
    app.state.resources = live_resources
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://localhost") as client:
        answer = await client.get(ME)
    assert answer.status_code == 401
    assert answer.json()["code"] == "not-signed-in"


async def test_other_methods_keep_their_routes(both: Both) -> None:
    both.routed.clear()
    await both.fast.patch(ME, json={})
    assert both.routed == [True]


async def test_the_list_is_the_same_on_every_page(both: Both, live_market: Market) -> None:
    customer = await live_market.person("List_Reader")
    async with unit_of_work(both.resources) as work:
        (await work.session.get_one(User, customer.id)).display_name = 'Имя "в кавычках" \\'
    for number in range(45):
        await live_market.order(
            customer, title=f'Заказ {number} "\\ 👩‍🚀', deadline="2100-02-03" if number % 2 else None
        )
    path, pages = "/api/v1/orders", 0
    while path:
        answer = (await both.get(path, taken=True)).json()
        pages += 1
        cursor = answer["next_cursor"]
        path = f"/api/v1/orders?cursor={cursor}" if cursor else ""
    assert pages == 3


@pytest.mark.parametrize(
    "query",
    [
        *("cursor=nonsense", "limit=0", "limit=x", "unknown=1", "q=a&q=b", "q=" + "x" * 201),
        *("category=backend", "skills=python", "q=a&cursor=nonsense", "q=a&sort=closing", "sort=nonsense"),
    ],
)
async def test_an_unusual_list_takes_the_plain_way(both: Both, query: str) -> None:
    await both.get(f"/api/v1/orders?{query}", taken=False)


async def test_fast_search_equals_the_route(both: Both, live_market: Market) -> None:
    customer = await live_market.person()
    for number in range(23):
        await live_market.order(customer, title=f"Нарисовать логотип пекарни номер {number}")
    await live_market.order(customer, title="Сверстать страницу")
    with time_machine.travel(utc_now(), tick=False):  # the cursor of the best match has the time of the first page
        for query, found in (
            ("q=пекарня", 20),
            ("q=пекарня&sort=match", 20),
            ("q=пекарня&sort=newest", 20),
            ("sort=newest", 20),
            ("sort=match&limit=50", 24),
            ("q=логотипы пекарни&limit=50", 23),
            ("q=%20", 20),
            ("q=!!!", 0),
            ("q=", 20),
            ("cursor=", 20),
        ):
            for language in ("en", "ru"):
                path = f"/api/v1/orders?{query}"
                answer = await both.get(path, taken=True, **{"Accept-Language": language})
                assert len(answer.json()["items"]) == found, query
        for query in ("q=пекарня", "q=пекарня&sort=newest"):
            second = (await both.get(f"/api/v1/orders?{query}", taken=True)).json()["next_cursor"]
            rest = await both.get(f"/api/v1/orders?{query}&cursor={second}", taken=True)
            assert len(rest.json()["items"]) == 3


async def test_the_page_of_orders_is_the_same_for_every_guest(both: Both, live_market: Market) -> None:
    with time_machine.travel("2026-03-04T10:00:00Z", tick=False):
        customer = await live_market.person()
        for number in range(25):
            await live_market.order(customer, title=f"Заказ номер {number} <b>", skills=["python"])
        theme, locale = cookie_name("theme"), cookie_name("locale")
        cookies = ["", f"{theme}=dark", f"{locale}=ru", f"{locale}=ru; {theme}=light", "locale=en", f"{theme}=pink"]
        first = (await both.fast.get("/api/v1/orders")).json()["next_cursor"]
        for path in ("/orders", f"/orders?cursor={first}"):
            for packing in ("identity", "gzip"):
                for cookie in cookies * 2:
                    await both.get(path, taken=True, Cookie=cookie, **{"Accept-Encoding": packing})
        before = (await both.get("/orders", taken=True)).text
        await live_market.order(customer, title="Самый новый заказ")
        after = (await both.get("/orders", taken=True)).text
        assert "Самый новый заказ" in after
        assert "Самый новый заказ" not in before
    with time_machine.travel("2026-03-04T13:00:00Z", tick=False):
        later = (await both.get("/orders", taken=True)).text
    assert "3 hours ago" in later
    assert "3 hours ago" not in after


@pytest.mark.parametrize("path", ["/orders?q=x", "/orders?cursor=nonsense", "/orders?category=none"])
async def test_other_pages_of_orders_take_the_plain_way(both: Both, path: str) -> None:
    await both.get(path, taken=False)


async def test_nobody_who_is_known_gets_the_page_of_guests(both: Both) -> None:
    user = await both.sign_in()
    page = await both.get("/orders", taken=False)
    assert user.username in page.text
    assert page.headers["cache-control"] == "no-store"
    token = both.token
    both.fast.cookies.clear()
    assert user.username in (await both.get("/orders", taken=False, Authorization=f"Bearer {token}")).text
    await both.get("/orders", taken=False, Cookie="anything=else")
