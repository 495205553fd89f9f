"""Sessions (ASVS V7): ended ones stay ended, also when Redis loses data; active ones end in time."""

from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from redis.asyncio import Redis
from sqlalchemy import func, select, update

from app.core.clock import utc_now
from app.core.config import Settings
from app.core.database import create_engine, create_session_factory
from app.core.persistence.raw_read_pool import RawReadPool
from app.core.resources import Resources, create_redis
from app.features.identity import service
from app.main import API_ROUTERS, PAGE_ROUTERS
from app.models.session import AuthSession, SessionEnd
from app.models.user import Role, User, UserStatus
from tests.factories.commands import OPERATOR
from tests.factories.users import PASSWORD
from tests.security.people import (
    ACCESS,
    API,
    CSRF,
    DEAD_DATABASE,
    DEAD_REDIS,
    DEVICE,
    OTHER_PASSWORD,
    REFRESH,
    NewClient,
    OpenUow,
    another_app,
    client_of,
    cookies_of,
    deleted_cookies,
    forge,
    kinds,
    login,
    payload_of,
    post,
    register,
    status_of_me,
    topics,
    wear,
)


def signed_out(answers: list[httpx.Response]) -> bool:
    return all(answer.status_code == 401 for answer in answers)


async def tries(client: httpx.AsyncClient, app: FastAPI, cookies: dict[str, str]) -> list[httpx.Response]:
    """Use stolen cookies in every way a thief can."""
    del client
    bearer, cookie, renewing = client_of(app), client_of(app), client_of(app)
    bearer.headers["Authorization"] = f"Bearer {cookies[ACCESS]}"
    wear(cookie, {ACCESS: cookies[ACCESS], CSRF: cookies[CSRF]})
    wear(renewing, cookies)
    return [
        await bearer.get(f"{API}/me"),
        await cookie.get(f"{API}/me"),
        await renewing.get(f"{API}/me"),
        await post(renewing, "refresh") if cookies_of(renewing) else await renewing.get(f"{API}/me"),
    ]


async def test_v7_2_4_a_planted_session_is_dead_after_sign_in(
    client: httpx.AsyncClient, new_client: NewClient, app: FastAPI
) -> None:
    await register(client)
    attacker = await new_client()
    await register(attacker, username="Mallory", email="mallory@example.com", phone=None)
    planted = cookies_of(attacker)
    wear(client, planted)
    assert (await login(client, username="Vera")).json()["username"] == "Vera"
    assert payload_of(client.cookies[ACCESS])["sid"] != payload_of(planted[ACCESS])["sid"]
    assert client.cookies[CSRF] != planted[CSRF]
    assert signed_out(await tries(client, app, planted))
    assert (await client.get(f"{API}/me")).json()["username"] == "Vera"


async def test_v7_two_people_in_one_browser_never_meet(
    client: httpx.AsyncClient, new_client: NewClient, app: FastAPI
) -> None:
    await register(client)
    hers = cookies_of(client)
    other = await new_client()
    await register(other, username="Zoya", email="zoya@example.com", phone=None)
    await post(client, "logout")
    client.headers.pop("X-CSRF-TOKEN")
    assert (await login(client, username="Zoya")).json()["username"] == "Zoya"
    his = cookies_of(client)
    assert {payload_of(hers[ACCESS])["sid"], payload_of(his[ACCESS])["sid"]} == {
        payload_of(token)["sid"] for token in (hers[ACCESS], his[ACCESS])
    }
    assert payload_of(hers[ACCESS])["sid"] != payload_of(his[ACCESS])["sid"]
    assert hers[DEVICE] != his[DEVICE]
    assert signed_out(await tries(client, app, hers))
    crossed = client_of(app)
    wear(crossed, his | {REFRESH: hers[REFRESH]})
    assert (await post(crossed, "refresh")).status_code == 403
    wear(crossed, his | {CSRF: hers[CSRF]})
    assert (await post(crossed, "logout")).status_code == 403
    assert (await client.get(f"{API}/me")).json()["username"] == "Zoya"


