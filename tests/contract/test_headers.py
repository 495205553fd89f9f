"""HTTP from outside: headers on every kind of response, CORS, methods, refused bodies."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.core.ids import new_id
from tests.e2e.api_clients import somebody
from tests.e2e.stack import Stack

pytestmark = pytest.mark.timeout(180)
# One address for each kind of response: (method, path, expected status)
FAMILIES = {
    "page": ("GET", "/", 200),
    "form": ("GET", "/sign-in", 200),
    "link to a file": ("GET", "/files/01900000-0000-7000-8000-000000000000?until=1&key=x", 404),
    "page for people": ("GET", "/settings", 303),
    "feed": ("GET", "/orders.atom", 200),
    "page that is not there": ("GET", "/nowhere", 404),
    "static file": ("GET", "/robots.txt", 200),
    "static file that is not there": ("GET", "/static/nowhere.js", 404),
    "documentation": ("GET", "/docs", 200),
    "document": ("GET", "/openapi.json", 200),
    "health": ("GET", "/health/live", 200),
    "API": ("GET", "/api/v1/orders", 200),
    "API for people": ("GET", "/api/v1/auth/me", 401),
    "API that is not there": ("GET", "/api/v1/nowhere", 404),
    "wrong method": ("DELETE", "/api/v1/orders", 405),
    "wrong body": ("POST", "/api/v1/auth/login", 422),
    "redirect": ("GET", "/static", 307),
}
LOOK_ALIKES = (
    "https://evil.example",
    "null",
    "http://localhost.evil.example",
    "http://evil-localhost",
    "https://localhost",
    "http://localhost:1",
    "file://",
)
SECRETS = (
    "/.env",
    "/.git/HEAD",
    "/.git/config",
    "/app/main.py",
    "/static/../app/main.py",
    "/static/%2e%2e/%2e%2e/app/main.py",
    "/static/..%2f..%2fpyproject.toml",
    "/static/%252e%252e%252fpyproject.toml",
    "/static//etc/passwd",
    "/.data/secrets/secret_key",
    "/pyproject.toml",
    "/metrics",
    "/debug",
    "/server-status",
    "/actuator",
)


@pytest_asyncio.fixture(loop_scope="session")
async def client(stack: Stack) -> AsyncGenerator[httpx.AsyncClient]:
    """A program without cookies."""
    async with httpx.AsyncClient(base_url=stack.address, timeout=20) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def production(new_stack: Callable[..., Stack]) -> AsyncGenerator[Stack]:
    """The site in production: behind a TLS proxy, with a domain name."""
    settings = {
        "ENVIRONMENT": "production",
        "PUBLIC_URL": "https://iplance.example",
        "BCRYPT_ROUNDS": "12",
        "ENCRYPTION_KEYS": "encryption-only-encryption-only-encryption-only",
    }
    made = new_stack(roles=("web",), settings=settings)
    yield made
    made.stop()


async def answered(client: httpx.AsyncClient, family: str) -> httpx.Response:
    """Request one address of a family."""
    method, path, status = FAMILIES[family]
    kind = {"Accept": "text/html"} if not path.startswith("/api") else {}
    body: dict[str, str] | None = {} if method == "POST" else None
    answer = await client.request(method, path, headers=kind, json=body)
    if family == "redirect":
        assert answer.status_code in (307, 404)
    else:
        assert answer.status_code == status, answer.text[:300]
    return answer


def policy(answer: httpx.Response) -> dict[str, list[str]]:
    """Return the Content-Security-Policy by directive."""
    lines = [part.split() for part in answer.headers["content-security-policy"].split(";")]
    return {words[0]: words[1:] for words in lines if words}


@pytest.mark.parametrize("family", FAMILIES)
async def test_every_answer_tells_browsers_what_never_happens(client: httpx.AsyncClient, family: str) -> None:
    answer = await answered(client, family)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] in ("strict-origin-when-cross-origin", "same-origin", "no-referrer")
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", answer.headers["x-request-id"])
    rules = policy(answer)
    assert rules["object-src"] == rules["base-uri"] == rules["frame-ancestors"] == ["'none'"]
    everything = {source for sources in rules.values() for source in sources}
    assert not everything & {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"}
    assert not any(source.startswith("http") for source in everything)
    if answer.content:
        assert "charset" in answer.headers["content-type"] or not answer.headers["content-type"].startswith("text/")
    assert "server" not in answer.headers or "/" not in answer.headers["server"]
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("family", FAMILIES)
async def test_on_the_net_every_answer_asks_for_tls(production: Stack, family: str) -> None:
    async with httpx.AsyncClient(base_url=production.address, headers={"Host": "iplance.example"}) as client:
        answer = await answered(client, family)
        found = re.fullmatch(
            r"max-age=(\d+); includeSubDomains(; preload)?", answer.headers["strict-transport-security"]
        )
        assert found
        assert int(found[1]) >= 31_536_000


async def test_on_the_net_every_cookie_is_closed(production: Stack) -> None:
    origin = {"Origin": "https://iplance.example", "Host": "iplance.example"}
    async with httpx.AsyncClient(base_url=production.address, headers=origin) as client:
        body = {"username": "production_person", "email": "p@example.com", "password": "correct horse battery staple"}
        answer = await client.post("/api/v1/auth/register", json=body)
        assert answer.status_code == 201
        cookies = answer.headers.get_list("set-cookie")
        answer = await client.post("/preferences", data={"theme": "dark", "locale": "ru", "next": "/"})
        cookies += answer.headers.get_list("set-cookie")
    assert len(cookies) >= 4
    for line in cookies:
        assert "; Secure" in line, line
        assert "domain=" not in line.lower()
        assert "path=/;" in line.lower() + ";"
        assert line.startswith(("__Host-", "csrf_token="))


@pytest.mark.parametrize("path", ["/reset/confirm?token=secret", "/confirm-email?token=secret"])
async def test_pages_with_secrets_in_their_address_send_no_referrer(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "no-store" in answer.headers["cache-control"]


@pytest.mark.parametrize("origin", LOOK_ALIKES)
async def test_no_other_origin_is_welcome(client: httpx.AsyncClient, origin: str) -> None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-csrf-token",
    }
    for method, path in (("OPTIONS", "/api/v1/auth/login"), ("GET", "/api/v1/orders"), ("GET", "/")):
        answer = await client.request(method, path, headers=asked)
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PROPFIND", "PUT"])
async def test_other_methods_are_refused_and_the_right_ones_named(client: httpx.AsyncClient, method: str) -> None:
    for path, allowed in (
        ("/api/v1/orders", "GET, HEAD, POST"),
        ("/sign-in", "GET, HEAD, POST"),
        ("/api/v1/auth/me", "GET, HEAD, PATCH"),
    ):
        answer = await client.request(method, path)
        assert (answer.status_code, answer.headers.get("allow")) == (405, allowed)
    assert (await client.request(method, "/nowhere")).status_code in (404, 405)


@pytest.mark.parametrize("path", SECRETS)
async def test_nothing_of_the_machine_is_served(stack: Stack, path: str) -> None:
    # Sent over a raw socket because httpx would normalize the dots.
    reply = await raw(stack, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert reply.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400")), reply[:300]
    assert b"root:" not in reply
    assert b"create_app" not in reply


async def raw(stack: Stack, request: bytes) -> bytes:
    """Send raw bytes and read the response to its end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    writer.write(request)
    await writer.drain()
    reply = await asyncio.wait_for(reader.read(-1), 15)
    writer.close()
    return reply


