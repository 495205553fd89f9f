"""Browser security (ASVS V3): what another site can make a browser do, and what it can read."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
import structlog
import time_machine
from fastapi import APIRouter
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import text
from structlog.testing import CapturingLogger

from app.core.clock import utc_now
from app.core.config import Settings
from app.core.ids import new_id
from app.core.observability.logging import configure_logging
from app.core.security.csrf import SAFE_METHODS, is_authenticated_by_link, is_own_origin, make_csrf
from app.main import API_ROUTERS, PAGE_ROUTERS
from app.web.safe_redirects import safe_redirect_target
from tests.factories.users import PASSWORD
from tests.security.people import (
    ACCESS,
    API,
    CSRF,
    DEVICE,
    ORIGIN,
    OTHER_PASSWORD,
    REFRESH,
    VERA,
    NewClient,
    OpenUow,
    Settle,
    challenge_message,
    changed,
    cookies_of,
    deleted_cookies,
    login,
    post,
    register,
    request_password_reset,
    wear,
)

FORM = "application/x-www-form-urlencoded"
FOREIGN = [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost"}, {"Origin": ""},
    {"Origin": "https://localhost.evil.example"}, {"Origin": "https://evil-localhost"}, {"Origin": "https://LOCALHOST"},
    {"Origin": "https://localhost:8443"}, {"Origin": "https://localhost@evil.example"}, {"Origin": "file://"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "CROSS-SITE"},
    {"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN}, {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
]  # fmt: skip


def _routes(router: APIRouter) -> Iterator[APIRoute]:
    for context in iter_route_contexts(router.routes):
        if isinstance(context.original_route, APIRoute):
            yield context.original_route


def unsafe_routes() -> list[tuple[str, str]]:
    """Return every method and address that may change something."""
    found = [
        (method, prefix + route.path)
        for prefix, routers in (("/api/v1", API_ROUTERS), ("", PAGE_ROUTERS))
        for router in routers
        for route in _routes(router)
        if not is_authenticated_by_link(route.endpoint)  # called by mail programs; test_entry_points.py has the list
        for method in sorted((route.methods or set()) - SAFE_METHODS)
    ]
    assert len(found) > 20
    return found


def filled(path: str) -> str:
    """Fill in the path parameters with values of the right form."""
    parts = [str(new_id()) if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts)


async def send(client: httpx.AsyncClient, method: str, path: str, **headers: str) -> httpx.Response:
    """Send a body of the kind that the address reads."""
    if path.startswith("/api/"):
        return await client.request(method, filled(path), json={}, headers=headers)
    return await client.request(
        method, filled(path), content=b"x=1", headers={"Content-Type": FORM, "Accept": "text/html"} | headers
    )


async def digest(uow: OpenUow) -> str:
    """Return the content of the whole database as one value."""
    async with uow() as work:
        tables = (
            await work.session.execute(text("SELECT tablename FROM pg_tables WHERE schemaname='public' ORDER BY 1"))
        ).scalars()
        parts = [
            await work.session.scalar(text(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM \"{name}\" t"))  # noqa: S608
            for name in tables
        ]
    return "|".join(str(part) for part in parts)


async def test_v3_5_1_no_unsafe_route_works_without_the_right_token(
    client: httpx.AsyncClient, new_client: NewClient, settings: Settings, uow: OpenUow
) -> None:
    other = await new_client()
    await register(other, username="Zoya", email="zoya@example.com", phone=None)
    others = other.cookies[CSRF]
    await register(client)
    ended = cookies_of(client)
    await post(client, "logout")
    client.headers.pop("X-CSRF-TOKEN")
    await login(client)
    mine = cookies_of(client)
    random, _dot, signature = mine[CSRF].partition(".")
    ours = make_csrf(settings, new_id())
    pairs = {
        "no token": (mine[CSRF], None),
        "an empty one": (mine[CSRF], ""),
        "no cookie": (None, mine[CSRF]),
        "another one": (mine[CSRF], ours),
        "another session's, as a pair": (others, others),
        "an ended session's, as a pair": (ended[CSRF], ended[CSRF]),
        "an equal pair of the attacker's own": ("a" * 24 + "." + "b" * 32, "a" * 24 + "." + "b" * 32),
        "a short equal pair": (".", "."),
        "made by us for nobody": (ours, ours),
        "the random part of another": (f"{ours.partition('.')[0]}.{signature}",) * 2,
        "half of it": (random, random),
        "in another case": (mine[CSRF].swapcase(),) * 2,
        "beyond ASCII": (mine[CSRF] + "é", mine[CSRF] + "é"),
    }
    before = await digest(uow)
    passed = []
    for method, path in unsafe_routes():
        chosen = (
            pairs if path.endswith(("/refresh", "/logout", "/sign-out", "/auth/me")) else dict(list(pairs.items())[:6])
        )
        for name, (cookie, header) in chosen.items():
            wear(client, {key: value for key, value in mine.items() if key != CSRF})
            headers = {} if header is None else {"X-CSRF-TOKEN": header}
            if cookie is not None:
                headers["Cookie"] = "; ".join(f"{key}={value}" for key, value in (mine | {CSRF: cookie}).items())
            try:
                answer = await send(client, method, path, **headers)
            except UnicodeEncodeError:
                continue  # no client sends this as text
            if answer.status_code != 403 or deleted_cookies(answer):
                passed.append((method, path, name, answer.status_code))
    assert passed == []
    assert await digest(uow) == before
    wear(client, mine)
    assert (await post(client, "refresh")).status_code == 200


async def test_v3_5_1_no_unsafe_route_takes_a_request_from_elsewhere(client: httpx.AsyncClient, uow: OpenUow) -> None:
    before = await digest(uow)
    passed = []
    del client.headers["Origin"]
    for turn, (method, path) in enumerate(unsafe_routes()):
        some = FOREIGN if path.endswith(("/login", "/register", "/sign-in")) else FOREIGN[turn % 5 :: 5]
        for foreign in some:
            answer = await send(client, method, path, **foreign)
            if answer.status_code != 403:
                passed.append((method, path, foreign, answer.status_code))
    assert passed == []
    assert await digest(uow) == before


async def test_v3_5_1_and_3_5_2_signing_in_for_somebody_else_is_refused(
    client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await register(client)
    browser = await new_client()
    del browser.headers["Origin"]
    body = {"username": "Vera", "password": PASSWORD}
    for foreign in FOREIGN:
        answer = await browser.post(f"{API}/login", json=body, headers=foreign)
        assert answer.status_code == 403, foreign
    for kind in (
        FORM,
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/octet-stream",
        "application/jsonp",
    ):
        answer = await browser.post(f"{API}/login", content=json.dumps(body), headers={"Content-Type": kind})
        assert answer.status_code == 415, kind
    nameless = await browser.post(f"{API}/login", content=json.dumps(body).encode())
    assert nameless.status_code == 415
    assert not browser.cookies
    assert (
        await browser.post(f"{API}/login", json=body)
    ).status_code == 200  # a program: JSON, and no browser's headers


async def test_p5_a_bearer_header_is_no_way_around_the_csrf_token(client: httpx.AsyncClient) -> None:
    await register(client)
    mine = cookies_of(client)
    for header in ("Bearer x", "bearer x", "Bearer  ", f"Bearer {mine[ACCESS]}"):
        wear(client, {key: value for key, value in mine.items() if key != CSRF})
        for path in ("refresh", "logout"):
            if path == "logout" and mine[ACCESS] in header:
                continue  # the bearer may end its own session
            answer = await client.post(f"{API}/{path}", headers={"Authorization": header})
            assert answer.status_code in (401, 403), (path, header)
            assert not [
                c for c in answer.headers.get_list("set-cookie") if c.startswith(REFRESH) and "Max-Age=0" not in c
            ]
    wear(client, mine)
    assert (await client.get(f"{API}/me")).status_code == 200


async def test_v3_5_3_looking_changes_nothing(client: httpx.AsyncClient, uow: OpenUow) -> None:
    await register(client)
    before = await digest(uow)
    paths = {
        prefix + route.path
        for prefix, routers in (("/api/v1", API_ROUTERS), ("", PAGE_ROUTERS))
        for router in routers
        for route in _routes(router)
    }
    for path in sorted(paths):
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = await client.request(method, filled(path), headers={"Accept": "text/html"})
            assert answer.status_code < 500, (method, path)
    assert await digest(uow) == before


async def test_v3_3_cookies_are_named_kept_and_hidden_as_they_must_be(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    long = {"username": "В" * 32, "email": f"{'a' * 60}@{'b' * 60}.example.com", "phone": "+79991234567"}
    answers = [await client.post(f"{API}/register", json=VERA | long)]
    assert answers[0].status_code == 201
    client.headers["X-CSRF-TOKEN"] = client.cookies[CSRF]
    answers += [await post(client, "refresh")]
    with time_machine.travel(utc_now() + timedelta(minutes=settings.access_token_expire_minutes + 1)):
        answers += [await client.get(f"{API}/me")]
    answers += [await post(client, "logout")]
    for answer in answers:
        made = answer.headers.get_list("set-cookie")
        assert {cookie.split("=")[0] for cookie in made} >= {ACCESS, REFRESH, CSRF}
        for cookie in made:
            name, *attributes = [part.strip() for part in cookie.split(";")]
            assert len(cookie) < 4096
            assert {"Path=/", "SameSite=Lax", "Secure"} <= set(attributes), name
            assert not [item for item in attributes if item.lower().startswith("domain")], name
            assert ("HttpOnly" in attributes) == (not name.startswith(f"{CSRF}=")), name
            assert name.startswith(("__Host-", f"{CSRF}="))
            assert name.count("=") == 1


async def test_v3_3_3_cookies_of_plain_names_are_ignored(client: httpx.AsyncClient) -> None:
    await register(client)
    mine = cookies_of(client)
    wear(client, {"access_token": mine[ACCESS], "refresh_token": mine[REFRESH], CSRF: mine[CSRF]})
    assert (await client.get(f"{API}/me")).status_code == 401
    assert (await post(client, "refresh")).status_code == 401


async def test_v3_3_4_no_token_is_in_a_body_a_header_or_an_address(client: httpx.AsyncClient) -> None:
    answers = [await client.post(f"{API}/register", json=VERA)]
    client.headers["X-CSRF-TOKEN"] = client.cookies[CSRF]
    secrets = {cookies_of(client)[name] for name in (ACCESS, REFRESH, DEVICE)}
    answers += [await login(client), await post(client, "refresh")]
    secrets |= {cookies_of(client)[name] for name in (ACCESS, REFRESH, DEVICE)}
    answers += [await client.get(f"{API}/{path}") for path in ("me", "sessions", "history")]
    answers += [await client.get(path, headers={"Accept": "text/html"}) for path in ("/", "/settings/security")]
    answers += [await post(client, "logout")]
    for answer in answers:
        assert answer.status_code < 300, answer.url
        said = answer.text + str(answer.url)
        said += "".join(value for name, value in answer.headers.items() if name != "set-cookie")
        assert not [secret for secret in secrets if secret in said]
        assert PASSWORD not in said
        assert "eyJ" not in answer.text


async def test_v3_4_2_no_other_origin_may_read_an_answer(client: httpx.AsyncClient) -> None:
    await register(client)
    origins = [headers["Origin"] for headers in FOREIGN if headers.get("Origin")]
    for origin in (*origins, ORIGIN):
        for method, path in (("GET", "me"), ("OPTIONS", "me"), ("OPTIONS", "login"), ("GET", "sessions")):
            asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            answer = await client.request(method, f"{API}/{path}", headers=asked)
            assert not [name for name in answer.headers if name.startswith("access-control-")], origin


def test_v3_5_1_look_alikes_of_our_origin_are_foreign(settings: Settings) -> None:
    site = changed(settings, public_url="https://iplance.example")
    assert is_own_origin(site, "https://iplance.example")
    for origin in (
        "http://iplance.example", "https://iplance.example:444", "https://iplance.example.evil.com",
        "https://evil-iplance.example",
        "https://iplance.example@evil.com", "https://sub.iplance.example", "https://IPLANCE.example/", "null", "",
        "iplance.example",
        "https://iplance.exampl\u0435", "http://localhost", "http://127.0.0.1:8000",
    ):  # fmt: skip
        assert not is_own_origin(site, origin), origin
    alone = changed(settings, public_url=None)
    assert is_own_origin(alone, "http://127.0.0.1:3000")
    for origin in (
        "http://localhost.evil.com",
        "http://127.0.0.1.evil.com",
        "http://10.0.0.1",
        "ftp://localhost",
        "http://[::1",
    ):
        assert not is_own_origin(alone, origin), origin


@pytest.mark.parametrize("path", ["/sign-in", "/preferences"])
async def test_v3_7_2_next_never_leaves_the_site(client: httpx.AsyncClient, path: str) -> None:
    await register(client)
    targets = [
        "//evil.example", "https:evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
        "javascript:alert(1)",
        "///evil.example", "/\t/evil.example", "\t//evil.example", " //evil.example", "/%0d%0aLocation: x", "/\r\nx",
        "https://localhost@evil.example",
        "//localhost@evil.example", "http:/\\/evil.example", "data:text/html,x", "/\x00/evil", "evil.example", "",
    ]  # fmt: skip
    for target in targets:
        safe = safe_redirect_target(target)
        assert safe.startswith("/"), target
        assert not safe.startswith(("//", "/\\")), target
        if path == "/sign-in":
            answer = await client.get(path, params={"next": target}, headers={"Accept": "text/html"})
        else:
            data = {"theme": "dark", "next": target, "csrf_token": client.cookies[CSRF]}
            answer = await client.post(path, data=data)
        if "\x00" in target and path == "/sign-in":  # a form leaves it out, and what is left is checked
            assert answer.status_code == 422
            continue
        assert answer.status_code == 303, target
        place = httpx.URL(ORIGIN).join(answer.headers["location"])
        assert (place.scheme, place.host, place.userinfo) == ("https", "localhost", b""), target
    assert safe_redirect_target("/orders?page=2") == "/orders?page=2"


async def test_v3_2_1_data_is_never_rendered_as_a_page(client: httpx.AsyncClient) -> None:
    await register(client)
    for path in ("me", "sessions", "history", "nothing-here"):
        answer = await client.get(f"{API}/{path}", headers={"Accept": "text/html", "Sec-Fetch-Dest": "document"})
        assert answer.headers["content-type"].split(";")[0] in ("application/json", "application/problem+json")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_p21_canaries_of_a_whole_story_are_in_no_log(  # noqa: PLR0913, PLR0917 - it listens in all places
    client: httpx.AsyncClient, new_client: NewClient, settle: Settle, uow: OpenUow, settings: Settings,
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    word, number, mail = "canary-Passw0rd-of-hers", "+79995550199", "canary.bird@example.com"
    lines = CapturingLogger()
    kept, root = structlog.get_config(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    configure_logging(changed(settings, log_format="json", log_level="DEBUG"))
    structlog.configure(logger_factory=lambda *_names: lines, cache_logger_on_first_use=False)
    root.addHandler(caplog.handler)
    caplog.set_level(logging.DEBUG)
    secrets: set[str] = {word, number, number[2:], mail, OTHER_PASSWORD}
    try:
        await register(client, username="Canary", email=mail, phone=number, password=word)
        secrets |= {value for name, value in cookies_of(client).items() if name != "locale"}
        for purpose in (None,):
            sent = await challenge_message(uow, purpose)
            secrets |= {sent.token}
        await settle()
        stranger = await new_client()
        for name in ("Canary", mail, number):
            await login(stranger, word + "x", identifier=name)
        await post(stranger, "login", identifier=mail, password=[word])
        await stranger.post(
            f"{API}/login",
            content=b'{"password": "' + word.encode() + b'"',
            headers={"Content-Type": "application/json"},
        )
        await post(client, "email", email="new." + mail)
        await post(client, "refresh")
        secrets |= {value for name, value in cookies_of(client).items() if name != "locale"}
        sent = await request_password_reset(stranger, settle, uow, mail)
        secrets |= {sent.token}
        await stranger.get("/reset/confirm", params={"token": sent.token}, headers={"Accept": "text/html"})
        await post(stranger, "password/reset/confirm", token=sent.token, password=OTHER_PASSWORD)
        await post(client, "logout")
        structlog.get_logger().warning("the pipe is open", said="to be sure")
    finally:
        structlog.configure(**kept)
        root.handlers[:], root.level = handlers, level
    written = "\n".join(str(call) for call in lines.calls) + caplog.text + "".join(capfd.readouterr())
    written += "\n".join(str(vars(record)) for record in caplog.records if record.name.startswith("app"))
    assert "the pipe is open" in written
    assert [secret for secret in secrets if secret in written] == []
