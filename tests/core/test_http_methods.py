"""HEAD equals GET without the body on every address; other methods are refused with the list of allowed ones."""

import re

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY

from app.web.assets import asset_url
from tests.conftest import SignIn
from tests.security.people import client_of
from tests.surface_coverage import all_routes

VARYING = {"x-request-id", "set-cookie"}
BESIDE = ("/openapi.json", "/health/live", "/health/ready", "/nowhere", "/api/v1/nowhere", "/csp-reports", "/static/no")
SOME_ID = "01900000-0000-7000-8000-000000000000"
TEXTS = {"Accept": "text/html"}


def addresses() -> dict[str, set[str]]:
    """Return every address with its methods and with its path parameters filled in."""
    found: dict[str, set[str]] = {}
    for name in all_routes():
        method, path = name.split()
        found.setdefault(re.sub(r"\{[^}]+\}", SOME_ID, path), set()).add(method)
    assert len(found) > 60
    return found


def headers_of(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in VARYING}


async def test_head_is_get_without_the_body_at_every_address(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(client)
    bodies = 0
    for path in (*addresses(), *BESIDE, asset_url("icon.svg")):
        got, head = [await client.request(method, path, headers=TEXTS) for method in ("GET", "HEAD")]
        assert head.content == b"", path
        assert (head.status_code, headers_of(head)) == (got.status_code, headers_of(got)), path
        bodies += len(got.content) > 0
    assert bodies > 60


async def test_head_of_a_guest_is_refused_as_get_is(client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/auth/me", "/api/v1/orders/mine", "/settings/security"):
        got, head = [await client.request(method, path) for method in ("GET", "HEAD")]
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert head.headers.get("location") == got.headers.get("location")


async def test_head_is_counted_under_its_route(client: httpx.AsyncClient) -> None:
    def counted(route: str) -> float:
        labels = {"method": "HEAD", "route": route, "status": "200"}
        return REGISTRY.get_sample_value("iplance_http_requests_total", labels) or 0

    for path, route in (("/sign-in", "/sign-in"), ("/api/v1/orders", "/api/v1/orders")):
        before = counted(route)
        assert (await client.head(path)).status_code == 200
        assert counted(route) == before + 1


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "BREW", "OPTIONS"])
async def test_a_method_that_no_address_takes_is_refused_with_those_it_takes(
    client: httpx.AsyncClient, method: str
) -> None:
    canary = {"X-Canary": "canary-of-a-trace", "Cookie": "canary=canary-of-a-trace"}
    for path, methods in addresses().items():
        answer = await client.request(method, path, headers=canary)
        named = answer.headers["allow"].split(", ")
        assert answer.status_code == 405, path
        # Another route that matches the same address may allow more methods.
        assert methods <= set(named), path
        assert ("HEAD" in named) == ("GET" in named), path
        assert method not in named, path
        assert "canary-of-a-trace" not in answer.text
    for path in (asset_url("icon.svg"), "/openapi.json"):
        answer = await client.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD"), path


async def test_head_where_only_changes_are_taken_is_refused(client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/auth/login", "/api/v1/auth/password", "/sign-out", "/csp-reports"):
        answer = await client.head(path)
        assert (answer.status_code, answer.headers["allow"], answer.content) == (405, "POST", b""), path


async def test_a_body_sent_in_pieces_ends_once(new_app: FastAPI) -> None:
    from starlette.responses import StreamingResponse  # noqa: PLC0415 - only here

    @new_app.get("/api/v1/pieces")
    async def pieces() -> StreamingResponse:
        async def parts() -> object:
            for part in ("one", "two"):
                yield part

        return StreamingResponse(parts(), media_type="text/plain")  # type: ignore[arg-type]

    async with client_of(new_app) as client:
        assert (await client.get("/api/v1/pieces")).text == "onetwo"
        answer = await client.head("/api/v1/pieces")
    assert (answer.status_code, answer.content) == (200, b"")
