"""Actions of attackers and their victims over HTTP, by browsers and by programs."""

import time
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import jwt
from fastapi import FastAPI
from jwt.warnings import InsecureKeyLengthWarning
from sqlalchemy import select

from app.core.config import Settings
from app.core.ids import new_id
from app.core.persistence.outbox import OutboxMessage
from app.core.resources import Resources
from app.core.security.cookies import cookie_names
from app.core.unit_of_work import UnitOfWork
from app.features.identity import service
from app.main import create_app
from app.models.auth_challenge import AuthChallenge, ChallengePurpose
from app.models.security_event import SecurityEvent
from tests import surface_coverage
from tests.factories.users import PASSWORD

type OpenUow = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[..., Awaitable[object]]
API = "/api/v1/auth"
ORIGIN = "https://localhost"
ACCESS, REFRESH, DEVICE, CSRF = "__Host-access_token", "__Host-refresh_token", "__Host-device", "csrf_token"
OTHER_PASSWORD = "another long password of hers"  # noqa: S105 - of accounts that exist only in tests
DEAD_REDIS = "redis://127.0.0.1:1/0"
DEAD_DATABASE = "postgresql+asyncpg://nobody:nothing@127.0.0.1:1/nowhere"
VERA = {"username": "Vera", "email": "vera@example.com", "phone": "+79991234567", "password": PASSWORD}


def client_of(app: FastAPI, *, peer: str = "127.0.0.1", **headers: str) -> httpx.AsyncClient:
    """Return a browser with its own IP address."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(
            app=surface_coverage.RecordRoutes(app), raise_app_exceptions=False, client=(peer, 50_000)
        ),
        base_url=ORIGIN,
        headers={"Origin": ORIGIN, "Accept-Language": "en"} | headers,
    )


@asynccontextmanager
async def another_app(resources: Resources, **changes: Any) -> AsyncGenerator[FastAPI]:
    """Return the same application as another process would run it: no shared memory, other settings or servers."""
    made = create_app()
    made.state.resources = replace(resources, mailer=None, storage=None, scanner=None, sms_sender=None, **changes)
    yield made


def changed(settings: Settings, **changes: Any) -> Settings:
    """Return the settings with some of them changed."""
    return settings.model_copy(update=changes)


async def register(client: httpx.AsyncClient, **given: Any) -> dict[str, Any]:
    """Register an account; the client sends its CSRF token from then on."""
    client.headers.pop("X-CSRF-TOKEN", None)
    answer = await client.post(f"{API}/register", json=VERA | given)
    assert answer.status_code == 201, answer.text
    client.headers["X-CSRF-TOKEN"] = client.cookies[CSRF]
    found: dict[str, Any] = answer.json()
    return found


async def login(client: httpx.AsyncClient, password: str = PASSWORD, **names: str) -> httpx.Response:
    """Sign in; if that succeeds, the client sends its CSRF token from then on."""
    answer = await client.post(f"{API}/login", json=(names or {"username": "Vera"}) | {"password": password})
    if answer.status_code == 200:
        client.headers["X-CSRF-TOKEN"] = client.cookies[CSRF]
    return answer


async def status_of_me(client: httpx.AsyncClient) -> int:
    """Tell whether this client is signed in, without refreshing the session."""
    cookies = {name: value for name, value in client.cookies.items() if name != REFRESH}
    bare = httpx.AsyncClient(transport=client._transport, base_url=ORIGIN, cookies=cookies)
    return (await bare.get(f"{API}/me")).status_code


async def post(client: httpx.AsyncClient, path: str, **body: Any) -> httpx.Response:
    """Post to a route of accounts."""
    return await client.post(f"{API}/{path}", json=body)


async def last_challenge(uow: OpenUow, purpose: ChallengePurpose | None = None) -> AuthChallenge:
    """Return the newest challenge."""
    statement = select(AuthChallenge).order_by(AuthChallenge.id.desc()).limit(1)
    if purpose is not None:
        statement = statement.where(AuthChallenge.purpose == purpose)
    async with uow() as work:
        return (await work.session.execute(statement)).scalar_one()


async def challenge_message(uow: OpenUow, purpose: ChallengePurpose | None = None) -> service.ChallengeMessage:
    """Return the code and token of the newest e-mail or text message."""
    challenge = await last_challenge(uow, purpose)
    async with uow() as work:
        found = await service.challenge_message(work.session, work.resources, challenge.id)
    assert found is not None
    return found


async def request_password_reset(
    client: httpx.AsyncClient, settle: Settle, uow: OpenUow, name: str = "Vera"
) -> service.ChallengeMessage:
    """Request a password reset and open the e-mail."""
    assert (await post(client, "password/reset", identifier=name)).status_code == 202
    await settle()
    return await challenge_message(uow, ChallengePurpose.RESET_PASSWORD)


async def kinds(uow: OpenUow) -> list[str]:
    """Return the security history of all accounts."""
    async with uow() as work:
        rows = (await work.session.execute(select(SecurityEvent.kind).order_by(SecurityEvent.id))).scalars()
        return [kind.value for kind in rows]


async def topics(uow: OpenUow) -> list[str]:
    """Return the events in the outbox, sent or not."""
    async with uow() as work:
        rows = (await work.session.execute(select(OutboxMessage.topic).order_by(OutboxMessage.id))).scalars()
        return [topic.removeprefix("identity.") for topic in rows]


def plant(client: httpx.AsyncClient, name: str, value: str) -> None:
    """Set a cookie in a browser, as its user, a thief or a sibling site could."""
    for cookie in [cookie for cookie in client.cookies.jar if cookie.name == name]:
        client.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)
    client.cookies.set(name, value, domain="localhost.local", path="/")


def cookies_of(client: httpx.AsyncClient) -> dict[str, str]:
    """Copy the cookies of a browser."""
    return {cookie.name: cookie.value or "" for cookie in client.cookies.jar}


def wear(client: httpx.AsyncClient, cookies: dict[str, str]) -> None:
    """Replace all cookies of a browser; its CSRF header is the cookie's."""
    client.cookies.clear()
    for name, value in cookies.items():
        plant(client, name, value)
    client.headers.pop("X-CSRF-TOKEN", None)
    if CSRF in cookies:
        client.headers["X-CSRF-TOKEN"] = cookies[CSRF]


