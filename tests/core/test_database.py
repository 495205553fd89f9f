"""Options of connections: a forgotten transaction ends by a time-out, also behind a pooler."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import create_engine, create_read_session_factory, create_session_factory

IDLE_SECONDS = 0.3
LIMIT = "SELECT setting, reset_val FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'"


@pytest_asyncio.fixture(loop_scope="session", params=["direct", "pooled"])
async def hasty(database_url: str, request: pytest.FixtureRequest) -> AsyncGenerator[tuple[AsyncEngine, str]]:
    """An engine with short time-outs, and the settings that its connections have."""
    address = database_url
    if request.param == "pooled":
        address += ("&" if "?" in database_url else "?") + "pgbouncer=true"
    engine = create_engine(address, pool_size=1, idle_seconds=IDLE_SECONDS)
    yield engine, "0" if request.param == "pooled" else "300"
    await engine.dispose()


async def test_every_transaction_has_the_limit(hasty: tuple[AsyncEngine, str]) -> None:
    engine, own = hasty
    for sessions in (create_session_factory(engine), create_read_session_factory(engine)):
        async with sessions() as session, session.begin():
            assert tuple((await session.execute(text(LIMIT))).one()) == ("300", own)


async def test_a_forgotten_transaction_is_ended_and_the_next_one_works(hasty: tuple[AsyncEngine, str]) -> None:
    sessions = create_session_factory(hasty[0])
    async with sessions() as session:
        await session.execute(text("SELECT 1"))
        await asyncio.sleep(IDLE_SECONDS * 3)
        with pytest.raises(DBAPIError) as ended:
            await session.execute(text("SELECT 1"))
    assert ended.value.connection_invalidated
    async with sessions() as session:
        assert (await session.execute(text("SELECT 42"))).scalar() == 42


async def test_a_connection_may_rest_between_transactions(hasty: tuple[AsyncEngine, str]) -> None:
    sessions = create_session_factory(hasty[0])
    async with sessions() as session:
        first = (await session.execute(text("SELECT pg_backend_pid()"))).scalar()
    await asyncio.sleep(IDLE_SECONDS * 3)
    async with sessions() as session:
        assert (await session.execute(text("SELECT pg_backend_pid()"))).scalar() == first
