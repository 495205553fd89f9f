"""Vulnerabilities P1 to P9 of a naive implementation: names, tokens, cookies, refreshing, origins.

P10 to P21 are in `test_requirements_p10_to_p21.py`.
"""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr, ValidationError
from sqlalchemy import update

from app.core.config import Settings, load_settings
from app.core.ids import new_id
from app.core.resources import Resources
from app.core.security.csrf import guard_request
from app.features.authentication.dependencies import refuse_long_body_of_ended_session
from app.models.user import User
from tests.factories.users import PASSWORD
from tests.security.discovery import all_routes
from tests.security.people import (
    ACCESS,
    API,
    CSRF,
    DEVICE,
    REFRESH,
    VERA,
    NewClient,
    OpenUow,
    changed,
    cookies_of,
    deleted_cookies,
    forge,
    payload_of,
    plant,
    post,
    register,
    status_of_me,
    wear,
)

REFUSED_NAMES = (
    "%", "_____", "____a%", "V%", "v_ra%", "a%b%c", "*", "....", "----", "12345", "Ve\\ra", "Vera'--", "Ver\u0430",
    "V\u200bera", "admin", "Ad_min",
)  # fmt: skip
PATTERNS = ("%", "____", "V%", "Ver%", "v_ra", "%@example.com", "_era@example.com", "+7999123456_")
SWITCHES = (
    "DEBUG", "SUPERUSER", "DEV_SUPERUSER", "AUTH_DISABLED", "DISABLE_AUTH", "FAKE_USER", "SKIP_AUTH", "TEST_USER",
)  # fmt: skip
SWITCH_WORDS = (
    "debug", "superuser", "disable_auth", "auth_disabled", "skip", "bypass", "backdoor", "fake", "impersonat",
)  # fmt: skip
FOREIGN_ORIGINS = (
    "https://evil.example", "null", "https://localhost.evil.example", "https://notlocalhost", "http://localhost",
)  # fmt: skip


async def test_p1_no_name_is_a_pattern_and_a_token_names_one_person(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    for name in REFUSED_NAMES:
        answer = await post(client, "register", **(VERA | {"username": name}))
        assert answer.status_code == 422, name
        assert answer.json()["errors"][0]["loc"] == ["body", "username"]
    # Allowed as a name because no query reads it as a pattern: it matches only itself.
    assert (await post(client, "register", **(VERA | {"username": "Ver_"}))).status_code == 201
    client.cookies.clear()
    person = await register(client, email="other@example.com", phone="+79990000000")
    for name in PATTERNS:
        answer = await post(client, "login", identifier=name, password=PASSWORD)
        assert answer.status_code == 401, name
    real = payload_of(client.cookies[ACCESS])
    assert real["sub"] == person["id"]
    odd = ("%", "_" * 36, "_____", "Vera", "vera", "Ver_", "*", "", "' OR ''='", f"{person['id'][:-1]}%")
    for sub in (*odd, f"{person['id']} "):
        forged = forge(settings, real | {"sub": sub})
        answer = await client.get(f"{API}/me", headers={"Authorization": f"Bearer {forged}"})
        assert answer.status_code == 401, sub
        plant(client, ACCESS, forged)
        assert await status_of_me(client) == 401, sub


async def test_p2_a_name_once_used_is_never_free_for_somebody_else(
    client: httpx.AsyncClient, new_client: NewClient
) -> None:
    user = await register(client)
    assert payload_of(client.cookies[ACCESS])["sub"] == user["id"] != user["username"]
    assert (await post(client, "deactivate", password=PASSWORD)).status_code == 200
    other = await new_client()
    again = await post(other, "register", **(VERA | {"email": "new@example.com", "phone": None}))
    assert again.json()["code"] == "username-taken", "a name once used is never free for somebody else"


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


async def test_p3_cookies_are_closed_to_scripts_and_to_plain_http(client: httpx.AsyncClient) -> None:
    answer = await post(client, "register", **VERA)
    assert set(cookies_of(client)) == {ACCESS, REFRESH, DEVICE, CSRF}
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
    assert deleted_cookies(answer) == set(held) >= {ACCESS, REFRESH, CSRF}
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
        (held[CSRF], ""),
        (held[CSRF], "true"),
        (held[CSRF], held[CSRF] + "x"),
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


@pytest.mark.parametrize("beside", [True, False])
async def test_p6_refresh_wants_a_refresh_token(client: httpx.AsyncClient, *, beside: bool) -> None:
    await register(client)
    access = client.cookies[ACCESS]
    others = {ACCESS: access} if beside else {}
    wear(client, others | {REFRESH: access, CSRF: client.cookies[CSRF]})
    assert (await client.post(f"{API}/refresh")).status_code == 401


async def test_p7_every_refresh_replaces_the_refresh_token(client: httpx.AsyncClient) -> None:
    await register(client)
    seen = {client.cookies[REFRESH]}
    for _ in range(4):
        assert (await post(client, "refresh")).status_code == 200
        seen.add(client.cookies[REFRESH])
    assert len(seen) == 5


async def test_p7_a_replaced_refresh_token_ends_the_family(client: httpx.AsyncClient, resources: Resources) -> None:
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


async def test_p8_no_switch_makes_anybody_the_superuser(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SWITCHES:
        monkeypatch.setenv(name, "true")
    loaded = load_settings()
    assert [name for name in type(loaded).model_fields if any(word in name for word in SWITCH_WORDS)] == []
    assert [route.path for route in all_routes() if any(word in route.path for word in SWITCH_WORDS)] == []
    assert app.debug is False
    assert (await client.get(f"{API}/me")).status_code == 401
    assert (await client.get(f"{API}/me", headers={"X-User-ID": "1", "X-Debug": "1"})).status_code == 401


def test_p8_production_starts_with_no_weak_secret() -> None:
    weak: dict[str, Any] = {"environment": "production", "public_url": "https://iplance.example"}
    weak["encryption_keys"] = SecretStr(new_id().hex)
    for secret in ("", "changeme", "short", "a" * 64):
        with pytest.raises(ValidationError):
            Settings(**weak, secret_key=SecretStr(secret))
    with pytest.raises(ValidationError, match="BCRYPT_ROUNDS"):
        Settings(**weak, secret_key=SecretStr(new_id().hex), bcrypt_rounds=4)


async def test_p9_no_foreign_origin_may_read_answers(client: httpx.AsyncClient, app: FastAPI) -> None:
    assert "CORSMiddleware" not in [getattr(item.cls, "__name__", "") for item in app.user_middleware]
    await register(client)
    for origin in FOREIGN_ORIGINS:
        for method in ("GET", "OPTIONS"):
            headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
            answer = await client.request(method, f"{API}/me", headers=headers)
            assert not [name for name in answer.headers if name.startswith("access-control-")], origin


def test_every_unsafe_route_is_guarded(app: FastAPI) -> None:
    """The check is applied before the whole application, so no route can omit it."""
    expected = [refuse_long_body_of_ended_session, guard_request]
    assert [item.dependency for item in app.router.dependencies] == expected
