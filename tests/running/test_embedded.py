"""The bundled servers: shared, restarted, stopped when nobody uses them, and never started on damaged data."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import make_url

from app.local.bootstrap import newest_revision
from app.local.servers import ServerAddresses, ServersError, ensure_servers, programs, release_servers
from app.local.servers.keeper import IDLE_SECONDS
from app.local.servers.layout import SHARED_HOME, Layout, ResolvedLayout
from app.local.servers.locks import FileLock
from tests.running.instance import ROOT, processes_of, wait_until

pytestmark = [pytest.mark.timeout(120)]
END_SECONDS = IDLE_SECONDS + 20


@dataclass(frozen=True)
class Choice:
    """Return the settings with the given data folder."""

    data_dir: Path
    environment: str = "testing"
    database_url: None = None
    redis_url: None = None


@pytest.fixture
def choice(folder: Path) -> Generator[Choice]:
    """A separate data folder, whose servers are stopped after the test."""
    made = Choice(folder / "data")
    yield made
    end(made)


def end(choice: Choice) -> None:
    """Release the servers, stop their supervisor, and wait until nothing is left."""
    release_servers(choice.data_dir)
    layout = Layout(choice.data_dir)
    note = FileLock(layout.keeper_lock).read().strip()
    if note and not FileLock(layout.keeper_lock).is_free():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(note), signal.SIGTERM)
    if layout.run.exists():
        wait_until(lambda: FileLock(layout.keeper_lock).is_free(), "the keeper's end")
    wait_until(lambda: not processes_of(choice.data_dir), "the servers' end")


def ask(address: str, query: str) -> object:
    """Run one query."""

    async def once() -> object:
        connection = await asyncpg.connect(
            make_url(address).set(drivername="postgresql").render_as_string(hide_password=False), timeout=5
        )
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(once())


def answers(servers: ServerAddresses) -> bool:
    try:
        with Redis.from_url(servers.redis_url) as redis:
            return ask(servers.database_url, "SELECT 1") == 1 and bool(redis.ping())
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, RedisError):
        return False


def test_they_are_what_the_product_needs(choice: Choice) -> None:
    servers = ensure_servers(choice)
    assert str(ask(servers.database_url, "SHOW server_version")).startswith("18")
    assert ask(servers.database_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert ask(servers.database_url, "SELECT lower('ПРИВЕТ')") == "привет"
    kinds = (
        "SELECT datctype || ' ' || datcollate || ' ' || datlocale FROM pg_database WHERE datname = current_database()"
    )
    assert ask(servers.database_url, kinds) == "C.UTF-8 C C.UTF-8"
    assert ask(servers.database_url, "SELECT to_tsvector('simple', '«слово»')") == "'слово':1"
    letters = (
        "SELECT string_agg(letter, '' ORDER BY letter) FROM unnest(string_to_array('б,B,a,А,A,b,Я', ',')) AS letter"
    )
    assert ask(servers.database_url, letters) == "ABabАЯб"
    with Redis.from_url(servers.redis_url) as redis:
        found = {name: redis.config_get(name)[name] for name in ("appendonly", "appendfsync", "maxmemory-policy")}
    assert found == {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
    sockets = Path(str(make_url(servers.database_url).query["host"]))
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in (choice.data_dir / "run").glob("*.json"))
    assert (choice.data_dir / "logs").stat().st_mode & 0o777 == 0o700
    for name in ("postgres.log", "valkey.log"):
        assert (choice.data_dir / "logs" / name).stat().st_mode & 0o777 == 0o600, name


def test_the_log_of_postgresql_tells_no_values(choice: Choice) -> None:
    address = ensure_servers(choice).database_url
    ask(address, "CREATE TABLE people AS SELECT 'anna@example.com' AS email")
    ask(address, "CREATE UNIQUE INDEX ON people (email)")
    with pytest.raises(asyncpg.UniqueViolationError, match="duplicate key"):
        ask(address, "INSERT INTO people SELECT * FROM people")
    log = (choice.data_dir / "logs" / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "anna@example.com" not in log


def test_a_system_without_the_character_types_has_a_cluster_all_the_same(
    choice: Choice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "CHARACTER_TYPES", ("No.UTF-8", "nowhere.UTF-8", "C"))
    layout = Layout(choice.data_dir)
    layout.prepare()
    postgres = programs.Postgres(ResolvedLayout(layout), durable=False)
    postgres.prepare()
    assert (postgres.data / "PG_VERSION").exists()

    monkeypatch.setattr(programs, "CHARACTER_TYPES", ("No.UTF-8", "nowhere.UTF-8"))
    shutil.rmtree(postgres.data)
    with pytest.raises(ServersError, match="invalid locale name"):
        postgres.prepare()


def test_processes_that_start_together_share_one_pair(choice: Choice) -> None:
    script = (
        "import sys; from types import SimpleNamespace; from pathlib import Path\n"
        "from app.local.servers import ensure_servers\n"
        "print(ensure_servers(SimpleNamespace(data_dir=Path(sys.argv[1]), environment='testing',"
        " database_url=None, redis_url=None)))"
    )
    children = [
        subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-c", script, str(choice.data_dir)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    told = {child.communicate(timeout=60)[0] for child in children}
    assert len(told) == 1
    assert "postgresql+asyncpg" in told.pop()
    keepers = [p for p in processes_of(choice.data_dir) if "app.local.servers" in p.cmdline()]
    assert len(keepers) == 1


def test_killed_servers_come_back_with_everything_acknowledged(choice: Choice) -> None:
    servers = ensure_servers(choice)
    ask(servers.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    with Redis.from_url(servers.redis_url) as redis:
        redis.set("kept", "42")
    time.sleep(1.2)  # the append-only file is flushed each second
    for process in server_processes(choice):
        process.kill()
    wait_until(lambda: answers(servers), "both servers back")
    assert ask(servers.database_url, "SELECT answer FROM kept") == 42
    with Redis.from_url(servers.redis_url, decode_responses=True) as redis:
        assert redis.get("kept") == "42"


def server_processes(choice: Choice) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error):
            if Path(process.cwd()).parent == choice.data_dir.resolve():
                found.append(process)
    assert len(found) > 2
    return found


def test_a_killed_keeper_is_replaced_and_the_servers_do_not_notice(choice: Choice) -> None:
    servers = ensure_servers(choice)
    before = {process.pid for process in server_processes(choice)}
    lock = FileLock(Layout(choice.data_dir).keeper_lock)
    old = lock.read()
    os.kill(int(old), signal.SIGKILL)
    # The next supervisor holds the lock a moment before it has written its process id into it.
    wait_until(lambda: not lock.is_free() and lock.read() not in {"", old}, "another keeper")
    assert answers(servers)
    assert before <= {process.pid for process in server_processes(choice)}


def test_they_end_when_nobody_needs_them_and_go_on_with_the_data(choice: Choice) -> None:
    servers = ensure_servers(choice)
    ask(servers.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    release_servers(choice.data_dir)
    wait_until(lambda: not processes_of(choice.data_dir), "the end of keeper and servers", END_SECONDS)
    assert ask(ensure_servers(choice).database_url, "SELECT answer FROM kept") == 42


def test_an_interrupted_set_up_is_begun_anew(choice: Choice) -> None:
    layout = Layout(choice.data_dir)
    layout.prepare()
    left = choice.data_dir / ".postgres-new-half"
    left.mkdir()
    (left / "PG_VERSION").write_text("18")
    assert answers(ensure_servers(choice))
    assert not left.exists()


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"base": ""}, "is incomplete"),
        ({"PG_VERSION": "18\n"}, "is incomplete"),
        ({"PG_VERSION": "14\n", "global/pg_control": "x"}, "was written by PostgreSQL 14"),
    ],
)
def test_damaged_data_is_refused_and_left_alone(choice: Choice, files: dict[str, str], sentence: str) -> None:
    for name, content in files.items():
        path = choice.data_dir / "postgres" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    with pytest.raises(ServersError, match=sentence) as refused:
        ensure_servers(choice)
    assert "\n" not in str(refused.value)
    assert {name: (choice.data_dir / "postgres" / name).read_text() for name in files} == files


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServersError, match="choose another folder with DATA_DIR"):
        ensure_servers(Choice(tmp_path / "file" / "data"))
    if os.geteuid() != 0:  # root may write anywhere
        (tmp_path / "closed").mkdir(mode=0o500)
        with pytest.raises(ServersError, match="Permission denied"):
            ensure_servers(Choice(tmp_path / "closed" / "data"))


def test_long_and_unusual_paths_work(folder: Path) -> None:
    choice = Choice(folder / ("очень длинный путь " * 4) / "100% 'quoted' \"data\"")
    choice.data_dir.parent.mkdir()
    try:
        assert answers(ensure_servers(choice))
    finally:
        end(choice)


def test_root_keeps_servers_out_of_a_folder_that_is_closed_to_others(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    choice = Choice(closed / "data")
    try:
        assert answers(ensure_servers(choice))
        real = (choice.data_dir / "postgres").resolve()
        assert closed.stat().st_mode & 0o777 == 0o700
        inside = real.is_relative_to(closed)
        assert inside == (os.geteuid() != 0)
    finally:
        end(choice)
    if not inside:
        assert real.is_relative_to(SHARED_HOME)
        subprocess.run(["/bin/rm", "-rf", "--", str(real.parent)], check=True)  # noqa: S603 - our own folder


def test_root_does_not_begin_anew_beside_data_it_cannot_hand_over(folder: Path) -> None:
    choice = Choice(folder / "data")
    try:
        ensure_servers(choice)
    finally:
        end(choice)
    folder.chmod(0o700)
    try:
        if os.geteuid() == 0:
            with pytest.raises(ServersError, match="let others pass through the folders above it"):
                ensure_servers(choice)
        else:
            assert answers(ensure_servers(choice))
    finally:
        end(choice)


def test_windows_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ServersError, match=r"Docker .* WSL, or set DATABASE_URL and REDIS_URL"):
        ensure_servers(Choice(tmp_path / "data"))


def test_the_newest_migration_is_read_without_alembic() -> None:
    heads = ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini"))).get_heads()
    assert [newest_revision()] == list(heads)
