"""Makes a database of one's own usable: `uvicorn app.main:app` alone must bring a working site."""

import hashlib
import subprocess
import sys
from pathlib import Path

from app.core.config import ROOT, Settings
from app.core.embedded import ServersError
from app.core.embedded.locks import FileLock

PREPARE_SECONDS = 300


def _mark(settings: Settings) -> Path:
    return settings.data_dir / "run" / "prepared"


def _fingerprint() -> str:
    """Changes with every migration and with the data that is loaded at the start."""
    digest = hashlib.sha256()
    for folder in (ROOT / "alembic" / "versions", ROOT / "app" / "scripts"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.name.encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def is_prepared(settings: Settings) -> bool:
    """Whether this data folder has seen this version's preparation."""
    mark = _mark(settings)
    return mark.exists() and mark.read_text(encoding="ascii") == _fingerprint()


def note_prepared(settings: Settings) -> None:
    """Remember that nothing is left to do."""
    _mark(settings).parent.mkdir(parents=True, exist_ok=True)
    _mark(settings).write_text(_fingerprint(), encoding="ascii")


def prepare_bundled(settings: Settings) -> None:
    """Migrate and load the first data into the bundled database, once per version, in a process of its own.

    An outside database is never touched here: its owner says when to migrate.

    Raises:
        ServersError: It could not be prepared; the message says why.
    """
    if settings.database_url is not None or settings.environment != "development":
        return
    lock = FileLock(settings.data_dir / "run" / "prepare.lock")
    lock.acquire(wait=True)
    try:
        if is_prepared(settings):
            return
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
    finally:
        lock.release()
