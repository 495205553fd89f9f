"""Supervisord, holding the lock of its data folder; it ends with a sentence when a program cannot run.

`python -m app.local.supervision.daemon CONFIGURATION LOCK FAILURE`
"""

import contextlib
import importlib
import os
import sys
from pathlib import Path
from typing import Any

from app.local.embedded.locks import FileLock

# supervisor carries no types, so it is used through Any.
events: Any = importlib.import_module("supervisor.events")
options_module: Any = importlib.import_module("supervisor.options")
asyncore: Any = importlib.import_module("supervisor.medusa.asyncore_25")
supervisord: Any = importlib.import_module("supervisor.supervisord")
SHUTDOWN: int = importlib.import_module("supervisor.states").SupervisorStates.SHUTDOWN


def last_line(log: Path) -> str:
    """What a program said last."""
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else ""


def supervise(configuration: str, failure: Path) -> None:
    """Run supervisord in this process; when a program has failed for good, say so and end them all."""
    options = options_module.ServerOptions()
    options.realize(["-c", configuration], doc=__doc__)
    options.first = True
    options.test = False
    supervisor = supervisord.Supervisor(options)
    run_forever = supervisor.runforever

    def give_up(event: Any) -> None:  # noqa: ANN401 - supervisor carries no types
        log = Path(str(event.process.config.stdout_logfile))
        failure.write_text(
            f"The program {event.process.config.name} does not start: {last_line(log)} (its log is {log})",
            encoding="utf-8",
        )
        options.mood = SHUTDOWN

    def run_listening() -> None:
        events.subscribe(events.ProcessStateFatalEvent, give_up)  # supervisord has just emptied the list
        run_forever()

    supervisor.runforever = run_listening
    with contextlib.suppress(asyncore.ExitNow):
        supervisor.main()


def main(configuration: str, lock_path: str, failure: str) -> int:
    """Supervise until told to end."""
    lock = FileLock(Path(lock_path))
    if not lock.acquire():
        return 1
    lock.write(str(os.getpid()))
    supervise(configuration, Path(failure))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
