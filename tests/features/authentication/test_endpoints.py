"""Sign-in, sessions and the security history over HTTP, as the web client uses them."""

from datetime import timedelta

import httpx
import time_machine
from sqlalchemy import select

from app.core.clock import utc_now
from app.core.config import Settings
from app.models.security_event import SecurityEvent
from app.models.session import AuthSession, SessionEnd
from app.models.user import User
from tests.conftest import SignIn
from tests.factories.users import PASSWORD, make_user
from tests.features.identity.test_endpoints import API, VERA, NewClient, OpenUow, csrf, topics


async def test_anything_typed_into_username_finds_the_person(client: httpx.AsyncClient, new_client: NewClient) -> None:
    await client.post(f"{API}/register", json=VERA)
    typed = ({"username": "vera"}, {"username": " VERA@Example.com "}, {"username": "8 999 123 45 67"})
    explicit = ({"email": "vera@example.com"}, {"phone": "+79991234567"}, {"identifier": "Vera"})
    for names in (*typed, *explicit):
        other = await new_client()
        empty = {"username": "", "email": "", "phone": ""}
        answer = await other.post(f"{API}/login", json=empty | names | {"password": PASSWORD})
        assert answer.status_code == 200, names
        assert answer.json()["username"] == "Vera"


async def test_nobody_or_two_people_cannot_sign_in(client: httpx.AsyncClient) -> None:
    for names in ({}, {"username": "a", "email": "b@example.com"}):
        answer = await client.post(f"{API}/login", json=names | {"password": PASSWORD})
        assert answer.status_code == 422
        assert answer.json()["code"] == "account-input"


async def test_refresh_goes_on_and_answers_something_true(client: httpx.AsyncClient) -> None:
    await client.post(f"{API}/register", json=VERA)
    before = dict(client.cookies)
    answer = await client.post(f"{API}/refresh", headers=csrf(client))
    assert answer.status_code == 200
    assert answer.json()["refreshed"] is True
    assert client.cookies["__Host-refresh_token"] != before["__Host-refresh_token"]
    assert client.cookies["csrf_token"] == before["csrf_token"]
    assert (await client.get(f"{API}/me")).status_code == 200


async def test_a_refused_refresh_deletes_the_cookies_in_the_same_answer(client: httpx.AsyncClient) -> None:
    await client.post(f"{API}/register", json=VERA)
    header, kept = csrf(client), dict(client.cookies)
    await client.post(f"{API}/logout", headers=header)
    client.cookies.update(kept)
    answer = await client.post(f"{API}/refresh", headers=header)
    assert answer.status_code == 401
    gone = [cookie.split("=")[0] for cookie in answer.headers.get_list("set-cookie") if "Max-Age=0" in cookie]
    assert {"__Host-access_token", "__Host-refresh_token", "csrf_token"} <= set(gone)


