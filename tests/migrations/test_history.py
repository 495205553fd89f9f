"""The whole history: stairway, drift, lint, data kept, one process at a time."""

import asyncio
import re
import sys
from pathlib import Path

import asyncpg
import pytest
from alembic import command, util
from alembic.config import Config
from alembic.script import Script, ScriptDirectory

from app.core.migrations import MigrationRefusedError, config_for, losses, pending, sql_of, unreviewed_losses
from app.scripts import safe_migrate
from tests.migrations.conftest import execute, fetch, plain

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ScriptDirectory.from_config(config_for())
HISTORY = list(reversed(list(SCRIPTS.walk_revisions())))
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"


def test_there_is_one_head_and_no_branch() -> None:
    assert len(SCRIPTS.get_heads()) == 1
    assert len(SCRIPTS.get_bases()) == 1
    assert all(not script.is_merge_point for script in HISTORY)


def test_every_migration_goes_up_down_and_up(alembic_config: Config, empty_database: str) -> None:
    for script in HISTORY:
        command.upgrade(alembic_config, script.revision)
        command.downgrade(alembic_config, str(script.down_revision or "base"))
        command.upgrade(alembic_config, script.revision)
    command.check(alembic_config)
    command.downgrade(alembic_config, "base")
    left = asyncio.run(fetch(empty_database, TABLES))
    assert [row["table_name"] for row in left] == ["alembic_version"]


def test_the_sql_is_safe_to_run_beside_people() -> None:
    safe_migrate.lint_sql(sql_of(None, "head"))


@pytest.mark.parametrize("path", sorted((ROOT / "alembic" / "versions").glob("*.py")), ids=lambda path: path.stem)
def test_a_migration_has_a_dated_name_and_stands_alone(path: Path) -> None:
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}-\d{4}_[a-z0-9_]+", path.stem)
    assert not re.search(r"^\s*(?:from|import) app\b", path.read_text(encoding="utf-8"), re.MULTILINE)


def test_data_is_kept_by_a_second_run(head_database: str) -> None:
    insert = "INSERT INTO outbox_messages (topic, payload) VALUES ('tests.kept', '{\"a\": 1}')"
    asyncio.run(execute(head_database, insert))
    command.upgrade(config_for(head_database), "head")
    rows = asyncio.run(fetch(head_database, "SELECT topic FROM outbox_messages"))
    assert [row["topic"] for row in rows] == ["tests.kept"]


async def test_two_processes_at_once_migrate_once(empty_database: str) -> None:
    # Alembic keeps its context in a global, so each of them runs in its own process.
    code = (
        "import sys; from alembic import command; from app.core.migrations import config_for; "
        "command.upgrade(config_for(sys.argv[1]), 'head')"
    )
    started = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", code, empty_database, cwd=ROOT)
        for _process in range(3)
    ]
    assert [await process.wait() for process in started] == [0, 0, 0]
    rows = await fetch(empty_database, "SELECT version_num FROM alembic_version")
    assert [row["version_num"] for row in rows] == SCRIPTS.get_heads()


async def test_a_migration_does_not_queue_behind_a_long_reader(empty_database: str) -> None:
    """A waiting ALTER would block all other statements: it fails within seconds and leaves no change."""
    config = config_for(empty_database)
    await asyncio.to_thread(command.upgrade, config, HISTORY[0].revision)
    reader = await asyncpg.connect(plain(empty_database))
    try:
        async with reader.transaction():
            await reader.execute("SELECT 1 FROM outbox_messages")
            began = asyncio.get_running_loop().time()
            with pytest.raises(Exception, match="lock timeout"):
                await asyncio.to_thread(command.downgrade, config, "base")
            assert asyncio.get_running_loop().time() - began < 12
    finally:
        await reader.close()
    assert await fetch(empty_database, "SELECT version_num FROM alembic_version")


