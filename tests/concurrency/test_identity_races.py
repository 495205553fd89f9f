"""Races that an attacker of accounts would use, with real commits and many connections."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import httpx
from sqlalchemy import func, select

from app.core.clock import utc_now
from app.core.resources import Resources
from app.features.authentication.rules import FREE_TRIES
from app.models.session import AuthSession
from app.models.sign_in_throttle import SignInThrottle
from app.models.user import User
from tests.concurrency.test_accounts import API, VERA, cookies, post
from tests.factories.users import PASSWORD

NEW = "another long password of hers"
VARIANTS = (
    {"username": "Vera"}, {"username": "VERA"}, {"username": "ｖｅｒａ"}, {"username": "vErA"},
    {"username": "Zoya1", "phone": "8 (999) 123-45-67", "email": None},
    {"username": "Zoya2", "phone": "+7 999 123 45 67"},
    {"username": "Zoya3", "email": "VERA@Example.COM", "phone": None}, {"username": " vera "},
)  # fmt: skip


async def me(client: httpx.AsyncClient, held: dict[str, str]) -> int:
    """Request the current account with an access token only."""
    answer = await client.get(f"{API}/me", headers={"Authorization": f"Bearer {held['__Host-access_token']}"})
    return answer.status_code


async def live_sessions(resources: Resources) -> int:
    alive = (
        select(func.count())
        .select_from(AuthSession)
        .join(User, User.id == AuthSession.user_id)
        .where(
            AuthSession.revoked_at.is_(None),
            AuthSession.expires_at > utc_now(),
            AuthSession.token_version == User.token_version,
        )
    )
    async with resources.sessions() as session:
        return (await session.execute(alive)).scalar_one()


async def test_eight_spellings_of_one_person_at_once_make_one_account(
    live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    answers = await asyncio.gather(*(post(live_client, "register", {}, VERA | given) for given in VARIANTS))
    statuses = Counter(answer.status_code for answer in answers)
    async with live_resources.sessions() as session:
        people = (await session.execute(select(User.username_key, User.email_key, User.phone))).all()
    assert statuses[201] == len(people)
    assert statuses[201] + statuses[409] == len(VARIANTS)
    for column in zip(*people, strict=True):
        kept = [value for value in column if value is not None]
        assert len(kept) == len(set(kept))
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] in ("username-taken", "email-taken", "phone-taken")
            assert {error["loc"][1] for error in answer.json()["errors"]} <= {"username", "email", "phone"}
            assert answer.json()["errors"]


async def test_many_who_want_two_contacts_at_once_are_answered_and_the_contacts_belong_to_one_each(
    live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    emails = ("anna@example.com", "boris@example.com")
    phones = ("+79991230001", "+79991230002")
    wanted = [
        {"username": f"wanting{turn}", "password": PASSWORD, "email": emails[turn % 2], "phone": phones[turn // 2 % 2]}
        for turn in range(24)
    ]
    answers = await asyncio.gather(*(post(live_client, "register", {}, form) for form in wanted))
    assert {answer.status_code for answer in answers} <= {201, 409}
    async with live_resources.sessions() as session:
        held = (await session.execute(select(User.email_key, User.phone))).all()
    for column, contacts in zip(zip(*held, strict=True), (emails, phones), strict=True):
        assert sorted(value for value in column if value is not None) == sorted(contacts)


async def test_names_that_look_alike_registered_at_once_make_one_account(live_client: httpx.AsyncClient) -> None:
    names = ("coope", "сооре", "cooре", "соope", "COOPE")
    forms = [
        {"username": name, "password": PASSWORD, "email": f"n{turn}@example.com"} for turn, name in enumerate(names)
    ]
    answers = await asyncio.gather(*(post(live_client, "register", {}, form) for form in forms))
    assert Counter(answer.status_code for answer in answers)[201] == 1, [answer.text for answer in answers]


async def test_no_session_of_the_old_password_survives_its_change(
    live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    held = cookies(await post(live_client, "register", {}, VERA))
    sign_in = {"username": "Vera", "password": PASSWORD}
    change = {"current_password": PASSWORD, "new_password": NEW}
    calls: list[Coroutine[Any, Any, httpx.Response]] = [post(live_client, "login", {}, sign_in) for _ in range(4)]
    calls.insert(2, post(live_client, "password", held, change))
    answers = await asyncio.gather(*calls)
    changed = answers.pop(2)
    assert changed.status_code == 200
    for answer in answers:
        if answer.status_code == 200:
            assert await me(live_client, cookies(answer)) == 401
            assert (await post(live_client, "refresh", cookies(answer))).status_code == 401
    assert await me(live_client, held) == 200
    assert await live_sessions(live_resources) == 1


async def test_sign_ins_at_once_never_exceed_the_number_of_sessions(
    live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    live_resources.settings = live_resources.settings.model_copy(update={"max_sessions": 3})
    await post(live_client, "register", {}, VERA)
    body = {"username": "Vera", "password": PASSWORD}
    answers = await asyncio.gather(*(post(live_client, "login", {}, body) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert await live_sessions(live_resources) == 3
    alive = [await me(live_client, cookies(answer)) for answer in answers]
    assert Counter(alive) == {200: 3, 401: 5}


async def test_wrong_passwords_at_once_are_all_counted_and_a_late_right_one_waits(
    live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    await post(live_client, "register", {}, VERA)
    names = ("Vera", "vera@example.com", "+79991234567", "VERA")
    guesses = [{"username": names[turn % 4], "password": f"guess {turn}"} for turn in range(12)]
    answers = await asyncio.gather(*(post(live_client, "login", {}, guess) for guess in guesses))
    wrong = Counter(answer.status_code for answer in answers)
    async with live_resources.sessions() as session:
        counted = (await session.execute(select(SignInThrottle.key, SignInThrottle.failures))).all()
    assert sum(failures for key, failures in counted if key.startswith("name:")) == wrong[401]
    assert next(failures for key, failures in counted if key.startswith("user:")) >= FREE_TRIES
    for name in names:
        right = await post(live_client, "login", {}, {"username": name, "password": PASSWORD})
        assert right.status_code in (401, 429)


async def test_whatever_races_a_sign_out_nothing_of_the_session_lives(
    live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    held = cookies(await post(live_client, "register", {}, VERA))
    calls = [post(live_client, "refresh", held) for _ in range(6)]
    calls.insert(3, post(live_client, "logout", held))
    answers = await asyncio.gather(*calls)
    assert answers[3].status_code == 200
    for given in (held, *[held | cookies(answer) for answer in answers if answer.status_code == 200]):
        if "__Host-access_token" in given:
            assert await me(live_client, given) == 401
            assert (await post(live_client, "refresh", given)).status_code in (401, 403)
    assert await live_sessions(live_resources) == 0
