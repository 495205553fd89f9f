"""The process in the terminal: starts the supervisor, shows the logs, reports when the site is ready, stops everything.

It imports only the standard library, because it stays in memory as long as the site runs.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from types import FrameType
from typing import IO

from app.local.servers.layout import ROOT
from app.local.supervision.log_lines import LoudLines
from app.local.supervision.probe import site_is_ready

LOOK_SECONDS = 0.2
READY_SECONDS = 120.0
RESTART_SECONDS = 2.0
LOGS = ("web", "worker", "files", "beat", "flower", "mail", "sandbox", "keeper", "postgres", "valkey")
COLOURS = (36, 32, 33, 35, 34, 37, 94, 96)


@dataclass(slots=True)
class Tail:
    """Follows one log file through rotation."""

    name: str
    path: Path
    colour: int
    file: IO[bytes] | None = None
    inode: int = 0
    loud: LoudLines = field(default_factory=LoudLines)

    def skip(self) -> None:
        """Start at the current end of the file."""
        if self.path.exists():
            self._open()
            if self.file is not None:
                self.file.seek(0, os.SEEK_END)

    def lines(self) -> list[str]:
        """Return the complete new lines."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return []
        if self.file is None or found.st_ino != self.inode or found.st_size < self.file.tell():
            self._open()
        if self.file is None:
            return []
        lines: list[str] = []
        while True:
            start = self.file.tell()
            line = self.file.readline()
            if not line.endswith(b"\n"):
                self.file.seek(start)
                return lines
            lines.append(line.decode(errors="replace").rstrip("\n"))

    def _open(self) -> None:
        if self.file is not None:
            self.file.close()
        self.file = self.path.open("rb")
        self.inode = os.fstat(self.file.fileno()).st_ino


class Foreground:
    """One run of `make up`, from the supervisor's start to its end."""

    def __init__(self, data_dir: Path, port: int, host: str, *, all_logs: bool) -> None:
        self.run_dir = data_dir / "run"
        self.logs_dir = data_dir / "logs"
        self.all_logs = all_logs
        self.port = port
        self.host = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
        self.failure = self.run_dir / "up.failure"
        self.ending = False
        self.ready = False
        self.coloured = sys.stdout.isatty()
        width = max(len(name) for name in LOGS)
        self.tails = [
            Tail(name.ljust(width), self.logs_dir / f"{name}.log", colour)
            for name, colour in zip(LOGS, cycle(COLOURS), strict=False)
        ]
        self.daemon: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Show the logs and watch the supervisor until asked to end.

        Returns:
            The exit code: 1 where a program failed for good, else 0.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._end)
        self.failure.unlink(missing_ok=True)
        for tail in self.tails:
            tail.skip()
        self._start()
        began = time.monotonic()
        while True:
            self._show()
            if self.daemon is not None and self.daemon.poll() is not None:
                if self.ending or self.failure.exists():
                    break
                self._say("The supervisor was killed; starting it again.")
                time.sleep(RESTART_SECONDS)  # orphaned processes notice it and end
                self._start()
            if not self.ready and not self.ending:
                self._greet_when_ready(began)
            time.sleep(LOOK_SECONDS)
        self._show()
        return self._farewell()

    def _start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "app.local.supervision.daemon",
            str(self.run_dir / "supervisord.conf"),
            str(self.run_dir / "supervisor.lock"),
            str(self.failure),
        ]
        # A separate session: Ctrl-C and a closed terminal reach this process alone, which stops the others in order.
        self.daemon = subprocess.Popen(  # noqa: S603 - our own module
            command, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True
        )

    def _end(self, _signal: int, _frame: FrameType | None) -> None:
        if not self.ending:
            self.ending = True
            self._say("Stopping: every process ends its work first.")
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGTERM)

    def _farewell(self) -> int:
        if self.failure.exists():
            self._say(self.failure.read_text(encoding="utf-8"))
            return 1
        self._say("Stopped. The data is kept; `make up` goes on with it.")
        return 0

    def _greet_when_ready(self, began: float) -> None:
        if site_is_ready(self.host, self.port, timeout=1):
            self.ready = True
            self._say((self.run_dir / "greeting.txt").read_text(encoding="utf-8"))
        elif time.monotonic() - began > READY_SECONDS:
            self.ready = True
            log = self.logs_dir / "web.log"
            self._say(f"The site has not answered within {READY_SECONDS:.0f} seconds; its log is {log}.")

    def _show(self) -> None:
        for tail in self.tails:
            head = f"\033[{tail.colour}m{tail.name} |\033[0m" if self.coloured else f"{tail.name} |"
            for line in tail.lines():
                for shown in (line,) if self.all_logs else tail.loud.shown(line):
                    print(head, shown)
        sys.stdout.flush()

    def _say(self, text: str) -> None:
        print(f"\n{text}\n", flush=True)


def main(arguments: list[str]) -> int:
    """Parse the command line of the foreground process; `app up` becomes this process."""
    parser = argparse.ArgumentParser(prog="python -m app.local.supervision.foreground", description=__doc__)
    parser.add_argument("--data-dir", required=True, type=Path)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--host", required=True)
    parser.add_argument("--all-logs", action="store_true", help="show every line, not warnings and errors alone")
    chosen = parser.parse_args(arguments)
    return Foreground(chosen.data_dir, chosen.port, chosen.host, all_logs=chosen.all_logs).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
