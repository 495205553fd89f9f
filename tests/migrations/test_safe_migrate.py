"""`safe_migrate.py` as people run it: by path, from another folder, on a copy of the repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command

from app.scripts.safe_migrate import config_for
from tests.migrations.conftest import fetch

ROOT = Path(__file__).resolve().parents[2]
TABLE = '''

class Ledger(Base):
    """A table of this test."""

    __tablename__ = "test_ledgers"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    note: Mapped[str | None]
'''


class Checkout:
    """A copy of the repository whose models may be changed."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.address = address
        quiet = shutil.ignore_patterns("static", "__pycache__", "*.pyc", "templates")
        shutil.copytree(ROOT / "app", folder / "app", ignore=quiet)
        shutil.copytree(ROOT / "alembic", folder / "alembic", ignore=quiet)
        for name in ("alembic.ini", "pyproject.toml"):
            shutil.copy(ROOT / name, folder / name)
        self.models = folder / "app" / "core" / "persistence" / "outbox.py"

    def versions(self) -> set[str]:
        return {path.name for path in (self.folder / "alembic" / "versions").glob("*.py*")}

    def run(self, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}  # noqa: TID251 - for a child
        return subprocess.run(  # noqa: S603 - our own script
            [sys.executable, str(self.folder / "app" / "scripts" / "safe_migrate.py"), *words],
            cwd=self.folder.parent,
            env={
                **kept,
                "DATABASE_URL": self.address,
                "REDIS_URL": "redis://127.0.0.1:1/0",
                "DATA_DIR": str(self.folder),
            },
            input=stdin or "",
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture
def checkout(tmp_path: Path, empty_database: str) -> Checkout:
    command.upgrade(config_for(empty_database), "head")
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    return Checkout(folder, empty_database)


async def columns(address: str) -> list[str]:
    query = (
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'test_ledgers' ORDER BY ordinal_position"
    )
    return [str(row["column_name"]) for row in await fetch(address, query)]


@pytest.mark.timeout(240)
async def test_a_table_is_added_and_its_column_dropped_only_with_a_separate_yes(checkout: Checkout) -> None:
    nothing = checkout.run("add ledgers", "--yes")
    assert nothing.returncode == 0, nothing.stderr
    assert "nothing to write" in nothing.stdout
    before = checkout.versions()

    models = checkout.models.read_text(encoding="utf-8")
    checkout.models.write_text(models + TABLE, encoding="utf-8")
    drift = checkout.run()
    assert drift.returncode == 1
    assert "Models and migrations differ" in drift.stderr

    added = checkout.run("add ledgers", "--yes")
    assert added.returncode == 0, added.stderr
    assert "CREATE TABLE test_ledgers" in added.stdout
    assert "up, down and up again" in added.stdout
    assert len(checkout.versions() - before) == 1
    assert await columns(checkout.address) == ["id", "note"]

    checkout.models.write_text(models + TABLE.replace("    note: Mapped[str | None]\n", ""), encoding="utf-8")
    refused = checkout.run("drop the note", "--yes")
    assert refused.returncode == 1
    assert "drops a column" in refused.stdout
    assert "--yes-drop" in refused.stderr
    assert await columns(checkout.address) == ["id", "note"]

    alone = checkout.run()
    assert alone.returncode == 1
    assert "Nobody is there to be asked" in alone.stderr

    dropped = checkout.run("--yes", "--yes-drop")
    assert dropped.returncode == 0, dropped.stderr
    assert await columns(checkout.address) == ["id"]
    again = checkout.run()
    assert again.returncode == 0
    assert "up to date" in again.stdout


@pytest.mark.timeout(240)
async def test_what_is_not_safe_is_put_aside_and_a_second_head_is_refused(checkout: Checkout) -> None:
    models = checkout.models.read_text(encoding="utf-8")
    checkout.models.write_text(
        models.replace(
            "    last_error: Mapped[str | None]\n",
            "    last_error: Mapped[str | None] = mapped_column(index=True)\n",
            1,
        ),
        encoding="utf-8",
    )
    before = checkout.versions()
    unsafe = checkout.run("index errors", "--yes")
    assert unsafe.returncode == 1
    assert "require-concurrent-index-creation" in unsafe.stderr
    (aside,) = checkout.versions() - before
    assert aside.endswith(".py.refused")
    checkout.models.write_text(models, encoding="utf-8")

    versions = checkout.folder / "alembic" / "versions"
    newest = max(versions.glob("*.py")).read_text(encoding="utf-8")
    lines = [
        'revision: str = "aaaaaaaaaaaa"' if line.startswith("revision: str") else line for line in newest.splitlines()
    ]
    (versions / "2099-01-01-0000_second.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    two = checkout.run("anything", "--yes")
    assert two.returncode == 1
    assert "two newest migrations" in two.stderr
    assert "down_revision" in two.stderr