async def writable(client: httpx.AsyncClient) -> list[tuple[str, str]]:
    """Return every operation of the OpenAPI document that has a body, with its path parameters filled in."""
    document: dict[str, Any] = (await client.get("/openapi.json")).json()
    some_id = "01900000-0000-7000-8000-000000000000"
    found = [
        (method.upper(), re.sub(r"\{[^}]+\}", some_id, path))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]
    assert len(found) > 20
    return found


OF_OPERATORS = ("/api/v1/reconciliation-cases/", "/api/v1/finance/")
"""Whoever is no operator is refused before the fields of a body are looked at."""
BODIES: dict[str, tuple[bytes, str, int]] = {
    "a page of another site as plain text": (b'{"a": 1}', "text/plain", 415),
    "a form": (b"a=1", "application/x-www-form-urlencoded", 415),
    "a form with files": (b"--x--", "multipart/form-data; boundary=x", 415),
    "duplicate names": (b'{"a": 1, "a": 2}', "application/json", 422),
    "a byte order mark": (b"\xef\xbb\xbf{}", "application/json", 422),
    "UTF-16": ("{}".encode("utf-16"), "application/json", 422),
    "NUL": (b'{"username": "a\\u0000"}', "application/json", 422),
    "half a character": (b'{"username": "\\ud800"}', "application/json", 422),
    "no object": (b"[]", "application/json", 422),
    "a number": (b"1e999", "application/json", 422),
    "too much": (b'{"a": "' + b"a" * 1_100_000 + b'"}', "application/json", 413),
}


@pytest.mark.parametrize("body", BODIES)
async def test_every_operation_refuses_the_same_bodies(stack: Stack, body: str) -> None:
    content, kind, status = BODIES[body]
    async with await somebody(stack, "bodies") as person:
        access, _refresh = person.token_names()
        bearer = {"Authorization": f"Bearer {person.cookie(access)}", "Content-Type": kind}
        async with httpx.AsyncClient(base_url=stack.address, timeout=20) as client:
            for method, path in await writable(client):
                headers = bearer | {"Idempotency-Key": new_id().hex}
                answer = await client.request(method, path, content=content, headers=headers)
                wanted = {422, 403} if status == 422 and path.startswith(OF_OPERATORS) else {status}
                assert answer.status_code in wanted, (method, path, answer.text)
                assert answer.headers["content-type"] == "application/problem+json"


async def test_forwarded_headers_of_strangers_change_nothing(client: httpx.AsyncClient) -> None:
    forged = {
        "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Real-IP": "1.2.3.4",
        "X-User-ID": "1",
        "Forwarded": "host=evil.example;proto=https",
        "Accept": "text/html",
    }
    for path in ("/", "/sign-in", "/settings", "/nowhere"):
        answer = await client.get(path, headers=forged)
        assert "evil.example" not in answer.text
        assert "evil.example" not in answer.headers.get("location", "")


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https:evil.example", "/\\evil.example", "https://localhost@evil.example", "\t//evil.example"],
)
async def test_next_never_leads_away(stack: Stack, target: str) -> None:
    async with await somebody(stack, "next") as person:
        pass
    async with stack.client(Accept="text/html") as browser:
        body = {"identifier": person.name, "password": "correct horse battery staple", "next": target}
        answer = await browser.post("/sign-in", data=body)
        assert answer.status_code == 303, answer.text[:500]
        assert re.match(r"^/(?![/\\])", answer.headers["location"]), answer.headers["location"]
