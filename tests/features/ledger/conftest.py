"""Databases of the ledger: owned by a role that cannot log in, and owned by the role that migrates."""

import asyncio
import os
from collections.abc import AsyncGenerator, Generator

import asyncpg
import pytest
import pytest_asyncio
from alembic import command
from sqlalchemy import make_url

from app.core.database import tls_arguments
from app.core.migrations import config_for
from app.local.servers import ServerAddresses
from tests.conftest import persistently
from tests.features.ledger.books import Books

OWNER = "iplance_ledger"
PASSWORD = "guarded"  # noqa: S105 - of roles that these tests make
SUPERUSER = "IPLANCE_TEST_SUPERUSER_URL"
"""The variable that names a superuser of a server other than the bundled one."""


def address_of(address: str, *, user: str, database: str) -> str:
    """Return an address on the same server for a role that these tests made; the bundled server asks no password."""
    url = make_url(address).set(drivername="postgresql", username=user, password=PASSWORD, database=database)
    return url.render_as_string(hide_password=False)


def superusers(address: str) -> str:
    """Return the address of the same database for a superuser."""
    given = os.environ.get(SUPERUSER)  # noqa: TID251 - given by the test that starts another server
    database = str(make_url(address).database)
    if given is None:
        return address_of(address, user="postgres", database=database)
    return make_url(given).set(drivername="postgresql", database=database).render_as_string(hide_password=False)


async def connect(address: str) -> asyncpg.Connection:
    """Connect to a database; a certificate is checked as in the application."""
    plain = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
    return await asyncpg.connect(plain, **tls_arguments(address))


async def as_superuser(address: str, *statements: str) -> None:
    """Execute statements as a superuser of the server."""
    maintenance = make_url(address).set(database="postgres").render_as_string(hide_password=False)
    connection = await connect(superusers(maintenance))
    try:
        for statement in statements:
            await persistently(connection, statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def guarded_url(servers: ServerAddresses, worker_id: str) -> Generator[str]:
    """A database whose ledger belongs to a role that cannot log in; the address is the application's."""
    name = f"iplance_ledger_{worker_id}_{os.getpid()}"
    address = servers.database_url
    make_owner = (
        f"DO $$ BEGIN CREATE ROLE {OWNER} NOLOGIN; "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    asyncio.run(
        as_superuser(
            address,
            make_owner,
            f"CREATE ROLE {name} LOGIN CREATEROLE PASSWORD '{PASSWORD}'",
            f"GRANT {OWNER} TO {name} WITH ADMIN OPTION",
            f"CREATE DATABASE {name} OWNER {name}",
        )
    )
    made = address_of(address, user=name, database=name)
    command.upgrade(config_for(made), "head")
    asyncio.run(as_superuser(address, f"REVOKE {OWNER} FROM {name} CASCADE", f"ALTER ROLE {name} NOCREATEROLE"))
    yield made
    asyncio.run(as_superuser(address, drop, f"DROP ROLE {name}"))


@pytest.fixture(params=["guarded_url", "database_url"])
def ledger_url(request: pytest.FixtureRequest) -> str:
    """Both databases, one after the other, under the application's role."""
    return str(request.getfixturevalue(request.param))


@pytest_asyncio.fixture(loop_scope="session")
async def books(ledger_url: str) -> AsyncGenerator[Books]:
    """A transaction of the application, rolled back after the test."""
    connection = await connect(ledger_url)
    outer = connection.transaction()
    await outer.start()
    try:
        yield Books(connection)
    finally:
        await outer.rollback()
        await connection.close()