async def test_whoever_comes_second_says_so_when_the_first_takes_too_long(empty_database: str) -> None:
    holder = await asyncpg.connect(plain(empty_database))
    try:
        async with holder.transaction():
            await holder.execute("SELECT pg_advisory_xact_lock(4927110301)")
            config = config_for(empty_database)
            config.attributes["lock_wait"] = 0.5
            with pytest.raises(RuntimeError, match="another migration"):
                await asyncio.to_thread(command.upgrade, config, "head")
    finally:
        await holder.close()


def test_a_database_of_a_newer_release_is_refused(head_database: str) -> None:
    asyncio.run(execute(head_database, "UPDATE alembic_version SET version_num = 'fedcba987654'"))
    with pytest.raises(MigrationRefusedError, match="newer release"):
        pending(SCRIPTS, "fedcba987654", SCRIPTS.get_current_head())
    with pytest.raises(util.CommandError):
        command.upgrade(config_for(head_database), "head")


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("ALTER TABLE orders DROP COLUMN budget;", ["drops a column"]),
        ("DROP TABLE orders;", ["drops a table"]),
        ("UPDATE orders SET title = ''; UPDATE alembic_version SET version_num='x';", ["rewrites rows"]),
        ("DELETE FROM orders WHERE true; DELETE FROM alembic_version;", ["deletes rows"]),
        ("ALTER TABLE orders ALTER COLUMN id TYPE BIGINT;", ["changes the type of a column"]),
        ("ALTER TABLE orders RENAME COLUMN a TO b;", ["renames something the previous release still uses"]),
        ("-- DROP TABLE orders\nCREATE TABLE a (id BIGINT); ALTER TABLE a ADD COLUMN b TEXT;", []),
        ("DROP INDEX ix_orders_a;", []),
        ("ALTER TABLE orders DROP budget;", ["drops a column"]),
        ("ALTER TABLE ONLY orders\n  DROP IF EXISTS budget CASCADE;", ["drops a column"]),
        ("DROP TYPE mood CASCADE;", ["drops a column"]),
        ("ALTER TABLE a DROP CONSTRAINT b; ALTER TABLE a ALTER b DROP NOT NULL, ALTER c DROP DEFAULT;", []),
        ("DROP SCHEMA old CASCADE;", ["drops a table"]),
        ("UPDATE ONLY orders AS o SET title = ''; UPDATE \"odd name\" o SET a = 1;", ["rewrites rows"] * 2),
        ("UPDATE/* quick */orders -- all\n SET title = '';", ["rewrites rows"]),
        ("INSERT INTO a VALUES ('--', 1) ON CONFLICT (b) DO UPDATE SET b = 2;", ["rewrites rows"]),
        ("MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE;", ["rewrites rows"]),
        ("DO $$ BEGIN EXECUTE 'DROP TABLE orders'; END $$;", ["drops a table"]),
        ('ALTER TABLE orders ALTER "id" SET DATA TYPE text;', ["changes the type of a column"]),
        ("ALTER TYPE mood RENAME VALUE 'a' TO 'b';", ["renames something the previous release still uses"]),
        ("CREATE TABLE a (b bigint REFERENCES c ON UPDATE SET NULL ON DELETE SET DEFAULT); /* DROP TABLE a */", []),
        ("CREATE TRIGGER t BEFORE UPDATE OF a OR DELETE OR TRUNCATE ON b EXECUTE FUNCTION f();", []),
    ],
)
def test_what_cannot_be_taken_back_is_named(sql: str, found: list[str]) -> None:
    assert [line.split(":")[0] for line in losses(sql)] == found


@pytest.mark.parametrize("script", HISTORY, ids=lambda script: script.revision)
def test_a_start_applies_what_is_shipped(script: Script) -> None:
    """A migration that drops or rewrites data says in `reviewed` why that loses nothing (alembic/README)."""
    assert unreviewed_losses(script) == []


def test_going_down_is_for_scratch_databases_only(empty_database: str) -> None:
    with pytest.raises(MigrationRefusedError, match="scratch"):
        safe_migrate.rehearse(empty_database, None, "head")