async def test_v7_3_1_an_idle_session_ends(client: httpx.AsyncClient, settings: Settings) -> None:
    await register(client)
    end = utc_now() + timedelta(days=settings.refresh_token_expire_days)
    with time_machine.travel(end + timedelta(seconds=2)):
        answer = await post(client, "refresh")
        assert answer.status_code == 401
        assert {ACCESS, REFRESH, CSRF} <= deleted_cookies(answer)
    client.cookies.clear()
    client.headers.pop("X-CSRF-TOKEN")
    await login(client)
    with time_machine.travel(end - timedelta(minutes=5)):
        assert (await post(client, "refresh")).status_code == 200


async def test_v7_3_2_use_never_moves_the_absolute_end(client: httpx.AsyncClient, settings: Settings) -> None:
    await register(client)
    began = utc_now()
    last = began + timedelta(days=settings.session_absolute_days)
    step, now = timedelta(days=settings.refresh_token_expire_days - 1), began
    while now + step < last:
        now += step
        with time_machine.travel(now):
            answer = await post(client, "refresh")
            assert answer.status_code == 200
            until = datetime.fromisoformat(answer.json()["session_expires_at"])
            assert until <= last + timedelta(seconds=5)
            assert payload_of(client.cookies[REFRESH])["exp"] <= last.timestamp() + 5
            client.headers["X-CSRF-TOKEN"] = client.cookies[CSRF]
    with time_machine.travel(last - timedelta(minutes=10)):
        answer = await post(client, "refresh")
        assert answer.status_code == 200
        assert datetime.fromisoformat(answer.json()["access_expires_at"]) <= last + timedelta(seconds=5)
    with time_machine.travel(last + timedelta(seconds=10)):
        assert (await post(client, "refresh")).status_code == 401


async def test_v7_refresh_rotates_and_a_lost_answer_is_forgiven(client: httpx.AsyncClient) -> None:
    await register(client)
    first = cookies_of(client)
    assert (await post(client, "refresh")).status_code == 200
    second = cookies_of(client)
    assert second[REFRESH] != first[REFRESH]
    assert second[ACCESS] != first[ACCESS]
    for _ in range(10):  # ten tabs that wake up with the old token
        wear(client, first)
        assert (await post(client, "refresh")).status_code == 200
        assert payload_of(client.cookies[REFRESH])["jti"] == payload_of(second[REFRESH])["jti"]
    wear(client, second)
    assert (await post(client, "refresh")).status_code == 200


@pytest.mark.parametrize("rotations", [1, 4])
async def test_v7_a_replay_ends_the_family_tells_the_owner_and_is_written_down(
    client: httpx.AsyncClient, new_client: NewClient, app: FastAPI, uow: OpenUow, settings: Settings, rotations: int
) -> None:
    await register(client)
    elsewhere = await new_client()
    await login(elsewhere)
    stolen, now = cookies_of(client), utc_now()
    for turn in range(rotations):
        with time_machine.travel(now + timedelta(minutes=turn + 1)):
            assert (await post(client, "refresh")).status_code == 200
    current = cookies_of(client)
    thief = client_of(app)
    wear(thief, stolen)
    with time_machine.travel(now + timedelta(minutes=rotations, seconds=settings.refresh_grace_seconds + 2)):
        answer = await post(thief, "refresh")
        assert (answer.status_code, answer.json()["code"]) == (401, "session-replayed")
        assert {ACCESS, REFRESH, CSRF} <= deleted_cookies(answer)
        assert signed_out(await tries(client, app, current))
        assert signed_out(await tries(client, app, stolen))
        assert (await elsewhere.get(f"{API}/me")).status_code == 200
    assert "token_replayed" in await kinds(uow)
    assert (await topics(uow)).count("session_replayed") == 1
    async with uow() as work:
        ends = (await work.session.execute(select(AuthSession.revoked_reason))).scalars().all()
    assert sorted(str(end) for end in ends) == ["None", SessionEnd.REPLAYED.value]


