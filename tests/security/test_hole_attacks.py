"""The twenty-one holes of a naive build, by number.

A room that does not exist yet arms its own test: when it appears without a test named after the hole, that fails here.
"""

import ast
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from app.core.config import Settings, load_settings
from app.core.database import create_engine, create_session_factory
from app.core.outbox import OutboxMessage
from app.core.resources import Resources
from app.core.worker import CONSUMERS, Outcome, consume
from app.main import API_ROUTERS, OPERATION_ROUTERS, PAGE_ROUTERS
from app.models.challenge import AuthChallenge, ChallengePurpose
from app.models.user import User
from tests.factories.users import PASSWORD, make_user
from tests.security.people import (
    ACCESS,
    API,
    CSRF,
    DEAD_DATABASE,
    OTHER_PASSWORD,
    REFRESH,
    VERA,
    NewClient,
    OpenUow,
    another_app,
    client_of,
    cookies_of,
    deleted_cookies,
    forge,
    login,
    payload_of,
    post,
    register,
    wear,
)
from tests.security.test_browsers import _routes as flat

ROOT = Path(__file__).resolve().parents[2]
ORDER = {
    "title": "Интернет-магазин для пекарни",
    "description": "Каталог, корзина, доставка по районам города.",
    "budget": {"amount": 15_000_000, "currency": "RUB"},
}


def named(prefix: str) -> list[str]:
    """Return the tests of the whole suite whose names begin so."""
    return [
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(prefix)
    ]


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def calls_of(*names: str) -> list[str]:
    """Return where something of these names is called or used as a decorator."""
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in names
    ]


def all_routes() -> list[APIRoute]:
    return [route for router in (*API_ROUTERS, *OPERATION_ROUTERS, *PAGE_ROUTERS) for route in flat(router)]


def sockets(app: FastAPI) -> list[str]:
    declared = calls_of("websocket", "websocket_route", "add_api_websocket_route", "WebSocketRoute")
    return declared + [route.path for route in app.routes if isinstance(route, APIWebSocketRoute)]


