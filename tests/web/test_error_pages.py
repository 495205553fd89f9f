"""Error pages: signed-in people keep their page header, language and theme."""

import httpx
import pytest
from bs4 import BeautifulSoup
from fastapi import Depends, FastAPI
from httpx import Response

from app.core.errors import NotFoundError
from app.core.http.problem_details import TooLargeError
from app.core.security.rate_limits import TooManyTriesError
from app.features.authentication.dependencies import find_view
from app.features.orders.errors import NotOrderCustomerError, OrderHeldError, OrderRemovedError
from tests.conftest import SignIn
from tests.security.people import ACCESS, REFRESH

HTML = {"Accept": "text/html", "Accept-Language": "en"}
LONG = "x" * 2_000_000


LOOKED_EVERYWHERE = "The pony looked everywhere."
REFUSALS = {
    "removed": (OrderRemovedError(), "The operator has removed this order", LOOKED_EVERYWHERE),
    "held": (OrderHeldError(), "While it is removed", "Somebody was quicker."),
    "not-yours": (NotOrderCustomerError(), "Only the customer", "The pony guards this door."),
    "soon": (TooManyTriesError.wait(37), "Please wait 37 seconds", "wait a little"),
    "later": (TooManyTriesError.wait(1_441), "Please wait 25 min", "seconds"),
    "large": (TooLargeError(), "Send less at once", LOOKED_EVERYWHERE),
    "missing": (NotFoundError(), LOOKED_EVERYWHERE, "wait a little"),
}


@pytest.fixture
def app(new_app: FastAPI) -> FastAPI:
    @new_app.get("/refused/{name}")
    async def refused(name: str) -> None:
        raise REFUSALS[name][0]

    @new_app.get("/broken", dependencies=[Depends(find_view)])
    async def broken() -> None:
        raise KeyError("secret detail")

    return new_app


async def ask(client: httpx.AsyncClient, wanted: str) -> Response:
    method, _space, path = wanted.partition(" ")
    form = {"POST /my/orders": {"x": "1"}, "POST /orders/new": {"title": "без токена"}, "POST /sign-in": {"x": LONG}}
    return await client.request(method, path, headers=HTML, data=form.get(wanted))


FAILURES = [
    ("GET /nothing-here", 404),
    ("GET /orders/00000000-0000-7000-8000-000000000000", 404),
    ("GET /orders/not-an-id", 404),
    ("POST /my/orders", 405),
    ("POST /orders/new", 403),
    ("POST /sign-in", 413),
]
"""Errors of a missing route, a use case, a parameter, the router, the CSRF check, and middleware."""


@pytest.mark.parametrize(("wanted", "status"), FAILURES)
async def test_a_failure_keeps_the_readers_own_header(
    client: httpx.AsyncClient, sign_in: SignIn, wanted: str, status: int
) -> None:
    user = await sign_in(client, locale="ru")
    await client.post("/preferences", data={"theme": "dark"})
    client.headers.pop("X-CSRF-TOKEN")
    answer = await ask(client, wanted)
    page = BeautifulSoup(answer.text, "html.parser")
    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"
    assert user.username in page.select_one(".menu-head b").text  # type: ignore[union-attr]
    assert page.select_one('.rail-nav a[href="/my/orders"]') is not None
    assert page.select_one('.topbar a[href="/sign-in"], .rail a[href="/sign-in"]') is None
    assert (page.html["lang"], page.html["data-theme"]) == ("ru", "dark")  # type: ignore[index]
    assert page.select_one('form[action="/sign-out"] input[name=csrf_token]')["value"]  # type: ignore[index]


@pytest.mark.parametrize(("wanted", "status"), FAILURES)
async def test_a_failure_shows_a_guest_the_way_in(client: httpx.AsyncClient, wanted: str, status: int) -> None:
    answer = await ask(client, wanted)
    page = BeautifulSoup(answer.text, "html.parser")
    if wanted == "POST /orders/new":
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2F")
        return
    assert answer.status_code == status
    assert page.select_one('a[href="/sign-in"]') is not None
    assert page.select_one(".menu-head") is None


async def test_a_fault_of_ours_keeps_the_header_too(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    user = await sign_in(client)
    answer = await client.get("/broken", headers=HTML)
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert user.username in answer.text


@pytest.mark.parametrize("name", REFUSALS)
async def test_an_error_that_says_what_to_do_is_not_contradicted(client: httpx.AsyncClient, name: str) -> None:
    _error, said, unsaid = REFUSALS[name]
    page = BeautifulSoup((await client.get(f"/refused/{name}", headers=HTML)).text, "html.parser")
    text = page.select_one(".error-page").text  # type: ignore[union-attr]
    assert text.count(said) == 1
    assert unsaid not in text


async def test_a_lapsed_token_is_renewed_on_the_way_to_a_missing_page(
    client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    user = await sign_in(client)
    client.cookies.delete(ACCESS)
    answer = await client.get("/nothing-here", headers=HTML)
    assert user.username in answer.text
    assert client.cookies.get(ACCESS)


async def test_a_refused_change_renews_nothing(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(client)
    client.headers.pop("X-CSRF-TOKEN")
    kept = client.cookies.get(REFRESH)
    client.cookies.delete(ACCESS)
    answer = await client.post("/orders/new", headers=HTML, data={"title": "без токена"})
    assert answer.status_code == 403
    assert answer.headers.get_list("set-cookie") == []
    assert client.cookies.get(REFRESH) == kept


async def test_a_dead_bearer_token_does_not_break_the_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nothing-here", headers={**HTML, "Authorization": "Bearer nonsense"})
    assert answer.status_code == 404
    assert BeautifulSoup(answer.text, "html.parser").select_one(".menu-head") is None
