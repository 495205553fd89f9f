"""`safe_migrate.py` as people run it: by path, from another folder, on a copy of the repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
        quiet = shutil.ignore_patterns("static", "templates")  # compiled files are taken along: they save a minute
        shutil.copytree(ROOT / "app", folder / "app", ignore=quiet)
        shutil.copytree(ROOT / "alembic", folder / "alembic", ignore=quiet)
        for name in ("alembic.ini", "pyproject.toml"):
            shutil.copy(ROOT / name, folder / name)
        self.models = folder / "app" / "core" / "persistence" / "outbox.py"

    def versions(self) -> set[str]:
        return {path.name for path in (self.folder / "alembic" / "versions").glob("*.py*")}

    def drafts(self) -> list[Path]:
        return sorted((self.folder / "alembic" / "drafts").glob("*.py"))

    def run(self, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        started = self.start(str(self.folder / "app" / "scripts" / "safe_migrate.py"), *words)
        told, errors = started.communicate(stdin or "", timeout=120)
        return subprocess.CompletedProcess(words, started.returncode, told, errors)

    def together(self, *words: str) -> list[tuple[int, str]]:
        """Run a command of the application twice at once; return both exit codes and errors."""
        started = [self.start("-m", "app", *words) for _twice in range(2)]
        errors = [process.communicate("", timeout=120)[1] for process in started]
        return [(process.returncode, said) for process, said in zip(started, errors, strict=True)]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}  # noqa: TID251 - for a child
        return subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, *arguments],
            cwd=self.folder,
            env={
                **kept,
                "DATABASE_URL": self.address,
                "REDIS_URL": "redis://127.0.0.1:1/0",
                "DATA_DIR": str(self.folder),
                "COLUMNS": "500",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def checkout(tmp_path: Path, head_database: str) -> Checkout:
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    return Checkout(folder, head_database)


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

    (draft,) = checkout.drafts()
    assert f"put aside, not part of the history: {Path('alembic/drafts') / draft.name}" in refused.stdout
    assert draft.name not in checkout.versions()
    assert checkout.together("migrate") == [(0, ""), (0, "")]
    assert await columns(checkout.address) == ["id", "note"]

    # A file that drops data and came another way, such as by a merge.
    draft.rename(checkout.folder / "alembic" / "versions" / draft.name)
    for command_of_a_start in ("prepare", "migrate"):
        for code, said in checkout.together(command_of_a_start):
            assert code == 1
            assert "drops a column: ALTER TABLE test_ledgers DROP COLUMN note" in said
            assert "python -m app migrate --yes-drop" in said
            assert "Traceback" not in said
    alone = checkout.run()
    assert alone.returncode == 1
    assert "Nobody is there to be asked" in alone.stderr
    assert await columns(checkout.address) == ["id", "note"]

    assert checkout.together("migrate", "--yes-drop") == [(0, ""), (0, "")]
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
    assert checkout.versions() == before
    assert [path.name for path in checkout.drafts() if "index_errors" in path.name]
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


@pytest.mark.timeout(240)
async def test_a_migration_to_be_filled_in_waits_outside_of_the_history(checkout: Checkout) -> None:
    before = checkout.versions()
    assert "--empty needs words" in checkout.run("--empty").stderr
    made = checkout.run("fill deadlines", "--empty")
    assert made.returncode == 0, made.stderr
    (draft,) = checkout.drafts()
    assert "move it to alembic/versions" in made.stdout
    assert checkout.versions() == before

    content = draft.read_text(encoding="utf-8").replace(
        "revision: str", "import sqlalchemy as sa\nfrom alembic import context, op\n\nrevision: str", 1
    )
    file = checkout.folder / "alembic" / "versions" / draft.name
    for statement, said in (
        (
            "op.execute(\"UPDATE outbox_messages SET topic = '' WHERE attempts > 3\")",
            "rewrites rows: UPDATE outbox_mess",
        ),
        ("op.get_bind().execute(sa.text('DELETE FROM outbox_messages'))", "cannot be read beforehand"),
        ("if not context.is_offline_mode(): op.execute('TRUNCATE users')", "cannot be read beforehand"),
    ):
        filled = content.replace("    pass\n", f"    {statement}\n", 1)
        file.write_text(filled, encoding="utf-8")
        (code, first), second = checkout.together("migrate")
        assert (code, said in first) == (1, True), first
        assert second == (code, first)

    statement = "UPDATE outbox_messages SET topic = topic WHERE false"
    reviewed = 'reviewed: dict[str, str] = {"rewrites rows": "changes nothing"}\n\n\ndef upgrade()'
    filled = content.replace("def upgrade()", reviewed, 1).replace("    pass\n", f'    op.execute("{statement}")\n', 1)
    file.write_text(filled, encoding="utf-8")
    assert checkout.together("migrate") == [(0, ""), (0, "")]
    (row,) = await fetch(checkout.address, "SELECT version_num FROM alembic_version")
    assert row["version_num"] in content
