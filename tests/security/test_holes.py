"""The 21 holes of a naive build of the same kind, each as a test named by its number.

Where the room that could have the hole does not exist yet, the test says that nothing of it can be reached; whoever
builds the room replaces that by the real one.
"""

import asyncio
import io
import re
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from fastapi import APIRouter, FastAPI
from pydantic import SecretStr, ValidationError
from sqlalchemy import func, select
from sqlalchemy.pool import QueuePool

from app.core.config import Settings
from app.core.delivery import take_receipt
from app.core.ids import new_id
from app.core.outbox import OutboxMessage
from app.core.resources import Resources
from app.core.security.csrf import guard_request
from app.core.worker import CONSUMERS, Outcome, consume
from app.features.identity.events import PasswordResetRequested
from app.main import API_ROUTERS, PAGE_ROUTERS
from tests.factories.users import PASSWORD
from tests.security.people import (
    ACCESS,
    API,
    CSRF,
    OTHER_PASSWORD,
    REFRESH,
    VERA,
    NewClient,
    OpenUow,
    another_app,
    changed,
    client_of,
    cookies_of,
    deleted_cookies,
    forge,
    last_challenge,
    login,
    payload_of,
    plant,
    post,
    register,
    status_of_me,
    wear,
)

ROOT = Path(__file__).resolve().parents[2]
CONTACT = re.compile(r"^(email|phone|e_mail|telephone)", re.IGNORECASE)


def routes(found: APIRouter | FastAPI) -> Iterator[Any]:
    """Walk routers themselves: an included one is an opaque entry of the application."""
    for item in found.routes:
        inner = getattr(item, "original_router", None) or getattr(item, "router", None)
        if isinstance(inner, APIRouter):
            yield from routes(inner)
        else:
            yield item


def all_routes() -> list[Any]:
    found = [route for router in (*API_ROUTERS, *PAGE_ROUTERS) for route in routes(router)]
    assert len(found) > 40, "the walk finds nothing"
    return found


async def test_p1_no_name_is_a_pattern(client: httpx.AsyncClient, settings: Settings) -> None:
    for name in ("%", "_____", "V%", "Ver_", "a%b%c", "....", "----", "12345"):
        answer = await post(client, "register", **(VERA | {"username": name}))
        if name == "Ver_":
            # A name like any other, because no look-up reads it as a pattern: it is nobody but itself.
            assert answer.status_code == 201
            client.cookies.clear()
            continue
        assert answer.status_code == 422, name
        assert answer.json()["errors"][0]["loc"] == ["body", "username"]
    await register(client, email="other@example.com", phone="+79990000000")
    me = await client.get(f"{API}/me")
    real = payload_of(client.cookies[ACCESS])
    for sub in ("%", "_" * 36, "Vera", "Ver_", "*", ""):
        plant(client, ACCESS, forge(settings, real | {"sub": sub}))
        assert await status_of_me(client) == 401, sub
    assert me.json()["username"] == "Vera"
    client.cookies.clear()
    for name in ("%", "V%", "Ver%", "____"):
        client.headers.pop("X-CSRF-TOKEN", None)
        assert (await login(client, username=name)).status_code == 401


async def test_p2_a_token_names_a_person_not_a_name(client: httpx.AsyncClient, new_client: NewClient) -> None:
    user = await register(client)
    assert payload_of(client.cookies[ACCESS])["sub"] == user["id"] != user["username"]
    assert (await post(client, "deactivate", password=PASSWORD)).status_code == 200
    other = await new_client()
    again = await post(other, "register", **(VERA | {"email": "new@example.com", "phone": None}))
    assert again.json()["code"] == "username-taken", "a name once used is never free for somebody else"


async def test_p3_cookies_are_closed_to_scripts_and_to_plain_http(client: httpx.AsyncClient) -> None:
    answer = await post(client, "register", **VERA)
    for cookie in answer.headers.get_list("set-cookie"):
        name = cookie.split("=", 1)[0]
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "samesite=lax", "path=/"} <= parts
        assert not any(part.startswith("domain") for part in parts)
        assert ("httponly" in parts) is (name != CSRF)
        assert name == CSRF or name.startswith("__Host-")
        assert len(cookie) < 4096
    tokens = [value for name, value in cookies_of(client).items() if name in (ACCESS, REFRESH)]
    assert not any(token in answer.text for token in tokens)


async def test_p4_signing_out_ends_both_tokens_and_deletes_every_cookie(client: httpx.AsyncClient) -> None:
    await register(client)
    held = cookies_of(client)
    answer = await client.post(f"{API}/logout")
    assert deleted_cookies(answer) == set(held)
    wear(client, held)
    assert (await client.get(f"{API}/me")).status_code == 401
    wear(client, held)
    assert (await client.post(f"{API}/refresh")).status_code == 401


