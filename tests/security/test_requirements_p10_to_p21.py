"""Vulnerabilities P10 to P21 of a naive implementation: WebSockets, data of others, bodies, errors, logs.

P1 to P9 are in `test_requirements_p1_to_p9.py`. The test of a feature that does not exist yet activates itself: it
fails when the feature appears without a test named after the vulnerability.
"""

import ast
import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import QueuePool

from app.core.config import Settings
from app.core.database import create_engine, create_session_factory
from app.core.http.dependencies import iter_routes
from app.core.messaging.worker import CONSUMERS, Outcome, consume
from app.core.persistence.outbox import OutboxMessage
from app.core.persistence.outbox_store import claim_receipt
from app.core.resources import Resources
from app.main import API_ROUTERS, PAGE_ROUTERS
from app.models.auth_challenge import AuthChallenge, ChallengePurpose
from app.models.user import Role
from tests.conftest import SignIn
from tests.factories.users import PASSWORD, make_user
from tests.security.discovery import ROOT, all_routes, calls_of, named, sockets, sources
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
    last_challenge,
    login,
    post,
    register,
    wear,
)

CONTACT = re.compile(r"^(email|phone|e_mail|telephone)", re.IGNORECASE)
ORDER = {
    "title": "Интернет-магазин для пекарни",
    "description": "Каталог, корзина, доставка по районам города.",
    "budget": {"amount": 15_000_000, "currency": "RUB"},
}


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
    """Return every field of a schema in the OpenAPI document, at any depth."""
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
    """Return (path, schema) for every response of every route."""
    for path, methods in document["paths"].items():
        for described in methods.values():
            for answer in described["responses"].values():
                for content in answer.get("content", {}).values():
                    yield path, content.get("schema", {})


def test_p13_no_answer_shows_somebody_elses_contacts(app: FastAPI) -> None:
    # Only the routes of one's own account may return an e-mail address or a phone number, and one's own invitations.
    document = app.openapi()
    answers = list(answers_of(document))
    assert len(answers) > 50
    for path, schema in answers:
        leaked = [field for field in fields_of(schema, document["components"]["schemas"]) if CONTACT.match(field)]
        own = path.startswith("/api/v1/auth/") or (path.startswith("/api/v1/direct-deals") and leaked == ["email"])
        assert not leaked or own, f"{path}: {leaked}"


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
        for route in iter_routes(router)
        # The mail catcher of a demonstration is public, and exists only there: tests/security/test_demo.py.
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


async def test_p14_a_password_changes_only_with_the_present_one(
    client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await register(client)
    for proof in ({}, {"current_password": None}):
        assert (await post(client, "password", new_password=OTHER_PASSWORD, **proof)).status_code == 422, proof
    assert (await post(client, "password", current_password="", new_password=OTHER_PASSWORD)).status_code in (403, 422)
    for _ in range(10):
        wrong = await post(client, "password", current_password="wrong", new_password=OTHER_PASSWORD)  # noqa: S106 - wrong
        assert (wrong.status_code, wrong.json()["code"]) in ((403, "wrong-password"), (429, "too-many-tries"))
    counted = await post(client, "password", current_password=PASSWORD, new_password=OTHER_PASSWORD)
    assert counted.status_code == 429
    assert (await login(await new_client())).status_code == 200


async def test_p15_no_body_is_read_to_its_end_before_it_is_measured(
    client: httpx.AsyncClient, settings: Settings
) -> None:
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
        # A body that is not multipart is refused even earlier.
        assert answer.status_code == (413 if "boundary" not in kind else 400), kind
        assert taken <= settings.max_body_bytes + 2 * len(chunk), kind


def test_p15_uploads_come_with_a_test_of_their_own() -> None:
    uploads = calls_of("UploadFile", "File") + [
        f"{path}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "UploadFile"
    ]
    uploads += [route.path for route in all_routes() if "upload" in route.path or "files" in route.path]
    if uploads:
        assert named("test_p15_upload_"), f"{uploads} need a test named test_p15_upload_…"


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


def test_p18_every_list_declares_a_longest_page(app: FastAPI) -> None:
    limits = [
        (path, parameter)
        for path, methods in app.openapi()["paths"].items()
        for described in methods.values()
        for parameter in described.get("parameters", ())
        if parameter["in"] == "query" and parameter["name"] in ("limit", "page_size", "per_page", "size")
    ]
    assert limits
    for path, parameter in limits:
        assert parameter["schema"].get("maximum", 10**9) <= 500, path


async def test_p18_lists_have_a_largest_page(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(client, role=Role.ADMIN)
    paths = [
        "/api/v1" + route.path
        for router in API_ROUTERS
        for route in iter_routes(router)
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


async def test_p19_the_database_decides_what_is_taken(live_client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(live_client.post(f"{API}/register", json=VERA, headers={"Cookie": ""}) for _ in range(8))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}


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
    challenge = await last_challenge(uow)
    async with uow() as work:
        assert challenge.closed_at is None
        assert not await claim_receipt(work.session, message_id, target.name)
        opened = select(func.count()).where(AuthChallenge.purpose == ChallengePurpose.RESET_PASSWORD)
        assert (await work.session.execute(opened)).scalar_one() == 1
        assert (await work.session.execute(text("SELECT count(*) FROM inbox_receipts"))).scalar_one() >= 1


async def test_p21_logs_hold_no_secret_and_nobodys_text(
    client: httpx.AsyncClient, uow: OpenUow, settle: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with structlog.testing.capture_logs() as events:
        await register(client)
        held = cookies_of(client)
        await post(client, "password/reset", identifier="vera@example.com")
        await settle()
        challenge = await last_challenge(uow)
        await client.post(f"{API}/refresh")
        await login(client)
    said = repr(events) + "".join(capsys.readouterr())
    for secret in (PASSWORD, held[ACCESS], held[REFRESH], held[CSRF], "vera@example.com", "+79991234567"):
        assert secret not in said
    assert challenge.target not in said


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
