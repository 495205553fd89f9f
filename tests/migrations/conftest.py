"""Separate databases for migrations."""

import asyncio
import os
from collections.abc import Generator

import asyncpg
import pytest
from alembic.config import Config
from sqlalchemy import make_url

from app.core.migrations import config_for
from app.local.servers import ServerAddresses
from tests.conftest import clone, persistently


def plain(address: str) -> str:
    return make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)


async def execute(address: str, *statements: str) -> None:
    connection = await asyncpg.connect(plain(address))
    try:
        for statement in statements:
            await persistently(connection, statement)
    finally:
        await connection.close()


async def fetch(address: str, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(plain(address))
    try:
        return list(await connection.fetch(query))
    finally:
        await connection.close()


@pytest.fixture
def empty_database(servers: ServerAddresses, worker_id: str) -> Generator[str]:
    """An empty database, dropped afterwards."""
    name = f"iplance_migrating_{worker_id}_{os.getpid()}"
    asyncio.run(
        execute(servers.database_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    )
    yield make_url(servers.database_url).set(database=name).render_as_string(hide_password=False)
    asyncio.run(execute(servers.database_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest.fixture
def head_database(servers: ServerAddresses, template: str, worker_id: str) -> Generator[str]:
    """A database at the newest revision: a copy of the template, which the same migrations have made."""
    name = f"iplance_migrated_{worker_id}_{os.getpid()}"
    yield asyncio.run(clone(servers.database_url, template, name))
    asyncio.run(execute(servers.database_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest.fixture
def alembic_config(empty_database: str) -> Config:
    return config_for(empty_database)
