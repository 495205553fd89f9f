"""Accounts while Redis or another dependency is unavailable, out of date, or empty."""

import httpx

from app.core.database import create_engine, create_session_factory
from app.core.resources import Resources, create_redis
from tests.conftest import SignIn
from tests.factories.users import PASSWORD
from tests.features.identity.test_endpoints import API, VERA, csrf

NOWHERE = "redis://127.0.0.1:1/0"


async def test_signing_out_holds_after_redis_was_emptied(client: httpx.AsyncClient, resources: Resources) -> None:
    await client.post(f"{API}/register", json=VERA)
    header, held = csrf(client), dict(client.cookies)
    await client.post(f"{API}/logout", headers=header)
    assert [key async for key in resources.redis.scan_iter("blacklist:*")] != []
    await resources.redis.flushall()
    client.cookies.update(held)
    assert (await client.get(f"{API}/me")).status_code == 401
    client.cookies.update(held)
    assert (await client.post(f"{API}/refresh", headers=header)).status_code == 401


async def test_signing_out_holds_after_redis_was_replaced_by_an_old_copy(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    await client.post(f"{API}/register", json=VERA)
    assert (await client.get(f"{API}/me")).status_code == 200
    raw = resources.redis
    before = {key async for key in raw.scan_iter("*")}
    header, held = csrf(client), dict(client.cookies)
    await client.post(f"{API}/logout", headers=header)
    # Data newer than the copy is lost. No key of Redis marks a session as valid, so none becomes valid again.
    async for key in raw.scan_iter("*"):
        if key not in before:
            await raw.delete(key)
    client.cookies.update(held)
    assert (await client.get(f"{API}/me")).status_code == 401


async def test_without_redis_everything_goes_on_and_signing_out_holds_at_once(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    resources.redis = create_redis(NOWHERE)
    await client.post(f"{API}/register", json=VERA)
    assert (await client.get(f"{API}/me")).status_code == 200
    assert (await client.post(f"{API}/refresh", headers=csrf(client))).status_code == 200
    header, held = csrf(client), dict(client.cookies)
    assert (await client.post(f"{API}/logout", headers=header)).status_code == 200
    client.cookies.update(held)
    assert (await client.get(f"{API}/me")).status_code == 401
    await resources.redis.aclose()


async def test_wrong_passwords_are_counted_without_redis_too(client: httpx.AsyncClient, resources: Resources) -> None:
    resources.redis = create_redis(NOWHERE)
    await client.post(f"{API}/register", json=VERA)
    client.cookies.clear()
    codes = [
        (await client.post(f"{API}/login", json={"username": name, "password": "wrong"})).status_code
        for name in ("vera", "VERA", "Vera", " vera ", "vErA", "vera")
    ]
    assert codes == [401] * 5 + [429]
    hidden = await client.post(f"{API}/login", json={"phone": "+79991234567", "password": PASSWORD})
    assert hidden.status_code == 401, "the names share a budget, and the answer does not tell it"
    waiting = await client.post(f"{API}/login", json={"username": "vera", "password": PASSWORD})
    assert waiting.status_code == 429
    assert 1 <= int(waiting.headers["retry-after"]) <= 10
    unknown = [
        (await client.post(f"{API}/login", json={"username": "nobody_here", "password": "wrong"})).status_code
        for _ in range(6)
    ]
    assert unknown == [401] * 5 + [429], "an unknown name rests like a known one"
    await resources.redis.aclose()


async def test_without_postgresql_the_answer_is_503(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    await sign_in(client)
    nowhere = create_engine("postgresql://nobody:nothing@127.0.0.1:1/nowhere", pool_timeout=1)
    resources.sessions = resources.read_sessions = create_session_factory(nowhere)
    for answer in (
        await client.get(f"{API}/me"),
        await client.post(f"{API}/login", json={"username": "vera", "password": PASSWORD}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"]
    await nowhere.dispose()


async def test_a_known_device_does_not_wait_for_an_attack(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    user = await sign_in(client)
    device = client.cookies["__Host-device"]
    client.cookies.clear()
    del client.headers["X-CSRF-TOKEN"]
    for _ in range(6):
        await client.post(f"{API}/login", json={"username": user.username, "password": "wrong"})
    body = {"username": user.username, "password": PASSWORD}
    assert (await client.post(f"{API}/login", json=body)).status_code == 429
    known = await client.post(f"{API}/login", json=body, headers={"Cookie": f"__Host-device={device}"})
    assert known.status_code == 200, "the owner's own device is not the attacker's"
    client.cookies.clear()
    assert (await client.post(f"{API}/login", json=body)).status_code == 429, "and his success resets nothing"
