"""Migrates and seeds the bundled database, so that `uvicorn app.main:app` alone brings up a working site."""

import asyncio
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import asyncpg
from sqlalchemy import make_url

from app.local.servers import ServersError, ServerSettings
from app.local.servers.layout import ROOT
from app.local.servers.locks import FileLock

PREPARE_SECONDS = 300


def _mark(settings: ServerSettings) -> Path:
    return settings.data_dir / "run" / "prepared"


def _fingerprint() -> str:
    """Return a hash that changes with every migration and with the data loaded at the start."""
    digest = hashlib.sha256()
    for folder in (ROOT / "alembic" / "versions", ROOT / "app" / "cli" / "seeding"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.name.encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def newest_revision() -> str | None:
    """Return the head of the migrations, read from their files: importing Alembic would cost a second at each start."""
    revisions: set[str] = set()
    followed: set[str] = set()
    for path in (ROOT / "alembic" / "versions").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        revisions |= set(re.findall(r"^revision\b[^=]*= [\"']([^\"']+)", text, re.MULTILINE))
        followed |= set(re.findall(r"^down_revision\b[^=]*= [\"']([^\"']+)", text, re.MULTILINE))
    heads = revisions - followed
    return heads.pop() if len(heads) == 1 else None


async def applied_revision(address: str) -> str | None:
    """Return the revision of the database."""
    plain = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain, timeout=5)
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            return None
        return str(await connection.fetchval("SELECT version_num FROM alembic_version"))
    finally:
        await connection.close()


async def is_prepared(settings: ServerSettings, address: str) -> bool:
    """Tell whether this version has prepared this data folder, and its database is at the newest revision."""
    mark = _mark(settings)
    if not mark.exists() or mark.read_text(encoding="ascii") != _fingerprint():
        return False
    return await applied_revision(address) == newest_revision()


def mark_prepared(settings: ServerSettings) -> None:
    """Record that the data folder is prepared."""
    _mark(settings).parent.mkdir(parents=True, exist_ok=True)
    _mark(settings).write_text(_fingerprint(), encoding="ascii")


async def prepare_bundled(settings: ServerSettings, address: str) -> None:
    """Migrate and seed the bundled database, once per version, in a separate process.

    An external database is never changed here: its owner decides when to migrate.

    Raises:
        ServersError: The preparation failed; the message says why.
    """
    if settings.database_url is not None or settings.environment != "development":
        return
    lock = FileLock(settings.data_dir / "run" / "prepare.lock")
    await asyncio.to_thread(lock.acquire, wait=True)
    try:
        if not await is_prepared(settings, address):
            await asyncio.to_thread(_prepare)
    finally:
        lock.release()


def _prepare() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", "prepare"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PREPARE_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise ServersError(f"The database could not be prepared: {done.stderr.strip() or done.stdout.strip()}")
