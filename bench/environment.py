"""The private stack of the benchmarks: bundled servers with their own data folder, web processes, signed-in people."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import SecretStr
from sqlalchemy import make_url

from app.core.config import ROOT, Settings
from app.local.servers import ServerAddresses, ensure_servers

DATA = ROOT / ".data"
PASSWORD = "a long bench passphrase"
PEOPLE = 8
"""How many accounts sign in through the API; all other people are written to the tables."""


@dataclass(frozen=True)
class Person:
    """A signed-in person."""

    id: str
    username: str
    access: str
    cookie_name: str

    @property
    def bearer(self) -> dict[str, str]:
        """Return the header that authenticates a program."""
        return {"Authorization": f"Bearer {self.access}"}

    @property
    def cookie(self) -> dict[str, str]:
        """Return the cookie header that authenticates a browser."""
        return {"Cookie": f"{self.cookie_name}={self.access}"}


@dataclass(frozen=True)
class Served:
    """A server process and its port."""

    port: int
    pid: int


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**changes: str) -> dict[str, str]:
    """Return the environment of this process without settings of ipLance, and with the changes."""
    # Bytecode caching is enabled, as on a real site; without it every start would compile all libraries again.
    known = {name.upper() for name in Settings.model_fields} | {"PYTHONDONTWRITEBYTECODE"}
    kept = {name: value for name, value in os.environ.items() if name not in known}  # noqa: TID251 - for children
    return {**kept, **changes}


def wait_for(port: int, path: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Wait until the address answers with 200."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"the process behind port {port} ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    raise SystemExit(f"nothing answers on port {port} after {seconds:.0f} s")


def end(process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Stop a process started here and wait for it."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class World:
    """Servers and data of one size."""

    def __init__(self, orders: int, name: str = "") -> None:
        self.orders = orders
        self.folder = DATA / (name or ("bench" if orders == 1_000_000 else f"bench-{orders}"))

    @cached_property
    def secret(self) -> str:
        """The key that signs the tokens of this environment."""
        kept = self.folder / "bench-secret"
        self.folder.mkdir(parents=True, exist_ok=True)
        if not kept.exists():
            kept.write_text(secrets.token_hex(32), encoding="ascii")
        return kept.read_text(encoding="ascii")

    @property
    def variables(self) -> dict[str, str]:
        """The settings of every process, as environment variables."""
        return {
            "DATA_DIR": str(self.folder),
            "ENVIRONMENT": "development",
            "DEMO": "0",
            "LOG_LEVEL": "WARNING",
            "METRICS_PORT": "0",
            "SECRET_KEY": self.secret,
        }

    @cached_property
    def settings(self) -> Settings:
        """The same settings, for this process."""
        return Settings(data_dir=self.folder, secret_key=SecretStr(self.secret), demo=False, metrics_port=0)

    @cached_property
    def servers(self) -> ServerAddresses:
        """The bundled servers; started on first use, stopped by their supervisor when nobody uses them."""
        return ensure_servers(self.settings)

    @property
    def dsn(self) -> str:
        """The address of PostgreSQL in the form that asyncpg takes."""
        url = make_url(self.servers.database_url).set(drivername="postgresql")
        return url.render_as_string(hide_password=False)

    def command(self, *arguments: str) -> None:
        """Run a command of ipLance in this environment."""
        subprocess.run(
            [sys.executable, "-m", "app", *arguments],
            cwd=ROOT,
            env=environment(**self.variables),
            check=True,
            stdout=subprocess.DEVNULL,
        )

    @contextmanager
    def iplance(self, *application: str) -> Iterator[Served]:
        """Start one web process of ipLance as `make up` does, without access log, or another application."""
        port = free_port()
        process = subprocess.Popen(
            [
                *(
                    sys.executable,
                    "-m",
                    "uvicorn",
                    *(application or ("app.main:app",)),
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(port),
                ),
                *("--no-access-log", "--no-server-header", "--log-level", "warning"),
            ],
            cwd=ROOT,
            env=environment(**self.variables, PORT=str(port)),
        )
        try:
            wait_for(port, "/", process)
            yield Served(port, process.pid)
        finally:
            end(process)

    @contextmanager
    def baseline(self) -> Iterator[Served]:
        """Start the minimum stack on the same servers."""
        port = free_port()
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "bench.baseline", "--port", str(port)),
                *("--database", self.dsn, "--redis", self.servers.redis_url, "--secret", self.secret),
            ],
            cwd=ROOT,
        )
        try:
            wait_for(port, "/health", process)
            yield Served(port, process.pid)
        finally:
            end(process)

    @contextmanager
    def replay(self, entries: list[dict[str, Any]]) -> Iterator[Served]:
        """Serve the statements and the content of these addresses as `/0`, `/1` … (`bench/replay.py`)."""
        port, listed = free_port(), self.folder / "replayed.json"
        listed.write_text(json.dumps(entries), encoding="utf-8")
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "bench.replay", "--port", str(port)),
                *("--database", self.dsn, "--entries", str(listed)),
            ],
            cwd=ROOT,
            env=environment(**self.variables),
        )
        try:
            wait_for(port, "/health", process, 300)
            yield Served(port, process.pid)
        finally:
            end(process)

    def people(self, web: Served) -> list[Person]:
        """Sign in eight people; create their accounts on the first run."""
        return [self._person(web, number) for number in range(PEOPLE)]

    def reader(self, web: Served) -> Person:
        """Sign in the ninth person, who signs in only once: the others end their oldest sessions at the limit."""
        return self._person(web, PEOPLE)

    def _person(self, web: Served, number: int) -> Person:
        name = f"bench{number}"
        words = {"username": name, "password": PASSWORD}
        answer, cookies = call(web.port, "/api/v1/auth/login", words)
        if answer is None:
            answer, cookies = call(
                web.port, "/api/v1/auth/register", {**words, "email": f"{name}@example.com", "phone": None}
            )
        if answer is None:
            raise SystemExit(f"{name} could neither sign in nor register")
        cookie, access = next(pair for pair in cookies.items() if pair[0].endswith("access_token"))
        return Person(answer["id"], name, access, cookie)


def call(port: int, path: str, body: dict[str, Any] | None) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """Send one request; return the JSON and the cookies, or None if it was refused."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            pairs = (line.split(";", 1)[0].split("=", 1) for line in answer.headers.get_all("Set-Cookie") or ())
            return json.load(answer), dict(pairs)
    except urllib.error.HTTPError as refused:
        if refused.code not in (401, 409):
            raise SystemExit(f"{path} answered {refused.code}: {refused.read().decode()}") from refused
        return None, {}
