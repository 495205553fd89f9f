"""A renamed column serves the previous release and this one at the same time."""

import asyncio

import asyncpg
import pytest
from alembic import command
from alembic.config import Config

from app.core.database import Base
from app.models import __all__ as _every_table  # noqa: F401 - fills the metadata
from app.models.previous_release import (
    COLUMNS_OF_THE_PREVIOUS_RELEASE,
    INDEXES_OF_THE_PREVIOUS_RELEASE,
    VIEWS_OF_THE_PREVIOUS_RELEASE,
)
from tests.migrations.conftest import execute, fetch, plain

BEFORE_TOKEN_VERSION, TOKEN_VERSION = "b7d20f6e41ac", "c1f4a82d70be"
DELETE_AFTER, CUSTOMER_STATS, ACCESS_GRANTS = "4e8b1c7a90d2", "d5f70b2c81ae", "2b6c94e1d7f3"
NEEDS_REVIEW, ALERTS_AND_TEMPLATES = "7f12e0a5c36b", "c80d3a6e51f9"
COLUMNS = """
    SELECT table_name, column_name
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
"""
VIEWS = """
    SELECT table_name, is_insertable_into FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'VIEW'
"""
INDEXES = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'ix\\_%'"
USER = """
    INSERT INTO users (id, username, username_key, email, email_key, password_hash{columns})
    VALUES (md5('{name}')::uuid, '{name}', '{name}', '{name}@example.org', '{name}@example.org', '-'{values})
"""
SESSION = """
    INSERT INTO auth_sessions (id, user_id, rotated_at, authenticated_at, last_used_at, expires_at, ends_at{columns})
    VALUES (md5('{name}')::uuid, md5('{name}')::uuid, now(), now(), now(), now(), now(){values})
"""


def insert(statement: str, name: str, **versions: int) -> str:
    """Write a row as a release does that knows only these columns."""
    columns = "".join(f", {column}" for column in versions)
    values = "".join(f", {value}" for value in versions.values())
    return statement.format(name=name, columns=columns, values=values)


def test_columns_of_the_previous_release_are_in_the_database_and_in_no_model(head_database: str) -> None:
    """Whoever drops one takes it out of the list, so that the comparison with the models sees its name again."""
    stored = {tuple(row) for row in asyncio.run(fetch(head_database, COLUMNS))}
    modelled = {(table.name, column.name) for table in Base.metadata.tables.values() for column in table.columns}
    assert COLUMNS_OF_THE_PREVIOUS_RELEASE.keys() == stored - modelled - {("alembic_version", "version_num")}
    assert all(COLUMNS_OF_THE_PREVIOUS_RELEASE.values())


def test_indexes_of_the_previous_release_are_in_the_database_and_in_no_model(head_database: str) -> None:
    stored = {row["indexname"] for row in asyncio.run(fetch(head_database, INDEXES))}
    modelled = {index.name for table in Base.metadata.tables.values() for index in table.indexes}
    assert INDEXES_OF_THE_PREVIOUS_RELEASE.keys() == stored - modelled
    assert all(INDEXES_OF_THE_PREVIOUS_RELEASE.values())


def test_views_of_the_previous_release_are_in_the_database_and_in_no_model(head_database: str) -> None:
    stored = {row["table_name"]: row["is_insertable_into"] for row in asyncio.run(fetch(head_database, VIEWS))}
    assert stored == dict.fromkeys(VIEWS_OF_THE_PREVIOUS_RELEASE, "YES")
    assert not VIEWS_OF_THE_PREVIOUS_RELEASE.keys() & Base.metadata.tables.keys()
    assert all(VIEWS_OF_THE_PREVIOUS_RELEASE.values())


async def versions(connection: asyncpg.Connection, table: str, name: str) -> tuple[int, int]:
    query = f"SELECT epoch, token_version FROM {table} WHERE id = md5($1)::uuid"  # noqa: S608 - a table of this test
    row = await connection.fetchrow(query, name)
    assert row is not None
    return row["epoch"], row["token_version"]


