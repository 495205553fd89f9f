"""PostgreSQL that answers nothing: every request is answered in time, and the site works again by itself."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from typing import Any, override
from uuid import uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio
from sqlalchemy import make_url

from app.core.http.dependencies import API_PREFIX, FeatureRouter, iter_routes
from app.main import API_ROUTERS, LINK_ROUTERS, PAGE_ROUTERS
from tests.core.test_stale_connections import SilentNetwork
from tests.e2e.api_clients import Person, somebody
from tests.e2e.stack import Stack

pytestmark = pytest.mark.timeout(600)  # each wait has its own time-out
ANSWER_SECONDS = 5.0
AT_ONCE = 25
"""Requests at the same time: more than the site has connections."""
PARAMETER = re.compile(r"\{(\w+)[^}]*\}")
OWN = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class FrozenNetwork(SilentNetwork):
    """A proxy in front of PostgreSQL that forwards nothing while it is frozen, and accepts connections all the same."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.flows = asyncio.Event()
        self.flows.set()

    @override
    async def _forward(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, silent: asyncio.Event) -> None:
        with suppress(OSError):
            while piece := await source.read(65_536):
                await self.flows.wait()
                sink.write(piece)
                await sink.drain()
        sink.close()


@pytest_asyncio.fixture(loop_scope="session")
async def frozen(new_stack: Callable[..., Stack]) -> AsyncGenerator[tuple[Stack, FrozenNetwork]]:
    """A web process whose connections to PostgreSQL pass a network that can be frozen."""
    stack = new_stack(roles=())
    network = FrozenNetwork(str(stack.database_url))
    async with network as address:
        stack.settings = {"DATABASE_URL": address}
        stack.start_role("web")
        await asyncio.to_thread(stack.wait_ready)
        yield stack, network
        network.flows.set()
        await asyncio.to_thread(stack.processes["web"].stop)


async def onlooker(stack: Stack) -> Any:
    """Connect to the database directly."""
    address = make_url(str(stack.database_url)).set(drivername="postgresql")
    return await asyncpg.connect(address.render_as_string(hide_password=False), timeout=10)


def addresses() -> list[str]:
    """Return an address of every route that reads."""
    groups: Sequence[tuple[str, Sequence[FeatureRouter]]] = (
        (API_PREFIX, API_ROUTERS),
        ("", (*LINK_ROUTERS, *PAGE_ROUTERS)),
    )
    found = {
        prefix + PARAMETER.sub(_value, route.path)
        for prefix, routers in groups
        for router in routers
        for route in iter_routes(router)
        if "GET" in (route.methods or ())
    }
    return sorted(found)


def _value(parameter: re.Match[str]) -> str:
    """Return a value for a parameter of a path."""
    return str(uuid4()) if parameter[1].endswith("id") else "somebody"


async def timed(person: Person, method: str, path: str, **options: Any) -> tuple[str, float, httpx.Response]:
    """Send a request and return how long the answer took."""
    if method == "POST":
        options["headers"] = {"Origin": person.origin, "X-CSRF-TOKEN": person.cookie("csrf_token") or ""}
    began = time.monotonic()
    answer = await person.http.request(method, path, timeout=40, **options)
    return f"{method} {path}", time.monotonic() - began, answer


async def at_once(person: Person, paths: Sequence[str], accept: str) -> list[tuple[str, float, httpx.Response]]:
    """Read addresses, many of them at the same time."""
    found = []
    for first in range(0, len(paths), AT_ONCE):
        asked = [timed(person, "GET", path, headers={"Accept": accept}) for path in paths[first : first + AT_ONCE]]
        found += await asyncio.gather(*asked)
    return found


def in_time(answers: Sequence[tuple[str, float, httpx.Response]]) -> int:
    """Check each answer; return how many reported the outage."""
    slow = {name: round(seconds, 1) for name, seconds, _answer in answers if seconds > ANSWER_SECONDS}
    assert slow == {}
    bugs = {name: answer.status_code for name, _seconds, answer in answers if answer.status_code in (500, 502, 504)}
    assert bugs == {}
    return sum(answer.status_code == 503 for _name, _seconds, answer in answers)


