"""The lifecycle of accounts in any order of steps, compared with a small model of which sessions are valid.

Hypothesis chooses the steps: registering, signing in by each name, refreshing, replaying an old refresh token, visiting
a page with it, signing out, ending one or all other sessions, a new password, closing the account, an emptied Redis,
time that passes. After every step each token ever issued is sent: those of valid sessions are accepted, no others.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, override

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from hypothesis import HealthCheck
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from app.core.resources import Resources
from app.features.authentication.workflows import COMPARED_PASSWORDS
from tests.security.account_model import Account, Session, Token
from tests.security.people import ACCESS, API, CSRF, DEVICE, REFRESH, changed, client_of, payload_of

MAX_SESSIONS = 3
MAX_ACCOUNTS = 3
MAX_OPENED = 7
FREE_FAILURES = 3
PASSWORDS = [f"a long password of hers, number {number}" for number in range(4)]
STEPS_OF_TIME = {
    "seconds": timedelta(seconds=4),
    "more than the grace": timedelta(seconds=11),
    "more than a proof lasts": timedelta(minutes=6),
    "more than an access token lives": timedelta(minutes=301),
    "most of an idle life": timedelta(days=25),
    "an idle life": timedelta(days=31),
}


@dataclass
class World:
    """The real application, and how to call it from the thread in which Hypothesis runs."""

    app: FastAPI
    resources: Resources
    wait: Callable[[Coroutine[Any, Any, Any]], Any]
    people: int = 0
    steps: int = 0


class AccountLife(RuleBasedStateMachine):
    """The steps. Each is executed by the application and by the model, which must agree."""

    world: ClassVar[World]
    sessions: Bundle[Session] = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.known: list[Account] = []
        self.now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - start of the model's own clock
        self.empty_redis()

    # Requests

    def _all(self, *requests: Callable[[httpx.AsyncClient], Coroutine[Any, Any, httpx.Response]]) -> list[Any]:
        async def send() -> list[httpx.Response]:
            async with client_of(self.world.app) as client:
                return await asyncio.gather(*(request(client) for request in requests))

        with time_machine.travel(self.now, tick=False):
            found: list[Any] = self.world.wait(send())
        return found

    def _send(
        self, method: str, path: str, cookies: dict[str, str] | None = None, body: dict[str, Any] | None = None
    ) -> httpx.Response:
        self.now += timedelta(seconds=1)
        self.world.steps += 1
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())}
        if cookies is not None:
            headers["X-CSRF-TOKEN"] = cookies[CSRF]
        found: httpx.Response = self._all(
            lambda client: client.request(method, f"{API}/{path}", headers=headers, json=body)
        )[0]
        return found

    def _opened(self, account: Account, answer: httpx.Response) -> Session:
        settings, cookies = self.world.resources.settings, answer.cookies
        ends = self.now + timedelta(days=settings.session_absolute_days)
        expires = min(self.now + timedelta(days=settings.refresh_token_expire_days), ends)
        session = Session(
            id=payload_of(cookies[ACCESS])["sid"], account=account, csrf=cookies[CSRF], device=cookies[DEVICE],
            opened=self.now, proved=self.now, expires=expires, ends=ends, access=[], refresh=[],
        )  # fmt: skip
        living = [other for other in account.sessions if other.lives(self.now)]
        for oldest in living[: max(0, len(living) - MAX_SESSIONS + 1)]:
            oldest.ended = True
        account.sessions.append(session)
        session.refresh.append(Token(cookies[REFRESH], expires))
        self._take_access(session, answer)
        return session

    def _take_access(self, session: Session, answer: httpx.Response) -> None:
        life = timedelta(minutes=self.world.resources.settings.access_token_expire_minutes)
        session.access.append(Token(answer.cookies[ACCESS], min(self.now + life, session.expires)))

    def _rotated(self, session: Session, answer: httpx.Response) -> None:
        settings = self.world.resources.settings
        session.rotated.append(self.now)
        session.expires = min(self.now + timedelta(days=settings.refresh_token_expire_days), session.ends)
        assert answer.cookies[REFRESH] not in [token.text for token in session.refresh]
        session.refresh.append(Token(answer.cookies[REFRESH], session.expires))
        self._take_access(session, answer)

    def _may_write(self, session: Session) -> bool:
        return session.lives(self.now) and self.now < session.access[-1].lapses

    def _pace(self, account: Account) -> None:
        """Let time pass so that password confirmations stay below their limit, which has its own tests."""
        window = timedelta(seconds=COMPARED_PASSWORDS.seconds)
        account.proofs = [moment for moment in account.proofs if self.now - moment <= window]
        if len(account.proofs) >= COMPARED_PASSWORDS.times - 1:
            self.now += window
        account.proofs.append(self.now)

    def _opened_so_far(self) -> int:
        return sum(len(account.sessions) for account in self.known)

    # Steps

    @initialize(target=sessions)
    def begin(self) -> Session:
        return self.register_somebody()

    @precondition(lambda self: len(self.known) < MAX_ACCOUNTS)
    @rule(target=sessions)
    def register(self) -> Session:
        return self.register_somebody()

    def register_somebody(self) -> Session:
        self.world.people += 1
        number = self.world.people
        names = {"username": f"Vera{number}", "email": f"Vera{number}@Example.com", "phone": f"+7999{number:07}"}
        account = Account(names, PASSWORDS[0])
        self.known.append(account)
        answer = self._send("POST", "register", None, names | {"password": account.password})
        assert answer.status_code == 201, answer.text
        return self._opened(account, answer)

    @precondition(lambda self: self._opened_so_far() < MAX_OPENED)
    @rule(target=sessions, session=sessions, by=st.sampled_from(["username", "email", "phone", "identifier"]))
    def sign_in(self, session: Session, by: str) -> Session:
        account = session.account
        name = account.names["email" if by == "identifier" else by]
        answer = self._send("POST", "login", None, {by: name.upper(), "password": account.password})
        if not account.active:
            account.failures += 1
            assert answer.status_code in (401, 429), answer.text
            return session
        assert answer.status_code == 200, answer.text
        return self._opened(account, answer)

    @precondition(lambda self: self._opened_so_far() < MAX_OPENED)
    @rule(target=sessions, session=sessions)
    def sign_in_again_in_the_same_browser(self, session: Session) -> Session:
        account = session.account
        body = {"username": account.names["username"], "password": account.password}
        answer = self._send("POST", "login", session.cookies(), body)
        if not account.active:
            account.failures += 1
            assert answer.status_code in (401, 429), answer.text
            return session
        assert answer.status_code == 200, answer.text
        session.ended = True
        return self._opened(account, answer)

    @rule(session=sessions, old=st.booleans())
    def sign_in_with_a_wrong_password(self, session: Session, old: bool) -> None:
        account = session.account
        if account.failures >= FREE_FAILURES:
            return
        account.failures += 1
        password = account.old_passwords[-1] if old and account.old_passwords else "not the password of anybody"
        answer = self._send("POST", "login", None, {"username": account.names["username"], "password": password})
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong-credentials")

    @rule(session=sessions)
    def refresh(self, session: Session) -> None:
        answer = self._send("POST", "refresh", session.cookies())
        assert answer.status_code == (200 if session.lives(self.now) else 401), answer.text
        if session.lives(self.now):
            self._rotated(session, answer)

    @rule(session=sessions)
    def visit(self, session: Session) -> None:
        answer = self._send("GET", "me", session.cookies())
        assert answer.status_code == (200 if session.lives(self.now) else 401), answer.text
        if session.lives(self.now) and self.now >= session.access[-1].lapses:
            self._rotated(session, answer)

    @rule(session=sessions)
    def stay_for_months(self, session: Session) -> None:
        for _ in range(4):
            self.now += STEPS_OF_TIME["most of an idle life"]
            self.refresh(session)

    @rule(
        session=sessions,
        age=st.integers(1, 3),
        pause=st.sampled_from(["seconds", "more than the grace"]),
        way=st.sampled_from(["refresh", "visit"]),
    )
    def replay(self, session: Session, age: int, pause: str, way: str) -> None:
        while session.lives(self.now) and len(session.refresh) <= age:
            self.refresh(session)
        if len(session.refresh) <= age:
            return
        self.now += STEPS_OF_TIME[pause]
        old = session.refresh[-1 - age]
        # A visit refreshes the session only if the access cookie is invalid.
        cookies = session.cookies(access="gone", refresh=old.text)
        answer = self._send(*(("POST", "refresh") if way == "refresh" else ("GET", "me")), cookies)
        grace = timedelta(seconds=self.world.resources.settings.refresh_grace_seconds)
        if not session.lives(self.now) or self.now >= old.lapses:
            assert answer.status_code == 401
        elif self.now - session.rotated[-age] <= grace:
            assert answer.status_code == 200, answer.text
            assert answer.cookies[REFRESH] == session.refresh[-1].text, "many tabs share the active token"
            self._take_access(session, answer)
        else:
            assert answer.status_code == 401
            if way == "refresh":
                assert answer.json()["code"] == "session-replayed"
            session.ended = True

    @rule(session=sessions)
    def sign_out(self, session: Session) -> None:
        assert self._send("POST", "logout", session.cookies()).status_code == 200
        session.ended = True

    @rule(session=sessions, which=st.integers(0, MAX_OPENED))
    def end_one(self, session: Session, which: int) -> None:
        account = session.account
        other = account.sessions[which % len(account.sessions)]
        self._pace(account)
        proof = {"current_password": account.password}
        answer = self._send("DELETE", f"sessions/{other.id}", session.cookies(), proof)
        if not self._may_write(session):
            assert answer.status_code == 401
        else:
            assert answer.status_code == (200 if other.lives(self.now) else 404), answer.text
            other.ended = True

    @rule(session=sessions, stranger=sessions)
    def end_one_of_somebody_else(self, session: Session, stranger: Session) -> None:
        if session.account is stranger.account:
            return
        self._pace(session.account)
        proof = {"current_password": session.account.password}
        answer = self._send("DELETE", f"sessions/{stranger.id}", session.cookies(), proof)
        assert answer.status_code == (404 if self._may_write(session) else 401)

    @rule(session=sessions)
    def end_others(self, session: Session) -> None:
        answer = self._send("POST", "sessions/end-others", session.cookies())
        if not self._may_write(session):
            assert answer.status_code == 401
        elif self.now - session.proved > timedelta(minutes=self.world.resources.settings.reauthentication_minutes):
            assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication-required")
        else:
            assert answer.status_code == 200, answer.text
            session.account.end(but=session)

    @rule(session=sessions, new=st.sampled_from(PASSWORDS), others=st.booleans())
    def change_password(self, session: Session, new: str, others: bool) -> None:
        account = session.account
        self._pace(account)
        body = {"current_password": account.password, "new_password": new, "end_other_sessions": others}
        answer = self._send("POST", "password", session.cookies(), body)
        if not self._may_write(session):
            assert answer.status_code == 401
            return
        assert answer.status_code == 200, answer.text
        if new != account.password:
            account.old_passwords = [old for old in (*account.old_passwords, account.password) if old != new]
        account.password = new
        if others:
            account.end(but=session)

    @rule(session=sessions)
    def deactivate(self, session: Session) -> None:
        self._pace(session.account)
        answer = self._send("POST", "deactivate", session.cookies(), {"password": session.account.password})
        assert answer.status_code == (200 if self._may_write(session) else 401), answer.text
        if answer.status_code == 200:
            session.account.active = False
            session.account.end()

    @rule()
    def empty_redis(self) -> None:
        async def flush() -> None:
            await self.world.resources.redis.flushdb()

        self.world.wait(flush())

    @rule(step=st.sampled_from(sorted(STEPS_OF_TIME)))
    def time_passes(self, step: str) -> None:
        self.now += STEPS_OF_TIME[step]

    # Invariants after every step

    @invariant()
    def each_token_answers_exactly_while_its_session_lives(self) -> None:
        held = [(session, token) for one in self.known for session in one.sessions for token in session.access[-2:]]

        def ask(token: Token) -> Callable[[httpx.AsyncClient], Coroutine[Any, Any, httpx.Response]]:
            return lambda client: client.get(f"{API}/me", headers={"Authorization": f"Bearer {token.text}"})

        answers = self._all(*(ask(token) for _session, token in held))
        for (session, token), answer in zip(held, answers, strict=True):
            expected = session.lives(self.now) and self.now < token.lapses
            assert answer.status_code == (200 if expected else 401), (session, answer.text)
            if expected:
                assert answer.json()["username"] == session.account.names["username"]

    @invariant()
    def the_owner_sees_exactly_the_living_sessions(self) -> None:
        for account in self.known:
            living = [session for session in account.sessions if session.lives(self.now)]
            asking = [session for session in living if self.now < session.access[-1].lapses]
            assert len(living) <= MAX_SESSIONS
            if asking:
                bearer = {"Authorization": f"Bearer {asking[-1].access[-1].text}"}
                answer = self._all(lambda client, by=bearer: client.get(f"{API}/sessions", headers=by))[0]  # type: ignore[misc]
                assert {item["id"] for item in answer.json()["items"]} == {session.id for session in living}

    @override
    def teardown(self) -> None:
        """Try every refresh token of ended sessions: all are refused."""
        for account in self.known:
            for session in account.sessions:
                for token in () if session.lives(self.now) else session.refresh:
                    answer = self._send("POST", "refresh", session.cookies(refresh=token.text))
                    assert answer.status_code == 401, session
        self.each_token_answers_exactly_while_its_session_lives()


async def live(app: FastAPI, resources: Resources, **options: Any) -> World:
    """Run Hypothesis in a separate thread; the application runs in this event loop."""
    loop = asyncio.get_running_loop()
    resources.settings = changed(resources.settings, max_sessions=MAX_SESSIONS)

    def wait(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    world = World(app, resources, wait)
    chosen = profile(
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much),
        **options,
    )
    await asyncio.to_thread(run_machine, type("Life", (AccountLife,), {"world": world}), settings=chosen)
    return world


@pytest.mark.timeout(420)
async def test_a_session_answers_exactly_as_long_as_the_model_says(
    live_app: FastAPI, live_resources: Resources
) -> None:
    world = await live(live_app, live_resources, max_examples=20, stateful_step_count=30, derandomize=True)
    assert world.steps > 150, "hardly anything was tried"


@pytest.mark.campaign
@pytest.mark.timeout(1_800)
async def test_a_session_answers_exactly_as_the_model_says_for_long(
    live_app: FastAPI, live_resources: Resources
) -> None:
    world = await live(live_app, live_resources, max_examples=600, stateful_step_count=60)
    assert world.steps > 10_000