async def test_p5_refresh_and_sign_out_compare_header_and_cookie(
    client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await register(client)
    other = await new_client()
    await register(other, username="Zoya", email="zoya@example.com", phone=None)
    held, theirs = cookies_of(client), other.cookies[CSRF]
    planted = "planted-by-a-sibling.made-up"
    for cookie, header in (
        (held[CSRF], None),
        (held[CSRF], "wrong"),
        (None, held[CSRF]),
        (theirs, theirs),
        (planted, planted),
    ):
        for path in ("refresh", "logout", "sessions/end-others"):
            wear(client, {name: value for name, value in held.items() if name != CSRF})
            if cookie is not None:
                plant(client, CSRF, cookie)
            headers = {} if header is None else {"X-CSRF-TOKEN": header}
            answer = await client.post(f"{API}/{path}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "csrf-failed"), (path, cookie, header)
    wear(client, held)
    assert (await client.post(f"{API}/refresh")).status_code == 200


async def test_p6_refresh_wants_a_refresh_token(client: httpx.AsyncClient) -> None:
    await register(client)
    plant(client, REFRESH, client.cookies[ACCESS])
    assert (await client.post(f"{API}/refresh")).status_code == 401


async def test_p7_a_refresh_token_is_replaced_by_its_use(client: httpx.AsyncClient, resources: Resources) -> None:
    resources.settings = changed(resources.settings, refresh_grace_seconds=0)
    await register(client)
    stolen = cookies_of(client)
    assert (await client.post(f"{API}/refresh")).status_code == 200
    current = cookies_of(client)
    assert current[REFRESH] != stolen[REFRESH]
    wear(client, stolen)
    answer = await client.post(f"{API}/refresh")
    assert (answer.status_code, answer.json()["code"]) == (401, "session-replayed")
    wear(client, current)
    assert (await client.get(f"{API}/me")).status_code == 401, "the whole family ends, the thief's part and ours"


@pytest.mark.parametrize("name", ["DEBUG", "SUPERUSER", "DEV_SUPERUSER", "AUTH_DISABLED"])
async def test_p8_no_switch_makes_anybody_the_superuser(
    client: httpx.AsyncClient, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "true")
    assert not {field for field in Settings.model_fields if "superuser" in field or field == "debug"}
    assert (await client.get(f"{API}/me")).status_code == 401
    weak: dict[str, Any] = {"environment": "production", "public_url": "https://iplance.example"}
    for secret in ("", "changeme", "short", "a" * 64):
        with pytest.raises(ValidationError):
            Settings(**weak, secret_key=SecretStr(secret))
    with pytest.raises(ValidationError, match="BCRYPT_ROUNDS"):
        Settings(**weak, secret_key=SecretStr(new_id().hex), bcrypt_rounds=4)


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "https://localhost.evil.example", "https://notlocalhost", "http://localhost"],
)
async def test_p9_no_foreign_origin_may_read_answers(client: httpx.AsyncClient, origin: str) -> None:
    await register(client)
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    for method in ("GET", "OPTIONS"):
        answer = await client.request(method, f"{API}/me", headers=headers)
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_p10_and_p11_and_p12_no_socket_is_open_yet_and_sockets_are_guarded() -> None:
    sockets = [route for route in all_routes() if type(route).__name__ == "APIWebSocketRoute"]
    assert sockets == [], "a socket has come: test its ticket, its Origin, its rooms and its connections"


async def test_p10_a_socket_from_elsewhere_would_be_refused(resources: Resources) -> None:
    from starlette.requests import HTTPConnection  # noqa: PLC0415 - only here

    from app.core.security.csrf import CsrfError  # noqa: PLC0415 - only here

    app = FastAPI()
    app.state.resources = resources
    scope = {"type": "websocket", "app": app, "path": "/socket", "headers": [(b"origin", b"https://evil.example")]}
    with pytest.raises(CsrfError):
        await guard_request(HTTPConnection(scope))


async def test_p11_errors_are_told_to_nobody_else(client: httpx.AsyncClient, new_client: NewClient) -> None:
    await register(client)
    other = await new_client()
    wrong = await post(other, "login", username="Vera", password="a wrong password of somebody")  # noqa: S106 - wrong
    assert "a wrong password" not in wrong.text
    mine = (await client.get(f"{API}/history")).json()["items"]
    await register(other, username="Zoya", email="zoya@example.com", phone=None)
    theirs = (await other.get(f"{API}/history")).json()["items"]
    assert not {item["id"] for item in mine} & {item["id"] for item in theirs}