async def test_versions_that_were_there_are_copied(alembic_config: Config, empty_database: str) -> None:
    await asyncio.to_thread(command.upgrade, alembic_config, BEFORE_TOKEN_VERSION)
    for name, version in (("anna", 0), ("boris", 3)):
        rows = [insert(statement, name, epoch=version) for statement in (USER, SESSION)]
        await execute(empty_database, *rows)
    await asyncio.to_thread(command.upgrade, alembic_config, TOKEN_VERSION)
    for table in ("users", "auth_sessions"):
        rows_now = await fetch(empty_database, f"SELECT epoch, token_version FROM {table} ORDER BY epoch")  # noqa: S608
        assert [tuple(row) for row in rows_now] == [(0, 0), (3, 3)]


@pytest.mark.parametrize("column", ["epoch", "token_version"])
async def test_versions_stay_equal_whichever_release_writes(
    alembic_config: Config, empty_database: str, column: str
) -> None:
    await asyncio.to_thread(command.upgrade, alembic_config, TOKEN_VERSION)
    connection = await asyncpg.connect(plain(empty_database))
    try:
        await connection.execute(insert(USER, "default"))
        assert await versions(connection, "users", "default") == (0, 0)
        for name, version in (("first", 0), ("later", 4)):
            await connection.execute(insert(USER, name, **{column: version}))
            await connection.execute(insert(SESSION, name, **{column: version}))
            for table in ("users", "auth_sessions"):
                assert await versions(connection, table, name) == (version, version)
                await connection.execute(f"UPDATE {table} SET {column} = {column} + 1 WHERE id = md5($1)::uuid", name)  # noqa: S608
                assert await versions(connection, table, name) == (version + 1, version + 1)
        other = "epoch" if column == "token_version" else "token_version"
        await connection.execute(f"UPDATE users SET {other} = {other} + 1 WHERE username = 'later'")  # noqa: S608
        assert await versions(connection, "users", "later") == (6, 6)
        with pytest.raises(asyncpg.NotNullViolationError):
            await connection.execute(insert(SESSION, "default"))
    finally:
        await connection.close()


OBJECT = (
    "INSERT INTO file_objects (key, role, size, media_type{columns}) VALUES ('{key}', 'main', 1, 'text/plain'{values})"
)
TIMES = "SELECT doomed_at::date::text, delete_after::date::text FROM file_objects WHERE key = $1"


async def test_times_of_deletion_that_were_there_are_copied(alembic_config: Config, empty_database: str) -> None:
    await asyncio.to_thread(command.upgrade, alembic_config, TOKEN_VERSION)
    await execute(
        empty_database,
        OBJECT.format(key="kept", columns="", values=""),
        OBJECT.format(key="old", columns=", doomed_at", values=", '2026-11-01'"),
    )
    await asyncio.to_thread(command.upgrade, alembic_config, DELETE_AFTER)
    rows = await fetch(empty_database, "SELECT key, doomed_at = delete_after AS same FROM file_objects ORDER BY key")
    assert [tuple(row) for row in rows] == [("kept", None), ("old", True)]


@pytest.mark.parametrize("column", ["doomed_at", "delete_after"])
async def test_times_of_deletion_stay_equal_whichever_release_writes(
    alembic_config: Config, empty_database: str, column: str
) -> None:
    await asyncio.to_thread(command.upgrade, alembic_config, DELETE_AFTER)
    connection = await asyncpg.connect(plain(empty_database))
    other = "doomed_at" if column == "delete_after" else "delete_after"
    try:
        await connection.execute(OBJECT.format(key="a", columns=f", {column}", values=", '2026-11-01'"))
        await connection.execute(OBJECT.format(key="b", columns="", values=""))
        for key, before in (("a", "2026-11-01"), ("b", None)):
            assert tuple(await connection.fetchrow(TIMES, key)) == (before, before)
            for name, value in ((column, "2026-11-02"), (other, "2026-11-03"), (column, None), (other, "2026-11-04")):
                given = f"'{value}'" if value else "NULL"
                await connection.execute(f"UPDATE file_objects SET {name} = {given} WHERE key = $1", key)  # noqa: S608
                assert tuple(await connection.fetchrow(TIMES, key)) == (value, value)
    finally:
        await connection.close()