def payload_of(token: str) -> dict[str, Any]:
    """Decode a token without verifying it."""
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def forge(
    settings: Settings, payload: dict[str, Any], *, key: str | None = None, alg: str = "HS256", **headers: Any
) -> str:
    """Sign a payload as the application does, or with another key, algorithm or headers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureKeyLengthWarning)
        return jwt.encode(payload, key or settings.verification_keys[0], algorithm=alg, headers=headers or None)


def good_payload(kind: str = "access", **changes: Any) -> dict[str, Any]:
    """Return valid claims of no account; None removes one."""
    now = int(time.time())
    made: dict[str, Any] = {
        "iss": "iplance", "aud": f"iplance:{kind}", "sub": str(new_id()), "sid": str(new_id()), "jti": "j" * 22,
        "typ": kind, "iat": now, "exp": now + 600,
    }  # fmt: skip
    made |= changes
    return {name: value for name, value in made.items() if value is not None}


def deleted_cookies(answer: httpx.Response) -> set[str]:
    """Return the cookies that a response deletes."""
    return {
        cookie.split("=", 1)[0]
        for cookie in answer.headers.get_list("set-cookie")
        if "max-age=0" in cookie.lower() or "expires=thu, 01 jan 1970" in cookie.lower()
    }


def names_of(settings: Settings) -> tuple[str, str, str]:
    """Return the names of the three HttpOnly cookies."""
    names = cookie_names(settings)
    return names.access, names.refresh, names.device
