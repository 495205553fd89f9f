"""Connections that were lost while they were idle: the next request gets a new one and does not fail."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core import database
from app.core.database import create_engine, create_read_session_factory, create_session_factory
from app.core.http.dependencies import ReadSession, Uow
from app.core.resources import Resources

POOL = 5
PID = text("SELECT pg_backend_pid()")
END_ALL = text(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid = ANY(:pids)"
)


class SilentNetwork:
    """A proxy in front of PostgreSQL that drops all connections it has, without telling either side."""

    def __init__(self, address: str) -> None:
        self._url = make_url(address)
        self._silent: set[asyncio.Event] = set()
        self._lines: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return self._url.set(host="127.0.0.1", port=port, query={"ssl": "disable"}).render_as_string(False)

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    def drop(self) -> None:
        """Forward nothing more on the present connections; new ones work."""
        for line in self._silent:
            line.set()

    async def _target(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        folder = str(self._url.query.get("host", ""))
        if folder.startswith("/"):
            return await asyncio.open_unix_connection(Path(folder) / f".s.PGSQL.{self._url.port or 5432}")
        return await asyncio.open_connection(self._url.host or "127.0.0.1", self._url.port or 5432)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        silent = asyncio.Event()
        self._silent.add(silent)
        above, below = await self._target()
        async with asyncio.TaskGroup() as pair:
            for source, sink in ((reader, below), (above, writer)):
                task = pair.create_task(self._forward(source, sink, silent))
                self._lines.add(task)

    async def _forward(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, silent: asyncio.Event) -> None:
        with suppress(OSError):
            while piece := await source.read(65_536):
                if not silent.is_set():
                    sink.write(piece)
                    await sink.drain()
        sink.close()


@pytest_asyncio.fixture(loop_scope="session")
async def engine_over(database_url: str) -> AsyncGenerator[tuple[AsyncEngine, SilentNetwork]]:
    """An engine whose connections pass the silent network."""
    network = SilentNetwork(database_url)
    async with network as address:
        made = create_engine(address, pool_size=2)
        yield made, network
        await made.dispose()


def add_routes(app: FastAPI) -> None:
    """Routes that read and write."""

    @app.get("/reading")
    async def read(session: ReadSession) -> int:
        await asyncio.sleep(0.05)
        return int((await session.execute(PID)).scalar_one())

    @app.get("/writing")
    async def write(uow: Uow) -> int:
        found = int((await uow.session.execute(PID)).scalar_one())
        await asyncio.sleep(0.05)
        return found


@pytest.mark.parametrize("route", ["/reading", "/writing"])
async def test_a_restart_of_the_database_fails_no_later_request(
    route: str, live_app: FastAPI, live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    add_routes(live_app)
    before = {(await answer).json() for answer in asyncio.as_completed(live_client.get(route) for _ in range(POOL))}
    assert before
    async with live_resources.sessions() as session, session.begin():
        mine = int((await session.execute(PID)).scalar_one())
        await session.execute(END_ALL, {"pids": sorted(before - {mine})})
    await asyncio.sleep(0.1)  # a connection that ends while it is used fails its request, and that one alone
    answers = await asyncio.gather(*(live_client.get(route) for _ in range(POOL * 2)))
    assert [answer.status_code for answer in answers] == [200] * POOL * 2
    assert not {answer.json() for answer in answers} & (before - {mine})


async def test_connections_that_a_network_dropped_are_replaced_soon(
    engine_over: tuple[AsyncEngine, SilentNetwork], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, network = engine_over
    monkeypatch.setattr(database, "PING_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(database, "PING_SECONDS", 0.5)
    for sessions in (create_session_factory(engine), create_read_session_factory(engine)):
        async with sessions() as session:
            before = (await session.execute(PID)).scalar_one()
        network.drop()
        began = time.monotonic()
        async with sessions() as session:
            assert (await session.execute(PID)).scalar_one() != before
        assert time.monotonic() - began < 5  # the ping, and two seconds in which the driver tries to close


async def test_a_connection_that_still_works_is_kept(
    engine_over: tuple[AsyncEngine, SilentNetwork], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PING_AFTER_SECONDS", 0.0)
    sessions = create_session_factory(engine_over[0])
    async with sessions() as session:
        before = (await session.execute(PID)).scalar_one()
    async with sessions() as session:
        assert (await session.execute(PID)).scalar_one() == before
