"""Guessing (ASVS 6.3): one limit per person under all their names, and the same responses for unknown names."""

import ast
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import event, func, select
from starlette.requests import HTTPConnection

from app.core.clock import utc_now
from app.core.config import Settings
from app.core.resources import Resources
from app.core.security.address import FORWARDED, client_address, limit_key
from app.core.security.passwords import PasswordHasher
from app.features.authentication import rules as sign_in
from app.features.authentication.service.sign_in import FAILED_BY_ADDRESS
from app.models.user import User
from tests.factories.users import PASSWORD
from tests.security.people import (
    API,
    NewClient,
    OpenUow,
    Settle,
    changed,
    client_of,
    kinds,
    login,
    post,
    register,
    topics,
)

type AppAt = Callable[[str], httpx.AsyncClient]
APP = Path(__file__).resolve().parents[2] / "app"
NAMES: tuple[dict[str, str], ...] = (
    {"username": "Vera"}, {"email": "vera@example.com"}, {"phone": "+79991234567"}, {"identifier": "VERA"},
    {"username": " VERA@EXAMPLE.com "}, {"identifier": "8 (999) 123-45-67"}, {"username": "ｖｅｒａ"},
    {"phone": "8-999-123-45-67"}, {"username": "+7 999 123 45 67"},
)  # fmt: skip


def same(answer: httpx.Response) -> tuple[object, ...]:
    """Return all that an attacker can observe of a response."""
    body = {name: value for name, value in answer.json().items() if name != "request_id"}
    headers = sorted(name for name in answer.headers if name != "x-request-id")
    return answer.status_code, body, headers


@contextmanager
def counted(resources: Resources) -> Generator[dict[str, int]]:
    """Count the password hashes and the statements of a request."""
    seen = {"hashes": 0, "statements": 0}
    work = PasswordHasher._work

    def counting(self: PasswordHasher, password: str, stored: str | None) -> tuple[str | None, bool]:
        seen["hashes"] += 1
        assert stored is None or "r=4$" in stored
        return work(self, password, stored)

    def statement(*_arguments: object) -> None:
        seen["statements"] += 1

    event.listen(resources.engine.sync_engine, "before_cursor_execute", statement)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PasswordHasher, "_work", counting)
        try:
            yield seen
        finally:
            event.remove(resources.engine.sync_engine, "before_cursor_execute", statement)