MARK = """
    INSERT INTO {table} (customer_id, stale_since) VALUES (md5('anna')::uuid, now())
    ON CONFLICT (customer_id) DO UPDATE SET stale_since = coalesce({table}.stale_since, excluded.stale_since)
"""
CLAIM = """
    SELECT customer_id FROM {table} WHERE stale_since IS NOT NULL ORDER BY stale_since LIMIT 1 FOR UPDATE SKIP LOCKED
"""
STORE = """
    INSERT INTO {table} (customer_id, orders_posted, counted_at) VALUES (md5('anna')::uuid, 2, now())
    ON CONFLICT (customer_id) DO UPDATE SET orders_posted = excluded.orders_posted, stale_since = NULL
"""


async def test_statistics_are_marked_claimed_and_stored_under_both_names(
    alembic_config: Config, empty_database: str
) -> None:
    await asyncio.to_thread(command.upgrade, alembic_config, DELETE_AFTER)
    await execute(empty_database, insert(USER, "anna"), MARK.format(table="customer_facts"))
    await asyncio.to_thread(command.upgrade, alembic_config, CUSTOMER_STATS)
    connection = await asyncpg.connect(plain(empty_database))
    rival = await asyncpg.connect(plain(empty_database))
    names = ("customer_facts", "customer_stats")
    try:
        for mine, theirs in (names, names[::-1]):
            async with connection.transaction():
                assert await connection.fetchval(CLAIM.format(table=mine)) is not None
                assert await rival.fetchval(CLAIM.format(table=theirs)) is None
                await connection.execute(STORE.format(table=mine))
            assert await rival.fetchval(f"SELECT orders_posted FROM {theirs} WHERE stale_since IS NULL") == 2  # noqa: S608
            for _time in range(2):
                await rival.execute(MARK.format(table=theirs))
            assert await rival.fetchval("SELECT count(*) FROM customer_stats WHERE stale_since IS NOT NULL") == 1
    finally:
        await connection.close()
        await rival.close()


ORDER = """
    INSERT INTO orders (id, customer_id, title, budget_kind)
    VALUES (md5('order')::uuid, md5('anna')::uuid, 'A', 'open')
"""
GRANT = """
    INSERT INTO {table} (order_id, user_id) VALUES (md5('order')::uuid, md5('boris')::uuid)
    ON CONFLICT DO NOTHING RETURNING created_at IS NOT NULL
"""


async def test_access_is_granted_and_seen_under_both_names(alembic_config: Config, empty_database: str) -> None:
    await asyncio.to_thread(command.upgrade, alembic_config, ACCESS_GRANTS)
    await execute(empty_database, insert(USER, "anna"), insert(USER, "boris"), ORDER)
    names = ("order_guests", "order_access_grants")
    for mine, theirs in (names, names[::-1]):
        assert [tuple(row) for row in await fetch(empty_database, GRANT.format(table=mine))] == [(True,)]
        assert await fetch(empty_database, GRANT.format(table=theirs)) == []
        assert len(await fetch(empty_database, f"SELECT 1 FROM {theirs}")) == 1  # noqa: S608 - a table of this test
        await execute(empty_database, f"DELETE FROM {theirs}")  # noqa: S608 - a table of this test


MARKED = """
    INSERT INTO orders (id, customer_id, title, budget_kind{columns})
    VALUES (md5('{name}')::uuid, md5('anna')::uuid, 'A', 'open'{values})
"""
MARKS = "SELECT needs_look, needs_review FROM orders WHERE id = md5($1)::uuid"


