"""The OpenAPI document declares which operations need a sign-in, and exactly those refuse guests."""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from app.core.config import Settings
from app.core.security.cookies import cookie_names
from app.features.authentication.dependencies import CurrentActor
from app.features.identity.endpoints import router as identity
from app.main import create_app
from tests.conftest import SignIn
from tests.security.people import CSRF, REFRESH, VERA, cookies_of, register, wear

SAFE = {"get", "head", "options"}
# Operations that answer 401 without a sign-in although they declare nothing, with the reason.
OTHERWISE = {"POST /api/v1/auth/login": "a wrong password is a 401 too"}


@pytest.fixture
def app(new_app: FastAPI) -> FastAPI:
    """An application of its own, because its document is changed."""
    return new_app


def operations(app: FastAPI) -> dict[str, list[dict[str, list[str]]]]:
    """Return the declared security requirements of every operation."""
    return {
        f"{method.upper()} {path}": operation.get("security", [])
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    }


def needed(security: list[dict[str, list[str]]]) -> bool:
    """Tell whether authentication is required."""
    return bool(security) and {} not in security


def wrongly_declared(app: FastAPI, answers: dict[str, int]) -> list[str]:
    """Return the operations whose declaration and whose answer to a guest differ."""
    declared = operations(app)
    return [
        name for name, status in answers.items() if name not in OTHERWISE and needed(declared[name]) != (status == 401)
    ]


async def without_sign_in(client: httpx.AsyncClient, app: FastAPI, **headers: str) -> dict[str, int]:
    """Call every operation as a program without cookies; the body is invalid, but authentication is checked first."""
    found = {}
    for name in operations(app):
        method, path = name.split()
        answer = await client.request(method, re.sub(r"\{[^}]+\}", str(uuid4()), path), json={}, headers=headers)
        found[name] = answer.status_code
    return found


async def test_exactly_the_declared_operations_ask_for_a_sign_in(client: httpx.AsyncClient, app: FastAPI) -> None:
    answers = await without_sign_in(client, app)
    assert len(answers) > 40
    assert list(answers.values()).count(401) > 20
    assert wrongly_declared(app, answers) == []


async def test_a_made_up_bearer_opens_none_of_them(client: httpx.AsyncClient, app: FastAPI) -> None:
    answers = await without_sign_in(client, app, Authorization="Bearer made.up.token")
    assert [name for name, security in operations(app).items() if needed(security) and answers[name] != 401] == []


async def test_a_route_that_asks_without_saying_so_is_found(client: httpx.AsyncClient, app: FastAPI) -> None:
    answers = await without_sign_in(client, app)
    name, paths = "GET /api/v1/orders/mine", app.openapi()["paths"]
    del paths["/api/v1/orders/mine"]["get"]["security"]
    kept = app.openapi
    app.openapi = lambda: {"paths": paths}  # type: ignore[method-assign]
    assert wrongly_declared(app, answers) == [name]
    app.openapi = kept  # type: ignore[method-assign]


def test_the_declaration_follows_the_dependency() -> None:
    async def signed_in(actor: CurrentActor) -> str:
        return actor.username

    identity.add_api_route("/signed-in", signed_in, methods=["GET"])
    identity.add_api_route("/signed-in-write", signed_in, methods=["POST"])
    try:
        declared = operations(create_app())
    finally:
        del identity.routes[-2:]
    assert declared["GET /api/v1/auth/signed-in"] == [{"bearer": []}, {"accessCookie": []}]
    assert declared["POST /api/v1/auth/signed-in-write"] == [{"bearer": []}, {"accessCookie": [], "csrfHeader": []}]


def test_the_schemes_have_the_names_of_this_installation(app: FastAPI, settings: Settings) -> None:
    schemes: dict[str, Any] = app.openapi()["components"]["securitySchemes"]
    names = cookie_names(settings)
    assert schemes["accessCookie"]["name"] == names.access
    assert schemes["refreshCookie"]["name"] == names.refresh
    assert (schemes["csrfHeader"]["in"], schemes["csrfHeader"]["name"]) == ("header", "X-CSRF-TOKEN")
    used = {name for security in operations(app).values() for way in security for name in way}
    assert used == set(schemes)


async def test_every_changing_operation_wants_the_declared_header_beside_the_cookie(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    await register(client, **VERA)
    held, asked = cookies_of(client), 0
    for name, security in operations(app).items():
        method, path = name.split()
        if not any("csrfHeader" in way for way in security):
            continue
        wear(client, held)
        del client.headers["X-CSRF-TOKEN"]
        answer = await client.request(method, re.sub(r"\{[^}]+\}", str(uuid4()), path), json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf-failed"), name
        asked += 1
    assert asked > 20


@pytest.mark.parametrize("missing", [REFRESH, CSRF])
async def test_refresh_declares_and_wants_both_its_proofs(
    client: httpx.AsyncClient, app: FastAPI, sign_in: SignIn, missing: str
) -> None:
    assert operations(app)["POST /api/v1/auth/refresh"] == [{"refreshCookie": [], "csrfHeader": []}]
    await sign_in(client)
    wear(client, {name: value for name, value in cookies_of(client).items() if name != missing})
    assert (await client.post("/api/v1/auth/refresh")).status_code in (401, 403)


def test_what_guards_refuse_is_in_the_document_of_every_operation_they_guard(app: FastAPI) -> None:
    missing = []
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            said = " ".join(response.get("description", "") for response in operation["responses"].values())
            expected = {"malformed-request", "unavailable"} | (set() if method in SAFE else {"csrf-failed"})
            if needed(operation.get("security", [])):
                expected |= {"not-signed-in", "bad-token", "session-ended"}
            missing += [f"{method.upper()} {path}: {code}" for code in expected if f"`{code}`" not in said]
    assert missing == []
