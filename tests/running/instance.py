"""One installation on this machine, run as people run it, with its own data."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from tests.e2e.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
COMMAND_SECONDS = 90
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


def environment(data_dir: Path, **changes: str) -> dict[str, str]:
    """Return the environment of a process of this instance, without the developer's own settings.

    Several instances start at once here, so a request may hold the database for longer than on a machine of its own.
    """
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}  # noqa: TID251 - for children
    own = {"DATA_DIR": str(data_dir), "METRICS_PORT": "0", "DEMO": "0", "COLUMNS": "500"}
    return kept | own | {"DATABASE_REQUEST_SECONDS": "20"} | changes


def run(*arguments: str, data_dir: Path, answers: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
    """Run one command of the application to its end, without a terminal; `answers` is its input."""
    return subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=environment(data_dir, **changes),
        input=answers,
        start_new_session=True,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )


def processes_of(data_dir: Path) -> list[psutil.Process]:
    """Return every running process whose command line contains the data folder."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        if str(data_dir) in line and process.info["status"] != psutil.STATUS_ZOMBIE and process.pid != os.getpid():
            found.append(process)
    return found


def patience() -> float:
    """Return how much slower this machine is now than when idle; other processes may be using it."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def wait_until(done: Callable[[], object], what: str, seconds: float = 30) -> float:
    """Poll until the condition holds, and return how long it took."""
    began = time.monotonic()
    while not done():
        if time.monotonic() - began > seconds * patience():
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)
    return time.monotonic() - began


@contextmanager
def open_folder() -> Generator[Path]:
    """Return a folder that other users can enter, as a checkout usually is; those of pytest are closed."""
    made = Path(tempfile.mkdtemp(prefix="iplance-")).resolve()
    made.chmod(0o755)
    try:
        yield made
    finally:
        made.chmod(0o755)
        shutil.rmtree(made)


class Instance:
    """`make up` without make: the same command with its own folder and ports."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.flower_port = free_port()
        self.settings = {
            "PORT": str(self.port),
            "FLOWER_PORT": str(self.flower_port),
            "MAIL_CATCHER_PORT": str(free_port()),
            "SANDBOX_PORT": str(free_port()),
        }
        self.unset: set[str] = set()
        """Settings of `environment` that this instance leaves to their defaults."""
        self.log = data_dir.parent / f"{data_dir.name}.log"
        self.child: subprocess.Popen[bytes] | None = None

    def start(self, *, terminal: bool = False) -> float:
        """Start and wait for the first response; return how long that took."""
        self.launch(terminal=terminal)
        return wait_until(self.ready, f"a first answer; it said:\n{self.said()[-3000:]}", 60)

    def launch(self, *, terminal: bool = False) -> None:
        """Start without waiting, on a pseudo-terminal or with its output in a file."""
        screen, log = os.openpty() if terminal else (-1, os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT))
        self.child = subprocess.Popen(
            [sys.executable, "-m", "app", "up"],
            cwd=ROOT,
            env={k: v for k, v in environment(self.data_dir, **self.settings).items() if k not in self.unset},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        os.close(log)
        if terminal:
            threading.Thread(target=self._record, args=(screen,), daemon=True).start()

    def _record(self, screen: int) -> None:
        """Record the output of the terminal until its last process has ended."""
        with self.log.open("ab") as log, suppress(OSError):
            while shown := os.read(screen, 65_536):
                log.write(shown)
                log.flush()
        os.close(screen)

    def said(self) -> str:
        """Return the whole output of the terminal so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def ready(self) -> bool:
        """Tell whether the site and everything it needs is ready."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=3).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def supervised(self, name: str) -> psutil.Process:
        """Return the running process of one supervised program."""
        marks = {
            "web": r"child \d+ \d+ uvicorn",
            "worker": r"child \d+ \d+ celery .* worker .*iplance,iplance-mail",
            "files": r"child \d+ \d+ celery .* worker .*iplance-files",
            "beat": r"child \d+ \d+ celery .* beat",
            "flower": r"child \d+ \d+ celery .* flower",
            "mail": r"child \d+ \d+ app\.gateways\.mail_catcher",
            "sandbox": r"child \d+ \d+ app\.sandbox",
            "keeper": r"app\.local\.servers ",
            "supervisor": r"app\.local\.supervision\.daemon",
            "postgres": r"bin/postgres -D",
            "valkey": r"valkey-server",
        }
        family = {process.pid for process in self._family()}
        for process in psutil.process_iter(["cmdline", "status"]):
            line = " ".join(process.info["cmdline"] or [])
            mine = process.pid in family or self._serves_here(process)
            if mine and re.search(marks[name], line) and process.info["status"] != psutil.STATUS_ZOMBIE:
                return process
        raise AssertionError(f"no process {name}")

    def _serves_here(self, process: psutil.Process) -> bool:
        """Tell whether a process is a bundled server on this data; servers change into their folder."""
        try:
            return Path(process.cwd()).parent == self.data_dir.resolve()
        except psutil.Error:
            return False

    def _family(self) -> list[psutil.Process]:
        assert self.child is not None
        return psutil.Process(self.child.pid).children(recursive=True)

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 60) -> int:
        """Stop it as a person does, and wait; return the exit code."""
        assert self.child is not None
        self.child.send_signal(number)
        return self.child.wait(seconds)

    def clean_up(self) -> None:
        """Stop what a failed test left running."""
        if self.child is not None and self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(60)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait(10)
        for process in processes_of(self.data_dir):
            process.kill()
