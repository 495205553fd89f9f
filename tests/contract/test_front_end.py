"""The contract of the published web client, item by item, over HTTP against the running site."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from http.cookies import Morsel, SimpleCookie
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.api_clients import PASSWORD, PublishedClient, new_name
from tests.e2e.stack import SECRET_KEY, Stack

pytestmark = pytest.mark.timeout(120)
PROBLEM = "application/problem+json"


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(stack: Stack) -> AsyncGenerator[PublishedClient]:
    """A new browser without cookies."""
    async with PublishedClient(stack) as made:
        yield made


def account(prefix: str = "next") -> dict[str, str]:
    """Return what the sign-up form sends."""
    name = new_name(prefix)
    return {"username": name, "email": f"{name}@example.com", "phone": "", "password": PASSWORD}


async def registered(visitor: PublishedClient, **fields: str) -> dict[str, str]:
    """Sign up and return what was sent."""
    sent = account() | fields
    answer = await visitor.post("/auth/register", sent)
    assert answer.is_success, answer.text
    return sent


def set_cookies(answer: httpx.Response) -> dict[str, Morsel[str]]:
    """Return the cookies that a response sets, by name."""
    found: SimpleCookie = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        found.load(line)
    return dict(found)


def is_json(answer: httpx.Response) -> bool:
    """Tell whether a response is JSON and not empty."""
    return answer.headers["content-type"].split(";")[0] in ("application/json", PROBLEM) and bool(answer.json())


async def test_the_calls_and_the_user_object(visitor: PublishedClient) -> None:
    sent = account()
    answers: dict[str, Any] = {}
    for path, body in (("register", sent), ("login", {"username": sent["username"], "password": PASSWORD})):
        answer = await visitor.post(f"/auth/{path}", body)
        assert answer.is_success, answer.text
        answers[path] = answer.json()
    answers["me"] = (await visitor.get("/auth/me")).json()
    for user in answers.values():
        assert isinstance(user["id"], str)
        assert user["id"]
        assert (user["username"], user["email"], user["phone"]) == (sent["username"], sent["email"], "")
        assert datetime.fromisoformat(user["created_at"]).tzinfo is not None
    assert len({user["id"] for user in answers.values()}) == 1


async def test_a_phone_is_a_text_and_comes_back(visitor: PublishedClient) -> None:
    number = f"+7916{time.time_ns() % 10_000_000:07d}"
    await registered(visitor, phone=number)
    assert (await visitor.get("/auth/me")).json()["phone"] == number


async def test_one_field_takes_a_name_an_address_or_a_number(visitor: PublishedClient, stack: Stack) -> None:
    number = f"+7917{time.time_ns() % 10_000_000:07d}"
    sent = await registered(visitor, phone=number)
    bodies = [{"username": sent[kind]} for kind in ("username", "email", "phone")]
    bodies += [{kind: sent[kind]} for kind in ("email", "phone")]
    for body in bodies:
        async with PublishedClient(stack) as browser:
            answer = await browser.post("/auth/login", body | {"password": PASSWORD})
            assert answer.is_success, (body, answer.text)
            assert answer.json()["username"] == sent["username"]


async def test_no_call_is_sent_elsewhere(visitor: PublishedClient) -> None:
    await registered(visitor)
    for method, path in (("GET", "/auth/me"), ("POST", "/auth/refresh"), ("POST", "/auth/logout")):
        answer = await visitor.call(method, path)
        assert answer.is_success, (path, answer.text)
        assert not answer.history


async def test_the_csrf_cookie_is_readable_plain_and_as_old_as_the_refresh_token(visitor: PublishedClient) -> None:
    answer = await visitor.post("/auth/register", account())
    cookies = set_cookies(answer)
    csrf, refresh = cookies["csrf_token"], next(found for name, found in cookies.items() if "refresh" in name)
    assert not csrf["httponly"]
    assert "=" not in csrf.value
    assert '"' not in answer.headers.get_list("set-cookie")[-1]
    assert csrf["max-age"] == refresh["max-age"] != ""
    assert csrf["path"] == "/"


async def test_the_token_cookies_are_closed_to_scripts_and_to_other_hosts(visitor: PublishedClient) -> None:
    cookies = set_cookies(await visitor.post("/auth/register", account()))
    tokens = {name: cookie for name, cookie in cookies.items() if name != "csrf_token"}
    assert any("access" in name for name in tokens)
    assert any("refresh" in name for name in tokens)
    for name, cookie in tokens.items():
        assert name.startswith("__Host-")
        assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
        assert (cookie["path"], cookie["domain"]) == ("/", "")
        assert len(cookie.OutputString()) < 4_096


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://localhost.evil.example"},
    ],
    ids=["foreign", "null", "cross-site", "look-alike"],
)
async def test_the_first_calls_are_guarded_by_where_they_come_from(
    visitor: PublishedClient, headers: dict[str, str]
) -> None:
    sent = account()
    for path, body in (("register", sent), ("login", {"username": "somebody", "password": PASSWORD})):
        answer = await visitor.post(f"/auth/{path}", body, headers=headers)
        assert answer.status_code == 403, (path, answer.text)
        assert not set_cookies(answer)
    assert (await visitor.post("/auth/register", sent)).is_success


@pytest.mark.parametrize("token", ["", "wrong", "a.b"])
async def test_calls_of_a_session_carry_the_csrf_token(visitor: PublishedClient, token: str) -> None:
    await registered(visitor)
    for path in ("/auth/logout", "/auth/refresh"):
        answer = await visitor.post(path, headers={"X-CSRF-TOKEN": token})
        assert (answer.status_code, answer.headers["content-type"]) == (403, PROBLEM)
    assert (await visitor.get("/auth/me", headers={"X-CSRF-TOKEN": token})).is_success


async def test_the_csrf_token_of_another_session_does_not_count(visitor: PublishedClient, stack: Stack) -> None:
    await registered(visitor)
    async with PublishedClient(stack) as other:
        await registered(other)
        stolen = other.cookie("csrf_token") or ""
    visitor.drop_cookie("csrf_token")
    visitor.http.cookies.set("csrf_token", stolen, domain="localhost.local")
    answer = await visitor.post("/auth/logout", headers={"X-CSRF-TOKEN": stolen})
    assert answer.status_code == 403


@pytest.mark.parametrize("how", ["lapsed cookie", "expired token", "garbage"])
async def test_a_dead_access_token_does_not_make_a_guest(visitor: PublishedClient, how: str) -> None:
    sent = await registered(visitor)
    access, refresh = visitor.token_names()
    token, before = visitor.cookie(access) or "", visitor.cookie(refresh)
    visitor.drop_cookie(access)
    if how == "expired token":
        claims = jwt.decode(token, SECRET_KEY, algorithms=["HS256"], options={"verify_aud": False})
        # Only the expiry is changed; the rest is as the server issued it.
        claims |= {"exp": claims["iat"] - 1, "iat": claims["iat"] - 18_001}
        if "nbf" in claims:
            claims["nbf"] = claims["iat"]
        dead = jwt.encode(claims, SECRET_KEY, "HS256", headers=jwt.get_unverified_header(token))
        visitor.http.cookies.set(access, dead, domain="localhost.local")
    elif how == "garbage":
        visitor.http.cookies.set(access, "not.a.token", domain="localhost.local")
    answer = await visitor.get("/auth/me")
    assert answer.is_success, answer.text
    assert answer.json()["username"] == sent["username"]
    renewed = set_cookies(answer)
    assert access in renewed
    assert renewed[refresh].value not in ("", before)
    assert renewed["csrf_token"].value
    # The next request uses the cookies of the same response.
    assert (await visitor.post("/auth/logout")).is_success


async def test_a_dead_refresh_token_leaves_a_guest(visitor: PublishedClient) -> None:
    await registered(visitor)
    access, refresh = visitor.token_names()
    stolen = visitor.cookie(refresh) or ""
    assert (await visitor.post("/auth/logout")).is_success
    visitor.http.cookies.set(refresh, stolen, domain="localhost.local")
    assert (await visitor.get("/auth/me")).status_code == 401
    assert visitor.cookie(access) is None


async def test_every_answer_is_json(visitor: PublishedClient) -> None:
    assert is_json(await visitor.get("/auth/me"))
    sent = await registered(visitor)
    assert is_json(await visitor.post("/auth/register", sent))
    assert is_json(await visitor.get("/auth/me"))
    refreshed = await visitor.post("/auth/refresh")
    assert refreshed.is_success
    assert is_json(refreshed)
    signed_out = await visitor.post("/auth/logout")
    assert (signed_out.status_code, is_json(signed_out)) == (200, True)
    assert is_json(await visitor.post("/auth/logout"))
    assert is_json(await visitor.post("/auth/refresh"))
    assert is_json(await visitor.get("/nowhere"))
    assert is_json(await visitor.call("PUT", "/auth/login", {}))
    assert is_json(await visitor.http.post("/api/v1/auth/login", content=b"{"))


async def test_every_error_has_a_text_as_its_detail(visitor: PublishedClient) -> None:
    sent = await registered(visitor)
    calls = [
        (409, await visitor.post("/auth/register", sent)),
        (422, await visitor.post("/auth/register", {"username": "x"})),
        (422, await visitor.post("/auth/register", {**account(), "email": "nonsense"})),
        (422, await visitor.post("/auth/register", {**account(), "password": "1234567"})),
        (401, await visitor.post("/auth/login", {"username": sent["username"], "password": "wrong password"})),
        (404, await visitor.get("/nowhere")),
        (405, await visitor.call("DELETE", "/auth/login")),
    ]
    for status, answer in calls:
        assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
        assert isinstance(answer.json()["detail"], str)
        assert answer.json()["detail"]


async def test_a_refused_refresh_deletes_the_cookies_in_the_same_answer(visitor: PublishedClient, stack: Stack) -> None:
    await registered(visitor)
    _access, refresh = visitor.token_names()
    old = visitor.cookie(refresh) or ""
    async with PublishedClient(stack) as thief:
        thief.http.cookies.update(visitor.http.cookies)
        assert (await visitor.post("/auth/logout")).is_success
        assert thief.cookie(refresh) == old
        answer = await thief.post("/auth/refresh")
        assert answer.status_code == 401
        deleted = set_cookies(answer)
        assert {"csrf_token", refresh} <= set(deleted)
        assert all(cookie["max-age"] == "0" and not cookie.value for cookie in deleted.values())
        assert thief.cookie("csrf_token") is thief.cookie(refresh) is None


async def test_signing_out_deletes_every_cookie_and_ends_every_token(visitor: PublishedClient, stack: Stack) -> None:
    await registered(visitor)
    async with PublishedClient(stack) as copy:
        copy.http.cookies.update(visitor.http.cookies)
        answer = await visitor.post("/auth/logout")
        deleted = set_cookies(answer)
        assert len([cookie for cookie in deleted.values() if cookie["max-age"] == "0"]) >= 3
        assert not list(visitor.http.cookies.jar)
        assert (await copy.get("/auth/me")).status_code == 401
        assert (await copy.post("/auth/refresh")).status_code == 401


async def test_an_address_beyond_ascii_is_kept_and_the_client_reads_the_answer(visitor: PublishedClient) -> None:
    name = new_name("idn")
    for address in (f"{name}@почта.example.com", f"вася{name}@example.com"):
        sent = account("unicode") | {"email": address}
        answer = await visitor.post("/auth/register", sent)
        assert answer.is_success, answer.text
        assert answer.json()["email"].isascii()
        again = await visitor.post("/auth/login", {"username": address, "password": PASSWORD})
        assert again.is_success, again.text
        assert again.json()["username"] == sent["username"]


async def test_one_address_for_everybody_locks_nobody_out(stack: Stack) -> None:
    async with PublishedClient(stack) as one:
        sent = await registered(one)

    async def clumsy(number: int) -> None:
        async with PublishedClient(stack) as browser:
            wrong = {"username": f"nobody{number}", "password": "wrong password"}
            assert (await browser.post("/auth/login", wrong)).status_code == 401

    await asyncio.gather(*(clumsy(number) for number in range(60)))
    async with PublishedClient(stack) as again:
        answer = await again.post("/auth/login", {"username": sent["username"], "password": PASSWORD})
        assert answer.is_success, answer.text
        assert (await again.post("/auth/register", account())).is_success


async def test_behind_the_front_ends_own_server_the_public_origin_counts(new_stack: Callable[..., Stack]) -> None:
    public = "http://localhost:3000"
    own = new_stack(roles=("web",), settings={"PUBLIC_URL": public})
    async with PublishedClient(own, proxied=public) as visitor:
        await registered(visitor)
        assert (await visitor.get("/auth/me")).is_success
        direct = {"Origin": own.address}
        assert (await visitor.post("/auth/refresh", headers=direct)).status_code == 403
        assert (await visitor.post("/auth/logout")).is_success
    own.stop()


async def test_orders_are_public_to_read(visitor: PublishedClient) -> None:
    answer = await visitor.get("/orders")
    assert answer.is_success, answer.text
    assert {"items", "next_cursor"} <= set(answer.json())


CLIENT = """
async (account) => {
  const read = (name) => (document.cookie.split('; ').find((c) => c.startsWith(name + '=')) || '').split('=')[1];
  const call = async (method, path, body) => {
    const headers = {'Content-Type': 'application/json'};
    if (read('csrf_token')) headers['X-CSRF-TOKEN'] = read('csrf_token');
    const answer = await fetch('/api/v1/auth/' + path, {
      method, headers, credentials: 'include', body: body ? JSON.stringify(body) : undefined,
    });
    return [answer.status, await answer.json()];
  };
  const calls = {};
  calls.guest = await call('GET', 'me');
  calls.register = await call('POST', 'register', account);
  calls.cookies = document.cookie;
  calls.me = await call('GET', 'me');
  calls.refresh = await call('POST', 'refresh');
  calls.logout = await call('POST', 'logout');
  calls.after = await call('GET', 'me');
  calls.login = await call('POST', 'login', {username: account.email, password: account.password});
  calls.left = document.cookie;
  return calls;
}
"""


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_real_browser_keeps_the_cookies_without_tls(
    new_stack: Callable[..., Stack], stack: Stack, browser: Browser, host: str
) -> None:
    where = stack if host == "localhost" else new_stack(roles=("web",), host=host)
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{where.origin}/")
    sent = account()
    calls = await page.evaluate(CLIENT, sent)
    assert {name: found[0] for name, found in calls.items() if isinstance(found, list)} == {
        "guest": 401,
        "register": 201,
        "me": 200,
        "refresh": 200,
        "logout": 200,
        "after": 401,
        "login": 200,
    }
    assert calls["me"][1]["email"] == sent["email"]
    assert [line.split("=")[0] for line in calls["cookies"].split("; ")] == ["csrf_token"]
    kept = await context.cookies()
    assert {str(cookie.get("name")) for cookie in kept if cookie.get("httpOnly")} >= {"__Host-access_token"}
    await context.close()
    if where is not stack:
        where.stop()
