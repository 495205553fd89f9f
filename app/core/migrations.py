"""Pending migrations of a database, and what they would drop or rewrite: the checks before anything is applied."""

import asyncio
import io
import re
from pathlib import Path
from typing import Any

from alembic import command, util
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from app.core.config import ROOT
from app.core.database import applied_revision, asyncpg_url, is_pooled, tls_arguments

_NAME = r'(?:"[^"]+"|\S+)'
DESTRUCTIVE = {
    r"\bDROP\s+(?:FOREIGN\s+)?TABLE\b|\bDROP\s+(?:SCHEMA|DATABASE|OWNED)\b": "drops a table",
    r"\bDROP\s+COLUMN\b"
    r"|\bALTER\s+TABLE\b.*\bDROP\s+(?!COLUMN\b|CONSTRAINT\b|DEFAULT\b|NOT\s+NULL\b|EXPRESSION\b|IDENTITY\b)"
    r"|\bDROP\s+(?:TYPE|DOMAIN|EXTENSION)\b.*\bCASCADE\b": "drops a column",
    r"(?<!OR )(?<!BEFORE )(?<!AFTER )\bTRUNCATE\b": "empties a table",
    r"\bDELETE\s+FROM\b(?!\s+alembic_version\b)": "deletes rows",
    rf"(?<!ON )\bUPDATE\s+(?:ONLY\s+)?(?!alembic_version\b){_NAME}(?:\s*\*)?(?:(?:\s+AS)?\s+{_NAME})?\s+SET\b"
    r"|\bDO\s+UPDATE\s+SET\b|\bMERGE\s+INTO\b": "rewrites rows",
    rf"\bALTER\s+(?:COLUMN\s+)?{_NAME}\s+(?:SET\s+DATA\s+)?TYPE\b": "changes the type of a column",
    rf"\bRENAME\s+(?:(?:COLUMN|VALUE)\s+)?(?:{_NAME}\s+)?TO\b": "renames something the previous release still uses",
}
"""Patterns of statements that cannot be taken back. They are broad: a false alarm costs one confirmation."""
UNSEEN = "runs statements that cannot be read beforehand"
_UNSEEN = re.compile(r"\b(?:get_bind|is_offline_mode|as_sql|Session)\b")
_COMMENTS = re.compile(r"(\bE'(?:\\.|''|[^'\\])*'|'(?:''|[^'])*')|--[^\n]*|/\*.*?\*/", re.IGNORECASE | re.DOTALL)


class MigrationRefusedError(Exception):
    """Nothing was applied; the message is one sentence for the operator."""


def config_for(address: str | None = None, output: io.StringIO | None = None) -> Config:
    """Return Alembic's settings for one database."""
    made = Config(str(ROOT / "alembic.ini"), output_buffer=output, stdout=io.StringIO())
    if address is not None:
        made.attributes["url"] = address
    return made


def migration_engine(address: str) -> AsyncEngine:
    """Build an engine that keeps no connection and, behind a pooler, no prepared statement."""
    caches: dict[str, Any] = (
        {"statement_cache_size": 0, "prepared_statement_cache_size": 0} if is_pooled(address) else {}
    )
    return create_async_engine(
        asyncpg_url(address), poolclass=pool.NullPool, connect_args={"timeout": 10, **tls_arguments(address), **caches}
    )


async def current_revision(address: str) -> str | None:
    """Return the revision that the database is at, None where no migration was applied yet."""
    engine = migration_engine(address)
    try:
        async with AsyncSession(engine) as session:
            return await applied_revision(session)
    finally:
        await engine.dispose()


def one_head(scripts: ScriptDirectory) -> str | None:
    """Return the newest revision; two heads have no order, so they are refused."""
    heads = scripts.get_heads()
    if len(heads) > 1:
        raise MigrationRefusedError(
            f"There are two newest migrations ({', '.join(heads)}): "
            "set `down_revision` of the later one to the other one's id, then run this again."
        )
    return heads[0] if heads else None


def pending(scripts: ScriptDirectory, current: str | None, head: str | None) -> list[Script]:
    """Return the migrations that the database does not have, oldest first."""
    if head is None or current == head:
        return []
    try:
        found = list(scripts.iterate_revisions(head, current or "base"))
    except (util.CommandError, RevisionError) as error:
        raise MigrationRefusedError(
            f"The database is at revision {current}, which is not among the files: it was migrated by a newer release."
        ) from error
    return list(reversed(found))


def sql_of(start: str | None, end: str) -> str:
    """Return the SQL between two revisions, as Alembic would run it."""
    buffer = io.StringIO()
    command.upgrade(config_for(output=buffer), f"{start or 'base'}:{end}", sql=True)
    return buffer.getvalue()


def losses(sql: str) -> list[str]:
    """Return the irreversible effects of the SQL, each with its statement."""
    found: list[str] = []
    for raw in _COMMENTS.sub(lambda comment: comment[1] or " ", sql).split(";"):
        statement = " ".join(raw.split())
        for pattern, what in DESTRUCTIVE.items():
            if re.search(pattern, statement, re.IGNORECASE):
                found.append(f"{what}: {statement[:200]}")
    return found


def unreviewed_losses(script: Script) -> list[str]:
    """Return what a migration would drop or rewrite without having been reviewed.

    A reviewed migration says so itself: `reviewed = {"rewrites rows": "why nothing that people wrote is lost"}`.
    What its file does not declare, or hides from the dry run, counts as not reviewed.
    """
    reviewed: dict[str, str] = getattr(script.module, "reviewed", {})
    unseen = [UNSEEN] if _UNSEEN.search(Path(script.path).read_text(encoding="utf-8")) else []
    try:
        found = losses(sql_of(str(script.down_revision or "base"), script.revision))
    except Exception as error:  # noqa: BLE001 - a migration may raise anything where it expects a connection
        found, unseen = [], [f"{UNSEEN}: {error}"]
    return [loss for loss in unseen + found if loss.split(":")[0] not in reviewed]


def upgrade_database(address: str, *, with_losses: bool = False) -> None:
    """Apply the pending migrations: those that drop or rewrite data only when told to, and then nothing is half done.

    An empty database has nothing to lose, so its first migrations are not checked.

    Args:
        address: The database.
        with_losses: Whether the operator has confirmed the loss.

    Raises:
        MigrationRefusedError: A pending migration drops or rewrites data; none was applied.
    """
    scripts = ScriptDirectory.from_config(config_for())
    head, current = one_head(scripts), asyncio.run(current_revision(address))
    waiting = pending(scripts, current, head)
    if head is None or not waiting:
        return
    if current is not None and not with_losses:
        lost = [f"{script.revision} ({script.doc}) {loss}" for script in waiting for loss in unreviewed_losses(script)]
        if lost:
            raise MigrationRefusedError(
                "The database was not changed, because pending migrations drop or rewrite data:\n"
                + "".join(f"  - {line}\n" for line in lost)
                + "Back up, then run `python -m app migrate --yes-drop`; "
                "a file that is not meant to be applied has to leave alembic/versions."
            )
    # The head that was checked: a file that appears meanwhile waits for the next check.
    command.upgrade(config_for(address), head)