async def test_orders_marked_for_review_are_marked_under_both_names(
    alembic_config: Config, empty_database: str
) -> None:
    await asyncio.to_thread(command.upgrade, alembic_config, ACCESS_GRANTS)
    marked = MARKED.format(name="before", columns=", needs_look", values=", true")
    await execute(empty_database, insert(USER, "anna"), marked)
    await asyncio.to_thread(command.upgrade, alembic_config, NEEDS_REVIEW)
    connection = await asyncpg.connect(plain(empty_database))
    try:
        assert tuple(await connection.fetchrow(MARKS, "before")) == (True, True)
        await connection.execute(MARKED.format(name="plain", columns="", values=""))
        assert tuple(await connection.fetchrow(MARKS, "plain")) == (False, False)
        names = ("needs_look", "needs_review")
        for mine, theirs in (names, names[::-1]):
            await connection.execute(MARKED.format(name=mine, columns=f", {mine}", values=", true"))
            assert tuple(await connection.fetchrow(MARKS, mine)) == (True, True)
            for name, value in ((mine, False), (theirs, True), (theirs, False), (mine, True)):
                await connection.execute(f"UPDATE orders SET {name} = $1 WHERE title = 'A'", value)  # noqa: S608
                assert tuple(await connection.fetchrow(MARKS, mine)) == (value, value)
    finally:
        await connection.close()


DUE = """
    INSERT INTO {table} (owner_id, frequency, due_at) VALUES (md5('anna')::uuid, 'daily', now())
    ON CONFLICT (owner_id, frequency) DO UPDATE SET due_at = {table}.due_at
"""
CLAIM_DUE = "SELECT 1 FROM {table} WHERE due_at <= now() LIMIT 1 FOR UPDATE SKIP LOCKED"
SENT = """
    INSERT INTO {table} (id, owner_id, frequency, period, created_at)
    VALUES (gen_random_uuid(), md5('anna')::uuid, 'daily', '{period}', now()) ON CONFLICT DO NOTHING RETURNING id
"""
QUEUED = """
    INSERT INTO {table} (order_id, queued_at) VALUES (md5('order')::uuid, now())
    ON CONFLICT (order_id) DO UPDATE SET queued_at = excluded.queued_at, after = NULL
"""
TEMPLATE = (
    "INSERT INTO {table} (id, owner_id, name, letter) VALUES (gen_random_uuid(), md5('anna')::uuid, '{table}', 'A')"
)


async def test_alerts_and_templates_are_written_under_both_names(alembic_config: Config, empty_database: str) -> None:
    await asyncio.to_thread(command.upgrade, alembic_config, NEEDS_REVIEW)
    before = TEMPLATE.format(table="letter_templates")
    await execute(empty_database, insert(USER, "anna"), ORDER, before, DUE.format(table="alert_dues"))
    await asyncio.to_thread(command.upgrade, alembic_config, ALERTS_AND_TEMPLATES)
    connection = await asyncpg.connect(plain(empty_database))
    rival = await asyncpg.connect(plain(empty_database))
    try:
        for mine, theirs in (("alert_dues", "alert_schedule"), ("alert_schedule", "alert_dues")):
            await connection.execute(DUE.format(table=mine))
            async with connection.transaction():
                assert await connection.fetchval(CLAIM_DUE.format(table=mine)) == 1
                assert await rival.fetchval(CLAIM_DUE.format(table=theirs)) is None
        for mine, theirs in (("alert_letters", "alert_emails"), ("alert_emails", "alert_letters")):
            assert await connection.fetchval(SENT.format(table=mine, period=mine)) is not None
            assert await connection.fetchval(SENT.format(table=theirs, period=mine)) is None
        for table in ("order_matchings", "order_match_queue", "order_matchings"):
            await connection.execute(QUEUED.format(table=table))
        assert await connection.fetchval("SELECT count(*) FROM order_match_queue") == 1
        await connection.execute(TEMPLATE.format(table="letter_templates"))
        await connection.execute(TEMPLATE.format(table="cover_letter_templates"))
        assert await connection.fetchval("SELECT count(*) FROM letter_templates") == 3
    finally:
        await connection.close()
        await rival.close()