async def test_v7_a_refresh_token_from_the_future_opens_nothing(client: httpx.AsyncClient, settings: Settings) -> None:
    await register(client)
    claims = payload_of(client.cookies[REFRESH])
    wear(client, cookies_of(client) | {REFRESH: forge(settings, claims | {"ctr": 7})})
    assert (await post(client, "refresh")).status_code == 401


async def copy_of(redis: Redis) -> dict[str, str]:
    found: dict[str, str] = {}
    async for key in redis.scan_iter("*"):
        if await redis.type(key) == "string":
            found[key] = str(await redis.get(key))
    return found


async def test_v7_4_1_sign_out_holds_after_redis_is_flushed_or_replaced_by_an_old_copy(
    client: httpx.AsyncClient, app: FastAPI, redis: Redis
) -> None:
    await register(client)
    await client.get(f"{API}/me")
    cookies, old = cookies_of(client), await copy_of(redis)
    answer = await post(client, "logout")
    assert answer.status_code == 200
    assert {ACCESS, REFRESH, CSRF, DEVICE} <= deleted_cookies(answer)
    assert signed_out(await tries(client, app, cookies))
    assert [key async for key in redis.scan_iter("blacklist:*")]
    await redis.flushall()
    assert signed_out(await tries(client, app, cookies))
    await redis.flushall()
    for key, value in old.items():
        await redis.set(key, value)
    assert signed_out(await tries(client, app, cookies))


async def test_v7_4_1_sign_out_holds_at_once_on_every_worker_with_redis_down(
    client: httpx.AsyncClient, app: FastAPI, resources: Resources
) -> None:
    await register(client)
    cookies = cookies_of(client)
    async with create_redis(DEAD_REDIS) as dead, another_app(resources, redis=dead) as without:
        cut_off = client_of(without)
        wear(cut_off, cookies)
        assert (await cut_off.get(f"{API}/me")).status_code == 200
        answer = await post(cut_off, "logout")
        assert (answer.status_code, answer.json()) == (200, {"signed_out": True})
        assert signed_out(await tries(client, without, cookies))
        assert signed_out(await tries(client, app, cookies))
        assert (await login(cut_off)).status_code == 200


async def test_v7_without_postgresql_nothing_is_believed(
    client: httpx.AsyncClient, resources: Resources, redis: Redis
) -> None:
    await register(client)
    cookies = cookies_of(client)
    assert await redis.ping()
    engine = create_engine(DEAD_DATABASE)
    gone = create_session_factory(engine)
    read_pool = RawReadPool(DEAD_DATABASE)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        stack.push_async_callback(read_pool.close)
        for raw_read_pool in (None, read_pool):
            app = await stack.enter_async_context(
                another_app(resources, engine=engine, sessions=gone, read_sessions=gone, raw_read_pool=raw_read_pool)
            )
            cut_off = client_of(app)
            for call in ("me", "sessions"):
                wear(cut_off, cookies)
                answer = await cut_off.get(f"{API}/{call}")
                assert (answer.status_code, answer.json()["code"]) == (503, "unavailable"), call
                assert int(answer.headers["retry-after"]) > 0
                assert deleted_cookies(answer) == set()
            for path, body in (("refresh", {}), ("logout", {}), ("login", {"username": "Vera", "password": PASSWORD})):
                wear(cut_off, cookies)
                answer = await post(cut_off, path, **body)
                assert answer.status_code == 503, path
                assert not answer.headers.get_list("set-cookie")


