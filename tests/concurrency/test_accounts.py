"""Concurrent requests of one account, with real commits and many connections."""

import asyncio
from collections import Counter

import httpx
from sqlalchemy import func, select

from app.core.resources import Resources
from app.features.identity import service
from app.models.auth_challenge import AuthChallenge
from app.models.session import AuthSession, SessionEnd
from app.models.user import User
from tests.factories.users import PASSWORD

API = "/api/v1/auth"
VERA = {"username": "Vera", "email": "vera@example.com", "phone": "+79991234567", "password": PASSWORD}


def cookies(answer: httpx.Response) -> dict[str, str]:
    return dict(answer.cookies)


async def post(client: httpx.AsyncClient, path: str, held: dict[str, str], body: object = None) -> httpx.Response:
    """Send a request with exactly these cookies, as one of many tabs would."""
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in held.items())}
    if "csrf_token" in held:
        headers["X-CSRF-TOKEN"] = held["csrf_token"]
    client.cookies.clear()
    return await client.post(f"{API}/{path}", json=body, headers=headers)


async def test_eight_equal_registrations_make_one_account(
    live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    answers = await asyncio.gather(*(post(live_client, "register", {}, VERA) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] == "username-taken"
            assert answer.json()["errors"][0]["loc"] == ["body", "username"]
    async with live_resources.sessions() as session:
        assert (await session.execute(select(func.count()).select_from(User))).scalar_one() == 1


async def test_one_account_for_each_of_three_ways_to_collide(
    live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    bodies = [
        {"username": "Vera", "email": "vera@example.com", "password": PASSWORD},
        {"username": "vera", "email": "other@example.com", "password": PASSWORD},
        {"username": "Zoya", "email": "VERA@example.com", "password": PASSWORD},
    ]
    answers = await asyncio.gather(*(post(live_client, "register", {}, body) for body in bodies for _ in range(3)))
    assert {answer.status_code for answer in answers} == {201, 409}
    names = {answer.json()["username"].lower() for answer in answers if answer.status_code == 201}
    assert len(names) == sum(answer.status_code == 201 for answer in answers)
    async with live_resources.read_sessions() as session:  # an address that nobody has confirmed goes to the next
        emails = [email for email in await session.scalars(select(User.email_key)) if email is not None]
    assert len(emails) == len(set(emails))
    assert "vera@example.com" in emails


async def test_ten_tabs_refreshing_at_once_stay_in(live_client: httpx.AsyncClient, live_resources: Resources) -> None:
    held = cookies(await post(live_client, "register", {}, VERA))
    answers = await asyncio.gather(*(post(live_client, "refresh", held) for _ in range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert len({answer.cookies["__Host-refresh_token"] for answer in answers}) == 1, "all tabs hold the active one"
    for answer in answers:
        going_on = await post(live_client, "refresh", held | cookies(answer))
        assert going_on.status_code == 200
    async with live_resources.sessions() as session:
        found = (await session.execute(select(AuthSession))).scalars().one()
        assert found.revoked_at is None


async def test_a_replay_ends_the_family_however_many_race(
    live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    stolen = cookies(await post(live_client, "register", {}, VERA))
    live_resources.settings = live_resources.settings.model_copy(update={"refresh_grace_seconds": 0})
    current = stolen | cookies(await post(live_client, "refresh", stolen))
    answers = await asyncio.gather(*(post(live_client, "refresh", stolen) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {401}
    assert Counter(answer.json()["code"] for answer in answers)["session-replayed"] == 1
    assert (await post(live_client, "refresh", current)).status_code == 401
    async with live_resources.sessions() as session:
        found = (await session.execute(select(AuthSession))).scalars().one()
        assert found.revoked_reason is SessionEnd.REPLAYED


async def test_twenty_guesses_at_once_get_no_more_than_five(
    live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    held = cookies(await post(live_client, "register", {}, VERA | {"email": None}))
    async with live_resources.sessions() as session:
        challenge = (await session.execute(select(AuthChallenge))).scalars().one()
        sent = await service.challenge_message(session, live_resources, challenge.id)
    assert sent is not None
    wrong = f"{(int(sent.code) + 1) % 1_000_000:06d}"
    await asyncio.gather(*(post(live_client, "confirm-phone", held, {"code": wrong}) for _ in range(20)))
    async with live_resources.sessions() as session:
        assert (await session.execute(select(AuthChallenge.attempts))).scalar_one() == 5
    right = await post(live_client, "confirm-phone", held, {"code": sent.code})
    assert right.status_code == 422


async def test_a_code_is_good_once_also_when_used_twice_at_once(
    live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    held = cookies(await post(live_client, "register", {}, VERA | {"email": None}))
    async with live_resources.sessions() as session:
        challenge = (await session.execute(select(AuthChallenge))).scalars().one()
        sent = await service.challenge_message(session, live_resources, challenge.id)
    assert sent is not None
    answers = await asyncio.gather(*(post(live_client, "confirm-phone", held, {"code": sent.code}) for _ in range(6)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 422: 5}


async def test_many_right_sign_ins_at_once_lock_nobody_out(live_client: httpx.AsyncClient) -> None:
    await post(live_client, "register", {}, VERA)
    body = {"username": "vera", "password": PASSWORD}
    answers = await asyncio.gather(*(post(live_client, "login", {}, body) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8


async def test_signing_out_wins_against_a_refresh(live_client: httpx.AsyncClient) -> None:
    for _ in range(3):
        held = cookies(
            await post(
                live_client,
                "register",
                {},
                VERA | {"username": f"v{_}era", "email": f"v{_}@example.com", "phone": None},
            )
        )
        out, fresh = await asyncio.gather(post(live_client, "logout", held), post(live_client, "refresh", held))
        assert out.status_code == 200
        later = held | cookies(fresh)
        assert (await post(live_client, "refresh", later)).status_code in (401, 403)
        me = await live_client.get(f"{API}/me", headers={"Authorization": f"Bearer {held['__Host-access_token']}"})
        assert me.status_code == 401
