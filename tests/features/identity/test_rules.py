"""Rules of accounts: names, passwords, delays, and lifetimes of sessions."""

import asyncio
import hashlib
import statistics
import time
from collections.abc import Generator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import override

import httpx
import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core import account_names
from app.core.clock import utc_now
from app.core.resources import Resources
from app.core.security import passwords
from app.core.security.passwords import PasswordHasher
from app.core.unit_of_work import unit_of_work
from app.features.authentication import rules as sign_in_rules
from app.features.authentication import service as authentication
from app.features.authentication.dependencies import AdminActor, ModeratorActor
from app.features.authentication.service import Caller
from app.features.identity import rules, service
from app.main import create_app
from app.models.user import Role
from tests.conftest import SignIn
from tests.factories.commands import OPERATOR
from tests.factories.users import PASSWORD, make_user
from tests.features.identity.test_endpoints import API, VERA, NewClient, csrf

LEAKED = "a password that leaked once"


def problems(password: str, *words: str) -> list[str]:
    return [item.message for item in rules.password_problems(password, words, shortest=8, loc="password")]


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Vera", "vera"),
        (" Вера_П. ", "вера_п."),
        ("ＶＥＲＡ", "vera"),
        ("a-1", "a-1"),
        ("Straße99", None),
        ("x" * 32, "x" * 32),
    ],
)
def test_names_are_compared_folded(typed: str, key: str | None) -> None:
    if key is None:
        with pytest.raises(account_names.InvalidValue):
            rules.username(typed)
    else:
        assert rules.username(typed).key == key


@pytest.mark.parametrize(
    "typed",
    [
        "ab",
        "x" * 33,
        "a b",
        "a@b",
        "vеra",
        "123456",
        "___",
        "admin",
        "A.d.m.i.n",
        "ПОДДЕРЖКА",
        "ve\u200bra",
        "verа",
        "日本語",
        "a\x00b",
    ],
)
def test_names_that_mislead_are_refused(typed: str) -> None:
    with pytest.raises(account_names.InvalidValue):
        rules.username(typed)


def test_staff_may_have_a_reserved_name() -> None:
    assert rules.username("admin", allow_reserved=True).key == "admin"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("+7 999 123-45-67", "+79991234567"), ("8(999)1234567", "+79991234567"), ("+1 202 555 0100", "+12025550100")],
)
def test_numbers_are_stored_in_one_form(typed: str, stored: str) -> None:
    assert account_names.phone(typed, "RU") == stored


@pytest.mark.parametrize("typed", ["12", "phone", "+7999", "+7 999 123-45-67 ext. 5", "+999999999999999999"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(account_names.InvalidValue):
        account_names.phone(typed, "RU")


@given(st.text(max_size=400))
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_is_read_as_exactly_one_name(typed: str) -> None:
    found = account_names.identify(typed, "RU")
    assert [value is not None for value in found.keys.values()].count(True) == 1
    assert account_names.identify(typed, "RU") == found


def test_length_is_the_first_rule() -> None:
    assert problems("short 7") == ["At least {shortest} characters, please; 15 are better."]
    assert problems("eight ok") == []
    assert problems("x" * 600) == ["At most {longest} characters, please."]


def test_three_thousand_common_passwords_are_refused() -> None:
    tried = [word for word in rules.common_passwords() if len(word) >= 8][:3000]
    assert len(tried) == 3000
    assert all(problems(word) and problems(word.upper()) for word in tried)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=8, max_size=256))
@settings(max_examples=300, deadline=None)
def test_any_characters_make_a_password(password: str) -> None:
    folded = account_names.fold(password)
    if folded not in rules.common_passwords() and len(set(folded)) > 1 and "iplance" not in folded:
        assert all("characters" not in problem for problem in problems(password))


@pytest.mark.parametrize(
    "password", ["iplance2026!", "IPLANCE!!!", "vera@example.com", "12Verochka!", "+79991234567", "aaaaaaaa"]
)
def test_own_names_and_ours_make_no_password(password: str) -> None:
    words = rules.personal_words("Verochka", "vera@example.com", "+79991234567")
    assert problems(password, *words) != []


async def test_passwords_count_to_their_last_byte() -> None:
    hasher = PasswordHasher(4)
    for one, other in (
        ("x" * 100 + "a", "x" * 100 + "b"), ("я" * 128, "я" * 127), ("pass\x00word", "pass\x00other"),
        (" spaces ", "spaces"), ("Case", "case"), ("e\u0301", "\u00e9"),
    ):  # fmt: skip
        stored = await hasher.hash(one)
        assert (await hasher.verify(one, stored))[0]
        assert not (await hasher.verify(other, stored))[0]


async def test_an_unknown_name_costs_as_much_as_a_wrong_password() -> None:
    hasher = PasswordHasher(8)
    stored = await hasher.hash(PASSWORD)
    spent: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(40):
        began = time.perf_counter()
        assert not (await hasher.verify("wrong", stored if turn % 2 else None))[0]
        spent[bool(turn % 2)].append(time.perf_counter() - began)
    known, unknown = (min(spent[kind]) for kind in (True, False))
    assert abs(known - unknown) < 0.005, statistics.median(spent[True])