async def test_p1_names_are_no_patterns_and_a_token_names_one_person(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    person = await register(client)
    stranger_names = [
        "%",
        "_____",
        "____a%",
        "V%",
        "v_ra%",
        "*",
        "Ve\\ra",
        "Vera'--",
        "Ver\u0430",
        "V\u200bera",
        "admin",
        "Ad_min",
    ]
    for name in stranger_names:
        body = VERA | {"username": name, "email": "x@example.com", "phone": None}
        answer = await client.post(f"{API}/register", json=body)
        assert answer.status_code == 422, name
    for name in ("%", "____", "V%", "v_ra", "%@example.com", "_era@example.com", "+7999123456_"):
        answer = await client.post(f"{API}/login", json={"identifier": name, "password": PASSWORD})
        assert answer.status_code == 401, name
    mine = payload_of(client.cookies[ACCESS])
    assert mine["sub"] == person["id"]
    for sub in ("%", "_____", "Vera", "vera", "' OR ''='", f"{person['id'][:-1]}%", f"{person['id']} "):
        client.headers["Authorization"] = f"Bearer {forge(settings, mine | {'sub': sub})}"
        assert (await client.get(f"{API}/me")).status_code == 401, sub


async def test_p2_a_token_stays_with_its_person_when_the_name_goes_to_another(
    client: httpx.AsyncClient, new_client: NewClient, uow: OpenUow
) -> None:
    first = await register(client)
    async with uow() as work:
        renamed = update(User).where(User.id == first["id"]).values(username="Olga", username_key="olga")
        await work.session.execute(renamed)
    other = await new_client()
    second = await register(other, email="zoya@example.com", phone=None)
    assert second["username"] == "Vera"
    me = (await client.get(f"{API}/me")).json()
    assert (me["id"], me["username"]) == (first["id"], "Olga")
    assert (await post(client, "refresh")).status_code == 200
    assert (await client.get(f"{API}/me")).json()["id"] == first["id"] != second["id"]


async def test_p3_the_tokens_are_httponly_and_secure(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{API}/register", json=VERA)
    made = {cookie.split("=")[0]: cookie for cookie in answer.headers.get_list("set-cookie")}
    assert set(made) >= {ACCESS, REFRESH, CSRF}
    for name, cookie in made.items():
        assert "Secure" in cookie
        assert "SameSite=Lax" in cookie
        assert ("HttpOnly" in cookie) == (name != CSRF)


async def test_p4_sign_out_ends_the_refresh_token_too_and_deletes_every_cookie(client: httpx.AsyncClient) -> None:
    await register(client)
    kept = cookies_of(client)
    answer = await post(client, "logout")
    assert deleted_cookies(answer) >= {ACCESS, REFRESH, CSRF}
    wear(client, kept)
    assert (await post(client, "refresh")).status_code == 401


async def test_p5_refresh_needs_the_header_that_equals_the_cookie(client: httpx.AsyncClient) -> None:
    await register(client)
    token = client.headers.pop("X-CSRF-TOKEN")
    for headers in ({}, {"X-CSRF-TOKEN": ""}, {"X-CSRF-TOKEN": token + "x"}, {"X-CSRF-TOKEN": "true"}):
        answer = await client.post(f"{API}/refresh", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf-failed")
    assert (await client.post(f"{API}/refresh", headers={"X-CSRF-TOKEN": token})).status_code == 200


async def test_p6_refresh_takes_no_access_token(client: httpx.AsyncClient) -> None:
    await register(client)
    wear(client, {REFRESH: client.cookies[ACCESS], CSRF: client.cookies[CSRF]})
    assert (await post(client, "refresh")).status_code == 401


async def test_p7_every_refresh_replaces_the_refresh_token(client: httpx.AsyncClient) -> None:
    await register(client)
    seen = {client.cookies[REFRESH]}
    for _ in range(4):
        assert (await post(client, "refresh")).status_code == 200
        seen.add(client.cookies[REFRESH])
    assert len(seen) == 5


async def test_p8_there_is_no_switch_that_makes_anybody_the_owner(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DEBUG", "SUPERUSER", "AUTH_DISABLED", "DISABLE_AUTH", "FAKE_USER", "SKIP_AUTH", "TEST_USER"):
        monkeypatch.setenv(name, "1")
    loaded = load_settings()
    words = ("debug", "superuser", "disable_auth", "auth_disabled", "skip", "bypass", "backdoor", "fake", "impersonat")
    assert [name for name in type(loaded).model_fields if any(word in name for word in words)] == []
    assert app.debug is False
    assert [route.path for route in all_routes() if any(word in route.path for word in words)] == []
    assert (await client.get(f"{API}/me")).status_code == 401
    assert (await client.get(f"{API}/me", headers={"X-User-ID": "1", "X-Debug": "1"})).status_code == 401


async def test_p9_no_answer_is_shared_with_other_origins(client: httpx.AsyncClient, app: FastAPI) -> None:
    assert "CORSMiddleware" not in [getattr(item.cls, "__name__", "") for item in app.user_middleware]
    await register(client)
    for origin in ("https://evil.example", "null", "https://localhost.evil.example"):
        answer = await client.get(f"{API}/me", headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("hole", "rule"),
    [
        ("p10", "a socket checks its origin and its session, and takes no token in its address"),
        ("p11", "a message reaches the people of its chat only"),
        ("p12", "an open socket holds no database connection"),
    ],
)
def test_p10_p11_p12_sockets_come_with_tests_of_their_own(app: FastAPI, hole: str, rule: str) -> None:
    if found := sockets(app):
        assert named(f"test_{hole}_socket"), f"{found} need a test named test_{hole}_socket…: {rule}"


async def test_p10_a_handshake_without_a_route_is_refused(app: FastAPI) -> None:
    if sockets(app):
        return
    for address in ("/ws", "/api/v1/ws", "/api/v1/chats/1/ws"):
        sent: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            return {"type": "websocket.connect"}

        async def send(message: dict[str, object], into: list[dict[str, object]] = sent) -> None:
            into.append(message)

        scope: dict[str, Any] = {
            "type": "websocket", "path": address, "raw_path": address.encode(), "query_string": b"token=eyJ",
            "headers": [],
            "scheme": "wss", "server": ("localhost", 443), "client": ("127.0.0.1", 1), "subprotocols": [],
            "root_path": "",
            "asgi": {"version": "3.0"}, "extensions": {}, "state": {},
        }  # fmt: skip
        await app(scope, receive, send)  # type: ignore[arg-type]
        assert [message["type"] for message in sent] != []
        assert "websocket.accept" not in [message["type"] for message in sent]


async def test_p13_nobody_reads_another_persons_address_or_number(
    client: httpx.AsyncClient, new_client: NewClient
) -> None:
    person = await register(client)
    order = (await client.post("/api/v1/orders", json=ORDER)).json()
    await client.post(f"/api/v1/orders/{order['id']}/publish")
    other, guest = await new_client(), await new_client()
    await register(other, username="Zoya", email="zoya@example.com", phone=None)

    def at(path: str) -> str:
        ids = {True: order["id"], False: person["id"]}
        return "/".join(ids["order" in part] if part.startswith("{") else part for part in path.split("/"))

    paths = {
        prefix + at(route.path)
        for prefix, routers in (("/api/v1", API_ROUTERS), ("", PAGE_ROUTERS))
        for router in routers
        for route in flat(router)
        # The caught mail of a demonstration is everybody's, and only there: tests/security/test_demo.py.
        if "GET" in (route.methods or set()) and not route.path.startswith("/demo/")
    }
    read = 0
    for reader in (other, guest):
        for path in sorted(paths):
            answer = await reader.get(path, headers={"Accept": "text/html"})
            read += answer.status_code == 200
            assert "vera@example.com" not in answer.text, path
            assert "9991234567" not in answer.text, path
    assert read > 10


async def test_p14_a_password_is_not_changed_without_the_present_one(
    client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await register(client)
    for proof in ({}, {"current_password": ""}, {"current_password": "wrong"}, {"current_password": None}):
        answer = await post(client, "password", new_password=OTHER_PASSWORD, **proof)
        assert answer.status_code in (403, 422), proof
    assert (await login(await new_client())).status_code == 200


async def test_p15_a_body_is_measured_while_it_arrives(client: httpx.AsyncClient, settings: Settings) -> None:
    chunk, taken = b"x" * 65_536, 0

    async def endless() -> AsyncGenerator[bytes]:
        nonlocal taken
        for _ in range(10 * settings.max_body_bytes // len(chunk)):
            taken += len(chunk)
            yield chunk

    for kind in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"):
        taken = 0
        path = f"{API}/login" if kind == "application/json" else "/sign-in"
        answer = await client.post(path, content=endless(), headers={"Content-Type": kind})
        # What is no multipart body at all is refused even sooner.
        assert answer.status_code == (413 if "boundary" not in kind else 400), kind
        assert taken <= settings.max_body_bytes + 2 * len(chunk), kind
    uploads = calls_of("UploadFile", "File") + [
        f"{path}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "UploadFile"
    ]
    if uploads:
        assert named("test_p15_upload"), f"{uploads} need a test named test_p15_upload…"


async def test_p16_an_answer_never_tells_what_broke(client: httpx.AsyncClient, resources: Resources) -> None:
    await register(client)
    engine = create_engine(DEAD_DATABASE)
    gone = create_session_factory(engine)
    try:
        async with another_app(resources, sessions=gone, read_sessions=gone) as without:
            person = client_of(without)
            wear(person, cookies_of(client))
            answers = [await person.get(f"{API}/{path}") for path in ("me", "sessions", "history")]
            assert all(answer.json()["request_id"] for answer in answers)
            answers.append(await person.get("/settings/security", headers={"Accept": "text/html"}))
            for answer in answers:
                assert answer.status_code == 503
                for word in ("Traceback", "sqlalchemy", "asyncpg", "OSError", "Errno", "127.0.0.1", "/app/", "nowhere"):
                    assert word not in answer.text, word
    finally:
        await engine.dispose()


def test_p17_no_sign_in_through_others_without_a_test_of_its_state() -> None:
    words = ("oauth", "oidc", "openid", "callback", "social", "sso")
    found = [route.path for route in all_routes() if any(word in route.path.lower() for word in words)]
    if found:
        assert named("test_p17_oauth"), f"{found} need a test named test_p17_oauth…: state, issuer, subject"


async def test_p18_lists_have_a_largest_page(client: httpx.AsyncClient) -> None:
    await register(client)
    paths = [
        "/api/v1" + route.path
        for router in API_ROUTERS
        for route in flat(router)
        if "GET" in (route.methods or set()) and "limit" in {field.name for field in route.dependant.query_params}
    ]
    assert f"{API}/history" in paths
    for path in paths:
        if "{" in path:
            continue
        for limit in ("0", "-1", "1000000", str(2**31), str(2**63), "1e308", "NaN", "1e5", "", "1 OR 1=1"):
            answer = await client.get(path, params={"limit": limit})
            assert answer.status_code == 422, (path, limit)
        assert (await client.get(path, params={"limit": "1"})).status_code == 200


async def test_p19_the_database_itself_refuses_a_second_name_address_or_number(uow: OpenUow) -> None:
    async with uow() as work:
        await make_user(work.session, username="Vera", email="vera@example.com", phone="+79991234567")
    for same in ({"username": "VERA"}, {"email": "VERA@EXAMPLE.COM"}, {"phone": "+79991234567"}):
        with pytest.raises(IntegrityError, match="uq_users_"):
            async with uow() as work:
                await make_user(work.session, **same)


async def test_p20_a_message_delivered_twice_acts_once(
    client: httpx.AsyncClient, resources: Resources, uow: OpenUow
) -> None:
    await register(client)
    await post(client, "password/reset", identifier="Vera")
    async with uow() as work:
        asked = select(OutboxMessage.id).where(OutboxMessage.topic == "identity.password_reset_requested")
        message_id = (await work.session.execute(asked)).scalar_one()
    target = CONSUMERS["identity.on_password_reset_requested"]
    outcomes = [await consume(resources, target, message_id, redelivered=bool(turn)) for turn in range(3)]
    assert outcomes == [Outcome.TAKEN, Outcome.REPEATED, Outcome.REPEATED]
    async with uow() as work:
        opened = select(func.count()).where(AuthChallenge.purpose == ChallengePurpose.RESET_PASSWORD)
        assert (await work.session.execute(opened)).scalar_one() == 1
        assert (await work.session.execute(text("SELECT count(*) FROM inbox_receipts"))).scalar_one() >= 1


def test_p21_no_log_line_is_given_what_people_wrote() -> None:
    names = {
        "password",
        "token",
        "email",
        "phone",
        "body",
        "text",
        "letter",
        "form",
        "cookie",
        "secret",
        "content",
    }
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {keyword.arg}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("log", "logger")
        for keyword in node.keywords
        if keyword.arg in names
    ]
    assert wrong == []
