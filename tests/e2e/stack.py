"""ipLance as real processes for a test: web, worker, beat and a mail server, with their own data.

    with Stack(folder, database_url=…, redis_url=…) as stack:
        httpx.get(stack.origin)

Every process is started by the documented command, gets only the settings given here, writes its log to `folder`, and
is stopped by its process id. Waits are bounded; a failed wait shows the ends of all logs in its error.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Self

import httpx

from tests.e2e.mail import MailSink
from tests.e2e.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 20.0
LOG_TAIL = 4_000
SECRET_KEY = "stack-only-stack-only-stack-only-stack-only"  # noqa: S105 - of stacks that exist only in a test
CELERY = [sys.executable, "-m", "celery", "-A", "app.tasks.config_tasks:celery_app"]
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


def browser_like(base_url: str, headers: Mapping[str, str]) -> httpx.AsyncClient:
    """Return a client that sends Secure cookies to http://localhost, as browsers do."""

    async def send_cookies(request: httpx.Request) -> None:
        # httpx copies the cookie jar for each request without its policy.
        request.headers.pop("Cookie", None)
        client.cookies.set_cookie_header(request)

    jar = CookieJar(DefaultCookiePolicy(secure_protocols=("http", "https")))
    hooks = {"request": [send_cookies]}
    client = httpx.AsyncClient(base_url=base_url, cookies=jar, headers=headers, event_hooks=hooks, timeout=20.0)
    return client


@dataclass(slots=True)
class Process:
    """One process and its log file."""

    name: str
    command: list[str]
    log: Path
    environment: Mapping[str, str]
    child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; the process must have been started."""
        assert self.child is not None
        return self.child.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.child is not None and self.child.poll() is None

    def start(self) -> None:
        """Start it in its own process group, so that its children can be stopped with it."""
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(  # noqa: S603 - our own commands
                self.command,
                cwd=ROOT,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self) -> None:
        """Send it a signal to stop, as an operator would, and make sure that no process of its group is left."""
        if self.alive:
            os.kill(self.pid, signal.SIGTERM)
        self.reap(STOP_SECONDS)

    def kill(self) -> None:
        """Kill it and its children with SIGKILL, as in a crash."""
        if self.child is not None:
            self._kill_group()
            self.reap(STOP_SECONDS)

    def reap(self, seconds: float) -> None:
        """Wait until it has ended; kill what does not end in time."""
        if self.child is None:
            return
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self._kill_group()
            self.child.wait(STOP_SECONDS)
        self._kill_group()

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return

    def tail(self) -> str:
        """Return the end of the log."""
        return self.log.read_text(errors="replace")[-LOG_TAIL:] if self.log.exists() else ""


@dataclass
class Stack:
    """The processes of one installation and the mail server beside them."""

    folder: Path
    database_url: str | None = None
    redis_url: str | None = None
    roles: tuple[str, ...] = ("web", "worker", "beat")
    host: str = "localhost"
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    sandbox_port: int = field(default_factory=free_port)
    mail: MailSink = field(default_factory=MailSink)
    processes: dict[str, Process] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """The public origin."""
        return self.settings.get("PUBLIC_URL", f"http://{self.host}:{self.port}")

    @property
    def address(self) -> str:
        """The address on which the web process listens, whatever the public origin is."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return the environment of the processes, without the developer's own settings."""
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}  # noqa: TID251 - for children
        own = {
            "ENVIRONMENT": "development",
            "DATA_DIR": str(self.folder / "data"),
            "PORT": str(self.port),
            "PUBLIC_URL": f"http://{self.host}:{self.port}",
            "METRICS_PORT": "0",
            "DEMO": "0",
            "BCRYPT_ROUNDS": "4",
            "SECRET_KEY": SECRET_KEY,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.mail.port),
            "SMTP_TLS": "none",
            "MAIL_WAIT_SECONDS": "0",
            "SANDBOX_PORT": str(self.sandbox_port),
            "PYTHONUNBUFFERED": "1",
        }
        if self.database_url:
            own["DATABASE_URL"] = self.database_url
        if self.redis_url:
            own["REDIS_URL"] = self.redis_url
        return {**kept, **own, **self.settings}

    def command(self, role: str) -> list[str]:
        """Return the command of a role."""
        commands = {
            "web": [sys.executable, "-m", "uvicorn", "app.main:app", "--host", "127.0.0.1", "--port", str(self.port)],
            "worker": [*CELERY, "worker", "--concurrency=1", "--loglevel=INFO", f"--hostname=stack-{self.port}@%h"],
            "beat": [*CELERY, "beat", "--loglevel=INFO", f"--schedule={self.folder / 'beat'}", "--pidfile="],
            "sandbox": [sys.executable, "-m", "app.sandbox"],
        }
        return commands[role]

    def start(self) -> Self:
        """Start everything and wait until it is ready."""
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        self.mail.start()
        try:
            for role in self.roles:
                self.start_role(role)
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def start_role(self, role: str) -> Process:
        """Start one process, or restart it after it ended."""
        process = self.processes.setdefault(
            role, Process(role, self.command(role), self.folder / f"{role}.log", self.environment())
        )
        process.start()
        return process

    def stop(self) -> None:
        """Stop everything, last started first."""
        for process in reversed(list(self.processes.values())):
            process.stop()
        self.mail.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until the web process answers and the worker accepts tasks."""
        if "web" in self.processes:
            self.wait_until(self.web_answers, "the web process answers", seconds)
        if "sandbox" in self.processes:
            self.wait_until(self.sandbox_answers, "the sandbox answers", seconds)
        if "worker" in self.processes:
            # The whole log: on a busy machine tasks that are too old push the line out of its end.
            log = self.processes["worker"].log
            self.wait_until(lambda: " ready" in log.read_text(errors="replace"), "the worker is ready", seconds)

    def web_answers(self) -> bool:
        """Tell whether the web process is ready."""
        try:
            return httpx.get(f"{self.address}/health/ready", timeout=5.0).status_code < 500
        except httpx.TransportError:
            return False

    def sandbox_answers(self) -> bool:
        """Tell whether the provider of trial payments is ready."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.sandbox_port}/health", timeout=5.0).is_success
        except httpx.TransportError:
            return False

    def wait_until(self, condition: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
        """Wait for a condition until a time-out; fail at once if a process ended meanwhile."""
        end = time.monotonic() + seconds
        while not condition():
            dead = [process.name for process in self.processes.values() if not process.alive]
            if dead or time.monotonic() > end:
                state = f"ended: {', '.join(dead)}" if dead else f"not within {seconds:.0f} s"
                raise AssertionError(f"waiting until {what}: {state}\n{self.logs()}")
            time.sleep(0.05)

    def logs(self) -> str:
        """Return the ends of all logs, for an error."""
        return "\n".join(f"--- {process.name} ({process.log})\n{process.tail()}" for process in self.processes.values())

    def client(self, *, language: str = "en", **headers: str) -> httpx.AsyncClient:
        """Return a browser-like client with its own cookie jar, on the site's own origin."""
        return browser_like(self.origin, {"Origin": self.origin, "Accept-Language": language, **headers})
