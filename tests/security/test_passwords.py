"""Passwords (ASVS 6.2): long ones are kept whole; common ones and the account's own names are refused."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from sqlalchemy import select
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from app.core import account_names
from app.core.config import PRODUCTION_BCRYPT_ROUNDS, Settings
from app.core.resources import Resources
from app.core.security.passwords import MAX_QUEUE_LENGTH, HashingBusyError, PasswordHasher
from app.features.authentication.errors import AccountInputError
from app.features.authentication.service import Caller
from app.features.identity import rules
from app.features.identity.schemas import Registration
from app.features.identity.service import prepare
from app.features.identity.service.password_policy import check_password_policy
from app.models.user import User
from tests.factories.users import PASSWORD
from tests.security.people import (
    API,
    OTHER_PASSWORD,
    VERA,
    NewClient,
    OpenUow,
    Settle,
    another_app,
    changed,
    client_of,
    login,
    post,
    register,
    request_password_reset,
)

COMMON = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= 8]
ANY_CHARACTER = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
type SetPassword = Callable[[str], Awaitable[httpx.Response]]


@pytest.fixture
def three_ways(
    client: httpx.AsyncClient, new_client: NewClient, settle: Settle, uow: OpenUow
) -> dict[str, SetPassword]:
    """Try a password wherever one is set: at registration, in a change, by link and by code of a reset."""

    async def at_registration(password: str) -> httpx.Response:
        stranger = await new_client()
        body = VERA | {"username": "Zoya", "email": "zoya@example.com", "phone": None, "password": password}
        return await stranger.post(f"{API}/register", json=body)

    async def at_change(password: str) -> httpx.Response:
        return await post(client, "password", current_password=PASSWORD, new_password=password)

    async def by_link(password: str) -> httpx.Response:
        token = (await request_password_reset(client, settle, uow)).token
        return await post(client, "password/reset/confirm", token=token, password=password)

    async def by_code(password: str) -> httpx.Response:
        code = (await request_password_reset(client, settle, uow)).code
        return await post(client, "password/reset/confirm", identifier="Vera", code=code, password=password)

    return {"registration": at_registration, "change": at_change, "link": by_link, "code": by_code}


def is_refused(answer: httpx.Response) -> bool:
    fields = {error["loc"][-1] for error in answer.json().get("errors", [])}
    return answer.status_code == 422 and bool(fields & {"password", "new_password"})


async def test_v6_2_1_seven_characters_are_too_few_and_eight_are_enough(client: httpx.AsyncClient) -> None:
    assert is_refused(await client.post(f"{API}/register", json=VERA | {"password": "gr7!kqZ"}))
    await register(client, password="gr7!kqZx")  # noqa: S106 - of a test person


@pytest.mark.parametrize(
    "password",
    ["k7#" * 21 + "x", "k7#" * 42 + "xy", "пё" * 64, "  spaces at ends  ", "9182736450", "🦄🐴🎠🏇" * 4, "ПАРОЛЬ ё"],
    ids=["64 characters", "128 characters", "256 bytes", "spaces", "digits", "emoji", "cyrillic"],
)  # fmt: skip
async def test_v6_2_9_long_and_odd_passwords_are_taken_whole(client: httpx.AsyncClient, password: str) -> None:
    await register(client, password=password)
    await post(client, "logout")
    client.headers.pop("X-CSRF-TOKEN")
    others = {password + "x", password[:-1], password.swapcase(), password.strip() + " ", f" {password}"} - {password}
    for other in sorted(others)[:4]:
        assert (await login(client, other)).status_code == 401
    assert (await login(client, password)).status_code == 200


async def test_v6_2_8_what_is_beyond_72_bytes_counts_and_nul_is_refused_clearly(client: httpx.AsyncClient) -> None:
    begin = "a1" * 36
    await register(client, password=begin + "her own end of it")
    await post(client, "logout")
    client.headers.pop("X-CSRF-TOKEN")
    assert (await login(client, begin + "another end of it")).status_code == 401
    assert (await login(client, begin)).status_code == 401
    for body in (VERA | {"password": "with\x00nul inside"}, VERA | {"username": "a", "password": "long enough\x00"}):
        assert (await client.post(f"{API}/register", json=body)).status_code == 422
    assert (await login(client, begin + "her own end of it\x00")).status_code == 422
    too_long = await client.post(f"{API}/login", json={"username": "Vera", "password": "x" * 513})
    assert too_long.status_code == 422
    assert (await login(client, begin + "her own end of it")).status_code == 200


@given(password=st.text(ANY_CHARACTER, min_size=8, max_size=64))
@profile(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
def test_v6_2_5_any_characters_make_a_password(password: str) -> None:
    folded = account_names.fold(password)
    assume(folded not in rules.common_passwords())
    assume(len(set(folded)) > 1)
    assert rules.password_problems(password, ["Vera"], shortest=8, loc="password") == []
    hasher = PasswordHasher(4)

    async def both() -> None:
        stored = await hasher.hash(password)
        assert await hasher.verify(password, stored) == (True, None)
        assert (await hasher.verify(password + "x", stored))[0] is False

    asyncio.run(both())


async def test_v6_2_4_the_three_thousand_most_common_are_refused_everywhere(
    resources: Resources, client: httpx.AsyncClient, three_ways: dict[str, SetPassword]
) -> None:
    assert len(COMMON) >= 3000
    accepted: list[str] = []
    for place, word in enumerate(COMMON[:3000]):
        form = Registration(username="Vera", email="vera@example.com", password=word.upper() if place % 2 else word)
        for use_case in (
            prepare(resources, form, Caller()),
            check_password_policy(resources, word, [], loc="new_password"),
        ):
            with contextlib.suppress(AccountInputError):
                await use_case
                accepted.append(word)
    assert accepted == []
    await register(client)
    for word in ("password1", COMMON[2999]):
        for name, way in three_ways.items():
            assert is_refused(await way(word)), (name, word)


async def test_v6_2_11_ones_own_names_and_ours_are_refused_everywhere(
    client: httpx.AsyncClient, three_ways: dict[str, SetPassword]
) -> None:
    await register(client, username="Vera.Petrova", email="petrova1985@example.com")
    reset_ways = {name: way for name, way in three_ways.items() if name == "change"}
    own = ["Vera.Petrova", "vera.petrova!!", "petrova1985@example.com", "PETROVA1985", "+79991234567", "89991234567"]
    for password in (*own, "iplance2026!", "ipLance!", "фриланс2026"):
        for name, way in reset_ways.items():
            assert is_refused(await way(password)), (name, password)


async def test_v6_2_11_a_reset_refuses_ones_own_names_by_link_and_by_code(
    client: httpx.AsyncClient, settle: Settle, uow: OpenUow
) -> None:
    await register(client, email="petrova1985@example.com")
    sent = await request_password_reset(client, settle, uow)
    for proof in ({"token": sent.token}, {"identifier": "Vera", "code": sent.code}):
        for password in ("petrova1985@example.com", "petrova1985", "+79991234567", "iplance2026!"):
            assert is_refused(await post(client, "password/reset/confirm", password=password, **proof)), proof
    answer = await post(client, "password/reset/confirm", password=OTHER_PASSWORD, token=sent.token)
    assert answer.status_code == 200  # a refused password did not use up the link


@asynccontextmanager
async def range_service(*breached: str) -> AsyncGenerator[tuple[str, list[str]]]:
    """A local service of breached passwords, and the requests it received."""
    asked: list[str] = []
    digests = [hashlib.sha1(word.encode(), usedforsecurity=False).hexdigest().upper() for word in breached]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(request.split(" ")[1])
        prefix = asked[-1].rsplit("/", 1)[1]
        body = "\r\n".join([f"{digest[5:]}:7" for digest in digests if digest.startswith(prefix)] + ["0" * 35 + ":0"])
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()
        await server.wait_closed()


async def test_v6_2_12_breached_passwords_are_refused_and_the_service_learns_nothing(
    client: httpx.AsyncClient, resources: Resources, settle: Settle, uow: OpenUow
) -> None:
    leaked = "correct staple battery horse"
    await register(client)
    token = (await request_password_reset(client, settle, uow)).token
    async with range_service(leaked) as (address, asked):
        asking = changed(resources.settings, breached_passwords_url=address)
        async with another_app(resources, settings=asking) as app:
            person = client_of(app)
            body = VERA | {"username": "Zoya", "email": "zoya@example.com", "phone": None}
            assert is_refused(await person.post(f"{API}/register", json=body | {"password": leaked}))
            await login(person)
            assert is_refused(await post(person, "password", current_password=PASSWORD, new_password=leaked))
            assert is_refused(await post(person, "password/reset/confirm", token=token, password=leaked))
            good = await post(person, "password", current_password=PASSWORD, new_password=OTHER_PASSWORD)
            assert good.status_code == 200
    prefix = hashlib.sha1(leaked.encode(), usedforsecurity=False).hexdigest().upper()[:5]
    assert len(asked) == 4
    assert {len(path) for path in asked} == {len("/range/") + 5}
    assert asked[:3] == [f"/range/{prefix}"] * 3


async def test_v6_2_12_while_the_service_is_down_the_account_is_flagged_or_refused_as_set(
    resources: Resources, uow: OpenUow
) -> None:
    down = changed(resources.settings, breached_passwords_url="http://127.0.0.1:1")
    async with another_app(resources, settings=down) as app:
        person = client_of(app)
        assert is_refused(await person.post(f"{API}/register", json=VERA | {"password": COMMON[0]}))
        await register(person)
        async with uow() as work:
            flags = (await work.session.execute(select(User.password_unchecked))).scalars().all()
        assert flags == [True]
    insisting = changed(down, breached_passwords_required=True)
    async with another_app(resources, settings=insisting) as app:
        body = VERA | {"username": "Zoya", "email": "zoya@example.com", "phone": None}
        answer = await client_of(app).post(f"{API}/register", json=body)
        assert (answer.status_code, answer.json()["code"]) == (503, "password-service-unavailable")


async def test_v6_2_2_and_2_3_a_change_needs_the_present_password_and_counts_wrong_ones(
    client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await register(client)
    missing = await post(client, "password", new_password=OTHER_PASSWORD)
    assert missing.status_code == 422
    codes = [
        (await post(client, "password", current_password=f"wrong {turn}", new_password=OTHER_PASSWORD)).json()["code"]
        for turn in range(10)
    ]
    assert codes == ["wrong-password"] * 10
    for path, body in (
        ("password", {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}),
        ("reauthenticate", {"password": PASSWORD}),
        ("deactivate", {"password": PASSWORD}),
        ("email", {"email": "new@example.com", "current_password": PASSWORD}),
    ):
        answer = await post(client, path, **body)
        assert (answer.status_code, answer.json()["code"]) == (429, "too-many-tries"), path
    other = await new_client()
    assert (await login(other)).status_code == 200


async def test_v6_2_2_after_a_change_only_the_new_password_works(
    client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await register(client)
    assert (await post(client, "password", current_password=PASSWORD, new_password=OTHER_PASSWORD)).status_code == 200
    other = await new_client()
    assert (await login(other)).status_code == 401
    assert (await login(other, OTHER_PASSWORD)).status_code == 200


def test_v6_2_10_nothing_expires_a_password() -> None:
    assert not [name for name in Settings.model_fields if "password" in name and ("expire" in name or "days" in name)]


async def test_v6_passwords_are_stored_slow_salted_and_whole(uow: OpenUow, client: httpx.AsyncClient) -> None:
    await register(client)
    async with uow() as work:
        stored = (await work.session.execute(select(User.password_hash))).scalar_one()
    assert stored.startswith("$bcrypt-sha256$v=2,t=2b,r=4$")
    assert PRODUCTION_BCRYPT_ROUNDS == Settings.model_fields["bcrypt_rounds"].default == 12
    again = await PasswordHasher(4).hash(PASSWORD)
    assert again != stored


async def test_v6_more_hashes_than_fit_are_turned_away_at_once() -> None:
    hasher = PasswordHasher(4)
    waiting = [asyncio.create_task(hasher.hash(PASSWORD)) for _ in range(MAX_QUEUE_LENGTH)]
    await asyncio.sleep(0)
    with pytest.raises(HashingBusyError):
        await hasher.hash(PASSWORD)
    await asyncio.gather(*waiting)
    assert await hasher.hash(PASSWORD)