async def test_v6_3_1_three_names_in_any_spelling_share_one_budget(
    client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await register(client)
    attacker = await new_client()
    statuses = [
        (await login(attacker, f"guess {turn}", **NAMES[turn])).status_code for turn in range(sign_in.FREE_TRIES)
    ]
    assert statuses == [401] * sign_in.FREE_TRIES
    for names in NAMES:
        # The budget is spent, and the answer does not tell that the names belong together.
        answer = await login(attacker, PASSWORD, **names)
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong-credentials"), names


async def test_v6_3_1_unknown_names_are_counted_and_answered_alike(
    client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await register(client)
    attacker = await new_client()
    with time_machine.travel(utc_now(), tick=False):
        for known, unknown in (
            ({"username": "Vera"}, {"username": "Nobody"}),
            ({"username": "Vera"}, {"username": "nobody@example.com"}),
        ):
            client.headers.pop("X-CSRF-TOKEN", None)
            for turn in range(sign_in.FREE_TRIES + 2):
                one = await login(attacker, f"guess {turn}", **known)
                other = await login(attacker, f"guess {turn}", **unknown)
                if unknown["username"] == "Nobody":
                    assert same(one) == same(other), turn
                assert other.status_code == (401 if turn < sign_in.FREE_TRIES else 429)


async def test_v6_3_8_known_and_unknown_names_take_the_same_steps(
    client: httpx.AsyncClient, new_client: NewClient, resources: Resources, settle: Settle
) -> None:
    await register(client)
    stranger = await new_client()
    body = {"password": PASSWORD, "code": "000000"}
    calls = {
        "login": ({"username": "Vera", "password": "wrong one"}, {"username": "Zoya", "password": "wrong one"}),
        "login by e-mail": (
            {"email": "vera@example.com", "password": "x"},
            {"email": "a@example.com", "password": "x"},
        ),
        "reset": ({"identifier": "Vera"}, {"identifier": "Zoya"}),
        "reset by e-mail": ({"identifier": "vera@example.com"}, {"identifier": "zoya@example.com"}),
        "code": ({"identifier": "Vera"} | body, {"identifier": "Zoya"} | body),
    }
    paths = {"login": "login", "reset": "password/reset", "code": "password/reset/confirm"}
    for name, (known, unknown) in calls.items():
        path = paths[name.split(" ")[0]]
        with counted(resources) as hers:
            one = await post(stranger, path, **known)
        with counted(resources) as nobodys:
            other = await post(stranger, path, **unknown)
        assert same(one) == same(other), name
        assert hers["hashes"] == nobodys["hashes"] == (0 if path == "password/reset" else 1), name
        slack = 0 if path == "password/reset" else 3  # a look-up by key or one row of the history: below a millisecond
        assert abs(hers["statements"] - nobodys["statements"]) <= slack, name
    await settle()


async def test_v6_3_8_a_closed_account_answers_as_if_it_were_not_there(
    client: httpx.AsyncClient, new_client: NewClient, resources: Resources
) -> None:
    await register(client)
    await post(client, "deactivate", password=PASSWORD)
    stranger = await new_client()
    with counted(resources) as closed:
        one = await login(stranger, PASSWORD, username="Vera")
    with counted(resources) as nobodys:
        other = await login(stranger, PASSWORD, username="Zoya")
    assert same(one) == same(other)
    assert closed["hashes"] == nobodys["hashes"] == 1


async def test_v6_1_1_delays_grow_end_and_never_lock_for_good(client: httpx.AsyncClient, new_client: NewClient) -> None:
    await register(client)
    attacker, now, waits = await new_client(), utc_now(), []
    for turn in range(sign_in.FREE_TRIES + 9):
        with time_machine.travel(now, tick=False):
            answer = await login(attacker, f"guess {turn}")
            assert answer.status_code == 401
            held = await login(attacker, PASSWORD)
            wait = int(held.headers.get("retry-after", "0"))
            waits.append(wait)
            if held.status_code == 200:
                assert turn < sign_in.FREE_TRIES - 1
                attacker = await new_client()
        now += timedelta(seconds=wait + 1)
    assert waits[sign_in.FREE_TRIES - 1 :][:4] == [6, 11, 21, 41]
    assert max(waits) == sign_in.MAX_DELAY.total_seconds() + 1
    with time_machine.travel(now):
        assert (await login(await new_client())).status_code == 200
    with time_machine.travel(now + sign_in.FAILURES_FORGOTTEN + timedelta(minutes=1)):
        assert (await login(attacker, "one more guess")).status_code == 401
        assert (await login(attacker, "and another")).status_code == 401


async def test_v6_wrong_passwords_do_not_tell_which_names_belong_together(
    client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await register(client)
    attacker = await new_client()
    for turn in range(sign_in.FREE_TRIES):
        assert (await login(attacker, f"guess {turn}", username="Vera")).status_code == 401
    assert (await login(attacker, "guess", username="Vera")).status_code == 429
    others = {"email": ("vera@example.com", "nobody@example.com"), "phone": ("+79991234567", "+79997654321")}
    for kind, (hers, nobodys) in others.items():
        for turn in range(sign_in.FREE_TRIES + 1):
            answers = [await login(attacker, f"guess {turn}", **{kind: name}) for name in (hers, nobodys)]
            assert [answer.status_code for answer in answers] == [401 if turn < sign_in.FREE_TRIES else 429] * 2


async def test_v6_ones_own_success_does_not_reset_the_counter_of_an_attack(
    client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await register(client)
    attacker = await new_client()
    for turn in range(sign_in.FREE_TRIES - 1):
        assert (await login(attacker, f"guess {turn}")).status_code == 401
    assert (await login(await new_client())).status_code == 200
    assert (await login(client)).status_code == 200
    assert (await login(attacker, "the last free guess")).status_code == 401
    assert (await login(attacker, "one too many")).status_code == 429


async def test_v6_1_1_a_known_device_is_not_locked_out_by_strangers(
    client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await register(client)
    attacker = await new_client()
    await register(attacker, username="Mallory", email="mallory@example.com", phone=None)
    for turn in range(sign_in.FREE_TRIES):
        assert (await login(attacker, f"guess {turn}", username="Vera")).status_code == 401
    assert (
        await login(attacker, username="Vera")
    ).status_code == 429  # a device known to another account gives no second budget
    assert (await login(await new_client())).status_code == 429
    assert (await login(client, username="Vera")).status_code == 200
    for turn in range(sign_in.FREE_TRIES):
        assert (await login(client, f"guess {turn}", username="Vera")).status_code == 401
    assert (await login(client, username="Vera")).status_code == 429  # and it has a limit, too


async def test_v6_3_1_one_password_for_many_names_meets_the_limit_of_the_address(
    client: httpx.AsyncClient, app_at: AppAt, resources: Resources
) -> None:
    await register(client)
    attacker = app_at("93.184.216.9")
    for _ in range(FAILED_BY_ADDRESS.times - 1):
        await resources.limiter.count(FAILED_BY_ADDRESS, "93.184.216.9")
    assert (await login(attacker, "Winter2026!", username="somebody")).status_code == 401
    with counted(resources) as seen:
        answer = await login(attacker, PASSWORD, username="Vera")
    assert (answer.status_code, seen["hashes"]) == (429, 0)
    assert (await login(app_at("93.184.216.10"), PASSWORD, username="Vera")).status_code == 200
    assert (await login(app_at("127.0.0.1"), PASSWORD, username="Vera")).status_code == 200


@pytest.fixture
def app_at(app: FastAPI) -> AppAt:
    """Return a browser with an IP address."""
    return lambda peer: client_of(app, peer=peer)


async def test_v6_a_forged_address_changes_nothing(app_at: AppAt) -> None:
    attacker = app_at("93.184.216.7")
    statuses = []
    for turn in range(61):
        attacker.headers["X-Forwarded-For"] = f"198.51.100.{turn}"
        attacker.headers["X-Real-IP"] = attacker.headers["Forwarded"] = f"for=198.51.100.{turn}"
        statuses.append((await post(attacker, "password/reset", identifier="nobody")).status_code)
    assert statuses == [202] * 60 + [429]
    await register(attacker)
    address = (await attacker.get(f"{API}/sessions")).json()["items"][0]["address"]
    assert address == "93.184.216.7"


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("203.0.113.7", "198.51.100.1", "", "203.0.113.7"),
        ("10.0.0.2", "198.51.100.1", "", "10.0.0.2"),
        ("10.0.0.2", "198.51.100.1", "10.0.0.0/8", "198.51.100.1"),
        ("10.0.0.2", "6.6.6.6, 198.51.100.1", "10.0.0.0/8", "198.51.100.1"),
        ("10.0.0.2", "6.6.6.6, 198.51.100.1, 10.0.0.3", "10.0.0.0/8", "198.51.100.1"),
        ("10.0.0.2", "198.51.100.1, nonsense", "10.0.0.0/8", FORWARDED),
        ("10.0.0.2", "unknown", "10.0.0.0/8", FORWARDED),
        ("10.0.0.2", "", "10.0.0.0/8", FORWARDED),
        ("10.0.0.2", "10.0.0.3", "10.0.0.0/8", "10.0.0.2"),
        ("10.0.0.2", "198.51.100.1:40512", "10.0.0.0/8", "198.51.100.1"),
        ("10.0.0.2", "[2001:db8::7]:443", "10.0.0.0/8", "2001:db8::7"),
        ("10.0.0.2", "[2001:db8::7]", "10.0.0.0/8", "2001:db8::7"),
        ("10.0.0.2", '"[2001:db8::7]:443"', "10.0.0.0/8", "2001:db8::7"),
        ("10.0.0.2", "6.6.6.6, 198.51.100.1:1, 10.0.0.3:2", "10.0.0.0/8", "198.51.100.1"),
        ("10.0.0.2", "198.51.100.1:port", "10.0.0.0/8", FORWARDED),
        ("no address", "198.51.100.1", "10.0.0.0/8", FORWARDED),
        ("203.0.113.7", "10.0.0.2", "10.0.0.0/8", "203.0.113.7"),
        ("::ffff:10.0.0.2", "198.51.100.1", "10.0.0.0/8", "198.51.100.1"),
    ],
)
def test_v6_behind_none_one_and_two_proxies_the_true_address_counts(
    settings: Settings, peer: str, forwarded: str, trusted: str, expected: str
) -> None:
    scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", forwarded.encode())]}
    assert client_address(HTTPConnection(scope), changed(settings, trusted_proxies=trusted)) == expected


@pytest.mark.parametrize(
    ("client", "forwarded", "trusted", "expected"),
    [
        (("198.51.100.1", 0), "198.51.100.1", "", "127.0.0.1"),
        (("198.51.100.1", 0), "198.51.100.1", "127.0.0.0/8", "198.51.100.1"),
        (("198.51.100.1", 0), "6.6.6.6, 198.51.100.1", "127.0.0.0/8", "198.51.100.1"),
        (("198.51.100.1", 4711), "198.51.100.1:4711", "", FORWARDED),
        (("198.51.100.1", 4711), "6.6.6.6, 198.51.100.1:4711", "127.0.0.0/8", FORWARDED),
        (("2001:db8::1", 4711), "[2001:db8::1]:4711", "", FORWARDED),
        (("198.51.100.1", 4711), "198.51.100.1", "", "198.51.100.1"),
        (("198.51.100.1", 4711), "198.51.100.1:4712", "", "198.51.100.1"),
        (None, "198.51.100.1", "", "127.0.0.1"),
        (None, "198.51.100.1", "127.0.0.0/8", "198.51.100.1"),
    ],
)
def test_v6_what_uvicorn_believes_of_a_loopback_peer_is_not_believed(
    settings: Settings, client: tuple[str, int] | None, forwarded: str, trusted: str, expected: str
) -> None:
    scope = {"type": "http", "client": client, "headers": [(b"x-forwarded-for", forwarded.encode())]}
    assert client_address(HTTPConnection(scope), changed(settings, trusted_proxies=trusted)) == expected


def test_v6_callers_whose_address_is_only_claimed_share_one_limit(settings: Settings) -> None:
    for unknown in (FORWARDED, "nonsense", ""):
        assert limit_key(unknown, settings) == FORWARDED


def test_v6_addresses_of_many_people_and_neighbours_count_as_what_they_are(settings: Settings) -> None:
    for shared in ("127.0.0.1", "::1", "10.1.2.3", "192.168.0.1", "169.254.1.1"):
        assert limit_key(shared, settings) is None
    assert limit_key("8.8.8.8", changed(settings, shared_addresses="8.8.8.0/24")) is None
    assert limit_key("2a00:1:2:3::1", settings) == limit_key("2a00:1:2:3:ffff::9", settings)
    assert limit_key("2a00:1:2:3::1", settings) != limit_key("2a00:1:2:4::1", settings)


async def test_v6_3_2_a_new_installation_has_no_account_and_no_master_key(
    uow: OpenUow, client: httpx.AsyncClient
) -> None:
    async with uow() as work:
        assert (await work.session.execute(select(func.count()).select_from(User))).scalar_one() == 0
    for name in ("admin", "root", "superuser", "test", "demo"):
        for password in ("admin", "password", "superuser", ""):
            answer = await client.post(f"{API}/login", json={"username": name, "password": password})
            assert answer.status_code in (401, 429)


def test_v6_3_4_sessions_are_made_in_one_place_behind_the_counters() -> None:
    callers: dict[str, set[str]] = {"open_session": set(), "set_session_cookies": set()}
    for path in APP.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Call):
                        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                        if name in callers:
                            callers[name].add(function.name)
    assert callers["open_session"] == {"register", "finish_sign_in"}
    assert callers["set_session_cookies"] == {"register", "login", "sign_up", "sign_in", "renew"}


async def test_v6_3_5_a_new_device_is_told_to_the_owner(
    client: httpx.AsyncClient, new_client: NewClient, uow: OpenUow
) -> None:
    await register(client)
    assert (await login(client)).status_code == 200
    assert "new_device_signed_in" not in await topics(uow)
    assert (await login(await new_client())).status_code == 200
    assert (await topics(uow)).count("new_device_signed_in") == 1


async def test_v6_wrong_right_and_delayed_sign_ins_each_leave_a_line(
    client: httpx.AsyncClient, new_client: NewClient, uow: OpenUow
) -> None:
    await register(client)
    attacker = await new_client()
    for turn in range(sign_in.FREE_TRIES):
        await login(attacker, f"guess {turn}")
    await post(client, "logout")
    assert await kinds(uow) == [
        "registered", "signed_in", *["sign_in_failed"] * (sign_in.FREE_TRIES - 1), "sign_in_delayed", "signed_out",
    ]  # fmt: skip