async def test_a_lapsed_access_token_renews_on_the_way_for_safe_calls(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    await client.post(f"{API}/register", json=VERA)
    later = utc_now() + timedelta(minutes=settings.access_token_expire_minutes, seconds=5)
    with time_machine.travel(later):
        client.cookies.delete("__Host-access_token")
        changed = await client.patch(f"{API}/me", json={"display_name": "V"}, headers=csrf(client))
        assert changed.status_code == 401
        answer = await client.get(f"{API}/me")
        assert answer.status_code == 200
        fresh = [cookie.split("=")[0] for cookie in answer.headers.get_list("set-cookie")]
        assert {"__Host-access_token", "__Host-refresh_token", "csrf_token"} <= set(fresh)
        assert (await client.patch(f"{API}/me", json={"display_name": "V"}, headers=csrf(client))).status_code == 200


async def test_a_bearer_token_needs_no_cookie_and_no_csrf(client: httpx.AsyncClient, new_client: NewClient) -> None:
    await client.post(f"{API}/register", json=VERA)
    program = await new_client()
    program.headers["Authorization"] = f"Bearer {client.cookies['__Host-access_token']}"
    assert (await program.get(f"{API}/me")).status_code == 200
    assert (await program.patch(f"{API}/me", json={"locale": "ru"})).json()["locale"] == "ru"
    program.headers["Authorization"] = "Bearer nonsense"
    assert (await program.get(f"{API}/me")).status_code == 401


async def test_devices_are_listed_and_one_is_ended(
    client: httpx.AsyncClient, new_client: NewClient, sign_in: SignIn
) -> None:
    user = await sign_in(client)
    phone = await new_client()
    phone.headers["User-Agent"] = "Mozilla/5.0 (Linux; Android 16) Chrome/150.0 Mobile Safari/537.36"
    await sign_in(phone, user)
    items = (await client.get(f"{API}/sessions")).json()["items"]
    assert [(item["current"], item["device"]) for item in items] == [(False, "Chrome · Android"), (True, "Python")]
    answer = await client.delete(f"{API}/sessions/{items[0]['id']}")
    assert answer.json() == {"ended": 1}
    assert (await phone.get(f"{API}/me")).status_code == 401
    assert (await client.get(f"{API}/me")).status_code == 200
    assert (await client.delete(f"{API}/sessions/{items[0]['id']}")).status_code == 404


async def test_other_sessions_end_together(client: httpx.AsyncClient, new_client: NewClient, sign_in: SignIn) -> None:
    user = await sign_in(client)
    others = [await new_client(), await new_client()]
    for other in others:
        await sign_in(other, user)
    assert (await client.post(f"{API}/sessions/end-others")).json() == {"ended": 2}
    assert [(await other.get(f"{API}/me")).status_code for other in (client, *others)] == [200, 401, 401]


async def test_somebody_elses_session_is_not_there(
    client: httpx.AsyncClient, new_client: NewClient, sign_in: SignIn
) -> None:
    other = await new_client()
    await sign_in(other)
    theirs = (await other.get(f"{API}/sessions")).json()["items"][0]["id"]
    await sign_in(client)
    assert (await client.delete(f"{API}/sessions/{theirs}")).status_code == 404
    assert (await other.get(f"{API}/me")).status_code == 200


async def test_changes_want_the_password_again_after_a_while(
    client: httpx.AsyncClient, sign_in: SignIn, settings: Settings
) -> None:
    await sign_in(client)
    with time_machine.travel(utc_now() + timedelta(minutes=settings.reauthentication_minutes, seconds=5)):
        refused = await client.post(f"{API}/email", json={"email": "new@example.com"})
        assert (refused.status_code, refused.json()["code"]) == (403, "reauthentication-required")
        wrong = await client.post(f"{API}/email", json={"email": "new@example.com", "current_password": "no"})
        assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong-password")
        assert (await client.post(f"{API}/reauthenticate", json={"password": PASSWORD})).json() == {"done": True}
        assert (await client.post(f"{API}/email", json={"email": "new@example.com"})).status_code == 202


async def test_the_history_tells_what_happened_page_by_page(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    user = await sign_in(client)
    for _ in range(3):
        await client.post(f"{API}/login", json={"username": user.username, "password": "wrong"})
    seen: list[str] = []
    cursor = None
    while True:
        answer = await client.get(f"{API}/history", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        seen += [item["kind"] for item in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == ["sign_in_failed"] * 3 + ["signed_in"]
    assert (await client.get(f"{API}/history", params={"cursor": "broken"})).json()["code"] == "bad-cursor"
    assert (await client.get(f"{API}/history", params={"cursor": "WyJhIiwiYiJd"})).json()["code"] == "bad-cursor"


async def test_the_oldest_session_ends_over_the_limit(
    client: httpx.AsyncClient, new_client: NewClient, sign_in: SignIn, uow: OpenUow, settings: Settings
) -> None:
    user = await sign_in(client)
    for _ in range(settings.max_sessions):
        await sign_in(await new_client(), user)
    assert (await client.get(f"{API}/me")).status_code == 401
    async with uow() as work:
        reasons = (await work.session.execute(select(AuthSession.revoked_reason))).scalars().all()
    assert [reason for reason in reasons if reason] == [SessionEnd.TOO_MANY]


async def test_an_older_hash_is_upgraded_at_sign_in(client: httpx.AsyncClient, uow: OpenUow) -> None:
    from passlib.hash import bcrypt  # noqa: PLC0415 - only here  # pyright: ignore[reportAttributeAccessIssue]

    async with uow() as work:
        user = await make_user(work.session, password_hash=bcrypt.using(rounds=4).hash(PASSWORD))
    assert user.password_hash.startswith("$2b$")
    answer = await client.post(f"{API}/login", json={"username": user.username, "password": PASSWORD})
    assert answer.status_code == 200
    async with uow() as work:
        stored = (await work.session.execute(select(User.password_hash).where(User.id == user.id))).scalar_one()
    assert stored.startswith("$bcrypt-sha256$")


async def test_a_new_device_is_announced(
    client: httpx.AsyncClient, new_client: NewClient, sign_in: SignIn, uow: OpenUow
) -> None:
    user = await sign_in(client)
    assert "identity.new_device_signed_in" not in await topics(uow)
    await sign_in(await new_client(), user)
    assert (await topics(uow)).count("identity.new_device_signed_in") == 1


async def test_the_security_history_cannot_be_rewritten(uow: OpenUow, client: httpx.AsyncClient) -> None:
    import pytest  # noqa: PLC0415 - only here
    from sqlalchemy import delete, update  # noqa: PLC0415 - only here
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - only here

    await client.post(f"{API}/register", json=VERA)
    for statement in (update(SecurityEvent).values(address="elsewhere"), delete(SecurityEvent)):
        with pytest.raises(DBAPIError, match="append-only"):
            async with uow() as work:
                await work.session.execute(statement)
