"""The clock of a trial: it is turned forward only, in PostgreSQL and in every process alike; production refuses it."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import real_now, turned_forward, utc_now
from app.core.clock_reading import ClockTurnedError, read_clock, refuse_turned_clock
from app.core.config import Settings
from app.core.database import Base
from app.core.persistence.trial_clock import TrialClockRepository, database_now
from app.core.resources import Resources

REAL_TIME = {
    "audit_entries",
    "auth_challenges",
    "auth_sessions",
    "document_files",
    "document_sign_codes",
    "file_objects",
    "form_submissions",
    "request_keys",
    "security_events",
}
"""Tables whose defaults keep the time of the machine; those of the outbox and of the ledger do too."""


@pytest.fixture
def production(settings: Settings, resources: Resources) -> Generator[Resources]:
    """The same resources in production."""
    resources.settings = settings.model_copy(update={"environment": "production"})
    yield resources
    resources.settings = settings


async def turn(resources: Resources, by: timedelta) -> None:
    async with resources.sessions() as session, session.begin():
        await TrialClockRepository(session).turn(by)


async def database_time(session: AsyncSession) -> tuple[datetime, datetime]:
    found = (await session.execute(select(text("now()"), database_now()))).one()
    return found[0], found[1]


async def test_database_and_process_are_turned_alike(resources: Resources) -> None:
    await turn(resources, timedelta(days=3))
    assert utc_now() - real_now() < timedelta(seconds=1), "a process that has not read is late, never early"
    assert await read_clock(resources) == turned_forward() == timedelta(days=3)
    assert timedelta(days=3) - timedelta(seconds=1) < utc_now() - real_now() <= timedelta(days=3)
    async with resources.sessions() as session:
        real, turned = await database_time(session)
    assert turned - real == timedelta(days=3)


async def test_a_day_of_the_clock_has_24_hours_in_every_zone(resources: Resources) -> None:
    await turn(resources, timedelta(days=200))
    async with resources.sessions() as session:
        await session.execute(text("SET LOCAL TimeZone = 'Europe/Berlin'"))
        real, turned = await database_time(session)
    assert turned.astimezone(UTC) - real.astimezone(UTC) == timedelta(days=200)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trial_clock SET turned_seconds = turned_seconds - 1",
        "DELETE FROM trial_clock",
        "INSERT INTO trial_clock (id, turned_seconds) VALUES (2, 0)",
        "INSERT INTO trial_clock (id, turned_seconds) VALUES (1, 0)",
    ],
)
async def test_the_database_refuses_to_turn_back(resources: Resources, statement: str) -> None:
    await turn(resources, timedelta(hours=1))
    async with resources.sessions() as session:
        with pytest.raises(DBAPIError):
            await session.execute(text(statement))


async def test_production_keeps_the_time_and_refuses_a_turned_database(production: Resources) -> None:
    await refuse_turned_clock(production)
    await turn(production, timedelta(days=1))
    assert await read_clock(production) == turned_forward() == timedelta()
    with pytest.raises(ClockTurnedError, match="1 day"):
        await refuse_turned_clock(production)


async def test_every_default_of_time_is_decided(resources: Resources) -> None:
    """A new table must not keep the time of the machine beside rules that follow the clock."""
    query = text(
        "SELECT c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d"
        " JOIN pg_class c ON c.oid = d.adrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.adnum"
        " WHERE c.relnamespace = 'public'::regnamespace AND a.atttypid = 'timestamptz'::regtype"
    )
    async with resources.sessions() as session:
        stored: dict[tuple[str, str], str] = {(row[0], row[1]): row[2] for row in await session.execute(query)}
    declared: dict[tuple[str, str], Any] = {
        (table.name, column.name): str(getattr(column.server_default, "arg", ""))
        for table in Base.metadata.tables.values()
        if table.schema is None
        for column in table.columns
        if (table.name, column.name) in stored
    }
    assert stored == declared
    kept = {table for (table, _column), value in stored.items() if value == "now()"}
    assert kept - {"outbox_messages", "inbox_receipts", "dead_letters", "files"} == REAL_TIME