async def healthy(stack: Stack, person: Person) -> None:
    """Wait until the site works again."""
    end = time.monotonic() + 20
    while (await person.http.get("/health/ready")).status_code != 200:
        assert time.monotonic() < end, stack.logs()
        await asyncio.sleep(0.2)


async def test_every_address_answers_in_time_while_nothing_answers_the_site(
    frozen: tuple[Stack, FrozenNetwork],
) -> None:
    stack, network = frozen
    async with await somebody(stack, "frozen", language="ru") as person:
        await at_once(person, addresses(), "text/html")  # the site has as many connections as it ever has
        network.flows.clear()
        answers = await at_once(person, addresses(), "text/html")
        assert in_time(answers) > len(answers) / 2
        page = next(answer for name, _seconds, answer in answers if name == "GET /notifications")
        assert page.status_code == 503
        assert "Сервис временно недоступен" in page.text
        problem = next(answer for name, _seconds, answer in answers if name == "GET /api/v1/auth/me")
        assert problem.json()["code"] == "unavailable"
        assert int(problem.headers["Retry-After"]) > 0
        posted = await asyncio.gather(
            timed(person, "POST", "/notifications/read-all"),
            timed(person, "POST", "/api/v1/auth/login", json={"username": "x", "password": "y"}),
            *(timed(person, "POST", "/api/v1/notifications/read-all") for _ in range(AT_ONCE)),
        )
        assert in_time(posted) == len(posted)
        told = await timed(person, "GET", "/health/ready")
        assert in_time([told]) == 1
        assert told[2].json()["postgresql"] == "unavailable"
        network.flows.set()
        await healthy(stack, person)
        assert in_time(await at_once(person, addresses(), "text/html")) == 0
    await no_connection_is_left(stack)


async def no_connection_is_left(stack: Stack) -> None:
    """Wait until the server has no more connections than the pools, and none of them is inside a transaction."""
    watch = await onlooker(stack)
    try:
        end = time.monotonic() + 15
        while await watch.fetchval(f"SELECT count(*) FROM ({OWN} AND state <> 'idle') busy"):  # noqa: S608 - our own
            assert time.monotonic() < end, await watch.fetch(f"{OWN} AND state <> 'idle'")
            await asyncio.sleep(0.2)
        assert len(await watch.fetch(OWN)) <= 10 + 2 + 4
    finally:
        await watch.close()


async def test_stopped_server_processes_cost_one_answer_each(new_stack: Callable[..., Stack]) -> None:
    stack = await asyncio.to_thread(new_stack, roles=("web",))
    watch = await onlooker(stack)
    async with await somebody(stack, "stopped") as person:
        await at_once(person, addresses()[:AT_ONCE], "text/html")
        stopped = [row["pid"] for row in await watch.fetch(OWN)]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            pages = ["/notifications", "/settings", "/orders?q=site"] * 10
            assert in_time(await at_once(person, pages, "text/html")) > 0
            await healthy(stack, person)
            assert in_time(await at_once(person, pages, "text/html")) == 0, "new server processes answer"
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
    await watch.close()
    await no_connection_is_left(stack)


async def test_a_request_that_waits_for_a_lock_ends_on_the_server_too(new_stack: Callable[..., Stack]) -> None:
    stack = await asyncio.to_thread(new_stack, roles=("web",))
    holder = await onlooker(stack)
    async with await somebody(stack, "locked") as person:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        try:
            login = {"username": "x", "password": "y"}
            asked = [timed(person, "POST", "/api/v1/auth/login", json=login) for _ in range(5)]
            assert in_time(await asyncio.gather(*asked)) == 5
            waiting = f"SELECT count(*) FROM ({OWN} AND wait_event_type = 'Lock') waiting"  # noqa: S608 - our own
            end = time.monotonic() + 5
            while await holder.fetchval(waiting):
                assert time.monotonic() < end
                await asyncio.sleep(0.2)
        finally:
            await transaction.rollback()
            await holder.close()
        await healthy(stack, person)
    await no_connection_is_left(stack)