async def test_hashing_leaves_the_loop_free() -> None:
    hasher = PasswordHasher(10)
    work = asyncio.gather(*(hasher.hash(PASSWORD) for _ in range(4)))
    turns = 0
    while not work.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert turns > 5
    await work


def test_delays_grow_and_never_last_for_good() -> None:
    delays = [sign_in_rules.sign_in_delay(failures) for failures in range(100)]
    assert delays[:5] == [timedelta(0)] * 5
    assert delays == sorted(delays)
    assert delays[-1] == timedelta(minutes=15)


@pytest.fixture
def breached_service() -> Generator[str]:
    """A range service that knows one password and answers as the public one does."""

    class Ranges(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            digest = hashlib.sha1(LEAKED.encode(), usedforsecurity=False).hexdigest().upper()
            body = (
                f"{digest[5:]}:17\r\n{'0' * 35}:0\r\n" if self.path == f"/range/{digest[:5]}" else f"{'A' * 35}:3\r\n"
            )
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


async def test_breached_passwords_are_asked_about_and_an_outage_is_decided(
    client: httpx.AsyncClient, resources: Resources, breached_service: str
) -> None:
    def use(**changes: object) -> None:
        resources.settings = resources.settings.model_copy(update=changes)

    use(breached_passwords_url=breached_service)
    leaked = await client.post(f"{API}/register", json=VERA | {"password": LEAKED})
    assert leaked.json()["errors"][0]["msg"].startswith("This password became public")
    use(breached_passwords_url="http://127.0.0.1:1", breached_passwords_required=True)
    closed = await client.post(f"{API}/register", json=VERA)
    assert (closed.status_code, closed.json()["code"]) == (503, "password-service-unavailable")
    use(breached_passwords_required=False)
    assert (await client.post(f"{API}/register", json=VERA)).status_code == 201


async def test_signing_in_again_ends_what_was_planted(
    client: httpx.AsyncClient, new_client: NewClient, sign_in: SignIn
) -> None:
    attacker = await new_client()
    await sign_in(attacker, username="mallory")
    planted = dict(attacker.cookies)
    client.cookies.update(planted)
    answer = await client.post(f"{API}/register", json=VERA, headers={"X-CSRF-TOKEN": planted["csrf_token"]})
    assert answer.status_code == 201
    assert (await attacker.get(f"{API}/me")).status_code == 401


async def test_a_session_ends_idle_and_at_its_absolute_end(client: httpx.AsyncClient, resources: Resources) -> None:
    resources.settings = resources.settings.model_copy(update={"session_absolute_days": 45})
    await client.post(f"{API}/register", json=VERA)
    began, held = utc_now(), dict(client.cookies)
    with time_machine.travel(began + timedelta(days=30, minutes=1)):
        client.cookies.update(held)
        idle = await client.post(f"{API}/refresh", headers={"X-CSRF-TOKEN": held["csrf_token"]})
        assert idle.status_code in (401, 403)
    client.cookies.clear()
    body = {"username": "Vera", "password": PASSWORD}
    assert (await client.post(f"{API}/login", json=body)).status_code == 200
    with time_machine.travel(began + timedelta(days=25)):
        answer = await client.post(f"{API}/refresh", headers=csrf(client))
        assert answer.status_code == 200
        assert answer.json()["session_expires_at"] < (began + timedelta(days=45, minutes=5)).isoformat()
    with time_machine.travel(began + timedelta(days=45, minutes=5)):
        assert (await client.get(f"{API}/me")).status_code == 401


async def test_only_staff_roles_reach_staff_routes(resources: Resources) -> None:
    app = create_app()
    app.state.resources = resources

    @app.get("/api/admin")
    async def admin(actor: AdminActor) -> str:
        return actor.username

    @app.get("/api/moderator")
    async def moderator(actor: ModeratorActor) -> str:
        return actor.username

    opened: dict[str, list[int]] = {}
    for role in Role:
        async with resources.sessions() as session, session.begin():
            user = await make_user(session, role=role)
        async with unit_of_work(resources) as work:
            issued = await authentication.open_session(work, user, Caller())
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="https://localhost",
            headers={"Authorization": f"Bearer {issued.access}"},
        ) as staff:
            opened[role] = [(await staff.get(path)).status_code for path in ("/api/admin", "/api/moderator")]
    assert opened == {Role.USER: [403, 403], Role.MODERATOR: [403, 200], Role.ADMIN: [200, 200]}


async def test_a_new_role_ends_the_sessions_of_the_old_one(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    user = await sign_in(client)
    async with unit_of_work(resources) as work:
        await service.set_role(work, OPERATOR, user.id, Role.MODERATOR)
    assert (await client.get(f"{API}/me")).status_code == 401
    await sign_in(client, user)
    assert (await client.get(f"{API}/me")).json()["role"] == "moderator"


async def test_too_many_waiting_hashes_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MAX_QUEUE_LENGTH", 2)
    hasher = PasswordHasher(8)
    done = await asyncio.gather(*(hasher.hash(PASSWORD) for _ in range(6)), return_exceptions=True)
    assert [isinstance(item, passwords.HashingBusyError) for item in done] == [False] * 2 + [True] * 4
