"""Supervisord, holding the lock of its data folder; it reports programs that died, and ends when one cannot run.

`python -m app.local.supervision.daemon CONFIGURATION LOCK FAILURE`
"""

import contextlib
import importlib
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

from app.local.servers.locks import FileLock
from app.local.supervision.log_lines import as_sentence

# supervisor has no types, so it is used through Any.
events: Any = importlib.import_module("supervisor.events")
options_module: Any = importlib.import_module("supervisor.options")
asyncore: Any = importlib.import_module("supervisor.medusa.asyncore_25")
supervisord: Any = importlib.import_module("supervisor.supervisord")
SHUTDOWN: int = importlib.import_module("supervisor.states").SupervisorStates.SHUTDOWN

QUIET_SECONDS = 60.0


def last_line(log: Path) -> str:
    """Return the last output of a program."""
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else ""


def death_notice(name: str, exit_status: int | None, log: Path) -> str:
    """Return a message that a program ended unexpectedly, why, and where its log is."""
    if exit_status is not None and exit_status < 0:
        why = "it was ended by a signal"
    elif words := as_sentence(last_line(log)):
        why = f"its last words: {words}"
    else:
        why = "it said nothing" if exit_status is None else f"it said nothing; its exit code is {exit_status}"
    return f"\n{name} has ended unexpectedly and is started again; {why} (its log is {log})\n"


class DeathNotices:
    """Writes the messages to the terminal; for a program that dies repeatedly, at most one per minute."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def __call__(self, event: Any) -> None:  # noqa: ANN401 - supervisor has no types
        """Handle the event that a program has ended."""
        name, now = str(event.process.config.name), time.monotonic()
        if now - self._told.get(name, -math.inf) < QUIET_SECONDS:
            return
        self._told[name] = now
        notice = death_notice(name, event.process.exitstatus, Path(str(event.process.config.stdout_logfile)))
        with contextlib.suppress(OSError):  # the terminal is closed
            print(notice, flush=True)


def supervise(configuration: str, failure: Path) -> None:
    """Run supervisord in this process; when a program has failed for good, report it and stop all of them."""
    options = options_module.ServerOptions()
    options.realize(["-c", configuration], doc=__doc__)
    options.first = True
    options.test = False
    supervisor = supervisord.Supervisor(options)
    run_forever = supervisor.runforever
    notices = DeathNotices()

    def stop_all(event: Any) -> None:  # noqa: ANN401 - supervisor has no types
        log = Path(str(event.process.config.stdout_logfile))
        failure.write_text(
            f"The program {event.process.config.name} does not start: {as_sentence(last_line(log))} (its log is {log})",
            encoding="utf-8",
        )
        options.mood = SHUTDOWN

    def run_listening() -> None:
        events.subscribe(events.ProcessStateFatalEvent, stop_all)  # supervisord has just emptied the list
        for ended in (events.ProcessStateExitedEvent, events.ProcessStateBackoffEvent):
            events.subscribe(ended, notices)
        run_forever()

    supervisor.runforever = run_listening
    with contextlib.suppress(asyncore.ExitNow):
        supervisor.main()


def main(configuration: str, lock_path: str, failure: str) -> int:
    """Supervise until a signal ends it."""
    lock = FileLock(Path(lock_path))
    if not lock.acquire():
        return 1
    lock.write(str(os.getpid()))
    supervise(configuration, Path(failure))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