async def test_p12_checking_a_session_keeps_no_connection(
    live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    await register(live_client)
    answers = await asyncio.gather(*(live_client.get(f"{API}/me") for _ in range(100)))
    assert Counter(answer.status_code for answer in answers) == {200: 100}
    pool = live_resources.engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() == 0


def fields_of(schema: dict[str, Any], schemas: dict[str, Any], seen: frozenset[str] = frozenset()) -> set[str]:
    """Name every field of a shape in the OpenAPI document, however deep."""
    found: set[str] = set()
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    if name and name not in seen:
        found |= fields_of(schemas[name], schemas, seen | {name})
    for key, value in schema.get("properties", {}).items():
        found |= {key} | fields_of(value, schemas, seen)
    for inner in (schema.get("items"), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        found |= fields_of(inner, schemas, seen) if isinstance(inner, dict) else set()
    return found


def answers_of(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return (path, shape) for every answer of every route."""
    for path, methods in document["paths"].items():
        for described in methods.values():
            for answer in described["responses"].values():
                for content in answer.get("content", {}).values():
                    yield path, content.get("schema", {})


def test_p13_no_answer_shows_somebody_elses_contacts(app: FastAPI) -> None:
    # Only the routes of one's own account may answer with an address or a number.
    document = app.openapi()
    answers = list(answers_of(document))
    assert len(answers) > 50
    for path, schema in answers:
        leaked = [field for field in fields_of(schema, document["components"]["schemas"]) if CONTACT.match(field)]
        assert not leaked or path.startswith("/api/v1/auth/"), f"{path}: {leaked}"


async def test_p14_a_password_changes_only_with_the_present_one(client: httpx.AsyncClient) -> None:
    await register(client)
    missing = await post(client, "password", new_password=OTHER_PASSWORD)
    assert missing.status_code == 422
    wrong = await post(client, "password", current_password="wrong", new_password=OTHER_PASSWORD)  # noqa: S106 - wrong
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong-password")
    for _ in range(9):
        await post(client, "password", current_password="wrong", new_password=OTHER_PASSWORD)  # noqa: S106 - wrong
    counted = await post(client, "password", current_password=PASSWORD, new_password=OTHER_PASSWORD)
    assert counted.status_code == 429


async def test_p15_no_body_is_read_to_its_end_before_it_is_measured(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    sent = 0

    async def endless() -> AsyncGenerator[bytes]:
        nonlocal sent
        for _ in range(10_000):
            sent += 65_536
            yield b"x" * 65_536

    answer = await client.post(f"{API}/login", content=endless(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert sent < settings.max_body_bytes + 10 * 65_536
    assert [route for route in all_routes() if "upload" in route.path or "files" in route.path] == []


async def test_p16_a_fault_tells_nothing_but_its_number(resources: Resources) -> None:
    secret = "relation secret_table does not exist"  # noqa: S105 - the text of an exception
    async with another_app(resources) as app:

        @app.get("/api/v1/broken")
        async def broken() -> None:
            raise RuntimeError(secret)

        async with client_of(app) as client:
            answer = await client.get("/api/v1/broken")
    assert answer.status_code == 500
    assert "secret_table" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.json()["code"] == "internal"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_p17_no_other_providers_sign_in_yet() -> None:
    assert [route.path for route in all_routes() if re.search(r"oauth|oidc|callback|sso", route.path)] == []


async def test_p18_every_list_has_a_longest_page(client: httpx.AsyncClient, app: FastAPI) -> None:
    limits = [
        (path, parameter)
        for path, methods in app.openapi()["paths"].items()
        for described in methods.values()
        for parameter in described.get("parameters", ())
        if parameter["name"] in ("limit", "page_size", "per_page", "size")
    ]
    assert limits
    for path, parameter in limits:
        assert parameter["schema"].get("maximum", 10**9) <= 500, path
    await register(client)
    assert (await client.get(f"{API}/history", params={"limit": 1_000_000})).status_code == 422


async def test_p19_the_database_decides_what_is_taken(live_client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(live_client.post(f"{API}/register", json=VERA, headers={"Cookie": ""}) for _ in range(8))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}


async def test_p20_a_message_delivered_twice_takes_effect_once(
    client: httpx.AsyncClient, resources: Resources, uow: OpenUow
) -> None:
    await register(client)
    async with uow() as work:
        work.emit(PasswordResetRequested(identifier="Vera", address=""))
        await work.session.flush()
        message_id = (await work.session.execute(select(func.max(OutboxMessage.id)))).scalar_one()
    target = CONSUMERS["identity.on_password_reset_requested"]
    outcomes = [await consume(resources, target, message_id, redelivered=again) for again in (False, True, True)]
    assert outcomes == [Outcome.TAKEN, Outcome.REPEATED, Outcome.REPEATED]
    challenge = await last_challenge(uow)
    async with uow() as work:
        assert not await take_receipt(work.session, message_id, target.name)
        assert challenge.closed_at is None


async def test_p21_logs_hold_no_secret_and_nobodys_text(
    client: httpx.AsyncClient, uow: OpenUow, settle: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    written = io.StringIO()
    with structlog.testing.capture_logs() as events:
        await register(client)
        held = cookies_of(client)
        await post(client, "password/reset", identifier="vera@example.com")
        await settle()
        challenge = await last_challenge(uow)
        await client.post(f"{API}/refresh")
        await login(client)
    written.write(repr(events) + "".join(capsys.readouterr()))
    said = written.getvalue()
    for secret in (PASSWORD, held[ACCESS], held[REFRESH], held[CSRF], "vera@example.com", "+79991234567"):
        assert secret not in said
    assert challenge.target not in said


def test_every_unsafe_route_is_guarded(app: FastAPI) -> None:
    """The guard stands before the whole application, so no route can forget it."""
    assert [item.dependency for item in app.router.dependencies] == [guard_request]