async def test_v7_4_2_role_change_ban_and_closing_end_every_session_at_once(
    client: httpx.AsyncClient, app: FastAPI, uow: OpenUow
) -> None:
    user_id = UUID((await register(client))["id"])
    cookies = cookies_of(client)
    async with uow() as work:
        await service.set_role(work, OPERATOR, user_id, Role.MODERATOR)
    assert signed_out(await tries(client, app, cookies))
    client.cookies.clear()
    client.headers.pop("X-CSRF-TOKEN")
    await login(client)
    cookies = cookies_of(client)
    async with uow() as work:
        await work.session.execute(update(User).where(User.id == user_id).values(status=UserStatus.BANNED))
    assert signed_out(await tries(client, app, cookies))
    client.cookies.clear()
    client.headers.pop("X-CSRF-TOKEN")
    assert (await login(client)).json()["code"] == "account-banned"
    async with uow() as work:
        await work.session.execute(update(User).where(User.id == user_id).values(status=UserStatus.ACTIVE))
    await login(client)
    cookies = cookies_of(client)
    answer = await post(client, "deactivate", password=PASSWORD)
    assert answer.status_code == 200
    assert {ACCESS, REFRESH, CSRF, DEVICE} <= deleted_cookies(answer)
    assert signed_out(await tries(client, app, cookies))


async def test_v7_4_4_sign_out_works_with_a_lapsed_access_token(
    client: httpx.AsyncClient, app: FastAPI, settings: Settings
) -> None:
    await register(client)
    cookies = cookies_of(client)
    with time_machine.travel(utc_now() + timedelta(minutes=settings.access_token_expire_minutes + 1)):
        wear(client, cookies)
        assert (await post(client, "logout")).status_code == 200
        assert signed_out(await tries(client, app, cookies))


async def test_v7_5_1_contacts_and_devices_ask_for_the_password_after_a_while(
    client: httpx.AsyncClient, settings: Settings, uow: OpenUow
) -> None:
    await register(client)
    session_id = payload_of(client.cookies[ACCESS])["sid"]
    later = utc_now() + timedelta(minutes=settings.reauthentication_minutes, seconds=2)
    with time_machine.travel(later):
        calls = [
            await post(client, "email", email="new@example.com"),
            await post(client, "phone", phone="+79990000000"),
            await post(client, "sessions/end-others"),
            await client.request("DELETE", f"{API}/sessions/{session_id}"),
        ]
        assert {(answer.status_code, answer.json()["code"]) for answer in calls} == {(403, "reauthentication-required")}
        assert (await post(client, "refresh")).status_code == 200  # refreshing is no proof of identity
        assert (await post(client, "email", email="new@example.com")).status_code == 403
        assert (await post(client, "deactivate", password=OTHER_PASSWORD)).status_code == 403
        assert (await post(client, "reauthenticate", password=PASSWORD)).status_code == 200
        assert (await post(client, "email", email="new@example.com")).status_code == 202
    assert "reauthenticated" in await kinds(uow)


async def test_v7_5_2_ending_one_session_ends_exactly_that_one(
    client: httpx.AsyncClient, new_client: NewClient, app: FastAPI
) -> None:
    await register(client)
    second, third = await new_client(), await new_client()
    await login(second)
    await login(third)
    items = (await client.get(f"{API}/sessions")).json()["items"]
    assert len(items) == 3
    assert all(item["created_at"] and item["last_used_at"] and item["expires_at"] for item in items)
    target = payload_of(second.cookies[ACCESS])["sid"]
    stolen = cookies_of(second)
    assert (await client.request("DELETE", f"{API}/sessions/{target}")).json() == {"ended": 1}
    assert signed_out(await tries(client, app, stolen))
    assert [await status_of_me(person) for person in (client, second, third)] == [200, 401, 200]


async def test_v7_6_2_no_get_makes_a_session(client: httpx.AsyncClient, uow: OpenUow) -> None:
    paths = [
        prefix + route.path  # type: ignore[attr-defined]
        for prefix, routers in (("/api/v1", API_ROUTERS), ("", PAGE_ROUTERS))
        for router in routers
        for route in router.routes
        if "GET" in getattr(route, "methods", ())
    ]
    assert len(paths) > 5
    for path in paths:
        filled = path.replace("{", "").replace("}", "")
        answer = await client.get(filled, headers={"Accept": "text/html"}, params={"token": "x", "code": "1"})
        made = [cookie.split("=")[0] for cookie in answer.headers.get_list("set-cookie")]
        assert not {ACCESS, REFRESH} & set(made), path
    async with uow() as work:
        assert (await work.session.execute(select(func.count()).select_from(AuthSession))).scalar_one() == 0
