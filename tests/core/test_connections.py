"""The check for second connections: it detects one wherever it is acquired, and nothing else."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Request
from sqlalchemy import text

from app.core.http.dependencies import ReadSession, Uow, connection_resources
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from tests import connections

ONE = text("SELECT 1")


@pytest.fixture
def app(new_app: FastAPI) -> FastAPI:
    """An application of its own, because routes are added to it."""
    return new_app


def add_routes(app: FastAPI) -> None:
    """Routes that acquire connections in every way."""

    @app.get("/one")
    async def one(session: ReadSession, uow: Uow) -> None:
        """A session that executes nothing holds no connection."""
        await session.execute(ONE)
        assert uow.emitted == 0

    @app.get("/in-turn")
    async def in_turn(request: Request) -> None:
        resources = connection_resources(request)
        for _time in range(2):
            async with unit_of_work(resources) as uow, uow.session.begin_nested():
                await uow.session.execute(ONE)
        if resources.raw_read_pool:
            await resources.raw_read_pool.fetch("SELECT 1")

    @app.get("/nested")
    async def nested(request: Request, session: ReadSession) -> None:
        await session.execute(ONE)
        async with unit_of_work(connection_resources(request)) as uow:
            await uow.session.execute(ONE)

    @app.get("/raw")
    async def raw(request: Request, session: ReadSession) -> None:
        await session.execute(ONE)
        read_pool: Any = connection_resources(request).raw_read_pool
        await read_pool.fetch("SELECT 1")


@pytest_asyncio.fixture(loop_scope="session", params=["in the test's own transaction", "over a real pool"])
async def answered(
    app: FastAPI, live_app: FastAPI, request: pytest.FixtureRequest
) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the application with either kind of connections."""
    asked = live_app if "pool" in request.param else app
    add_routes(asked)
    transport = httpx.ASGITransport(app=connections.WatchConnections(asked))
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as client:
        yield client


@pytest.mark.parametrize("path", ["/one", "/in-turn"])
async def test_one_connection_at_a_time_is_right(answered: httpx.AsyncClient, path: str) -> None:
    assert (await answered.get(path)).status_code == 200
    assert connections.violations == []


async def test_a_second_connection_is_seen(answered: httpx.AsyncClient) -> None:
    assert (await answered.get("/nested")).status_code == 200
    assert len(connections.violations) == 1
    assert "GET /nested takes a second connection" in connections.violations[0]
    assert "test_connections.py" in connections.violations[0]
    connections.violations.clear()


async def test_a_connection_of_the_raw_pool_is_seen_too(live_app: FastAPI, live_resources: Resources) -> None:
    assert live_resources.raw_read_pool is not None
    add_routes(live_app)
    transport = httpx.ASGITransport(app=connections.WatchConnections(live_app))
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as client:
        assert (await client.get("/raw")).status_code == 200
    assert len(connections.violations) == 1
    connections.violations.clear()
