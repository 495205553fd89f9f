"""The process that keeps the bundled servers running: starts, restarts and stops them.

Run as `python -m app.local.servers`; imports little, because it stays in memory.
"""

import argparse
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from app.local.servers.layout import KINDS, Layout, ResolvedLayout, ServersError, write_private
from app.local.servers.locks import FileLock
from app.local.servers.programs import Postgres, Program, Valkey, as_json

TICK = 0.2
IDLE_SECONDS = 10.0
HANDOVER_SECONDS = 30.0
PROBE_SECONDS = 1.0  # a process that tests whether the lock is free holds it for a moment
FAILURES_BEFORE_GIVING_UP = 8


class Keeper:
    """Keeps each server running while a process holds its users lock."""

    def __init__(self, layout: Layout, *, supervised: bool, durable: bool) -> None:
        self.layout = layout
        self.supervised = supervised
        self.durable = durable
        self.lock = FileLock(layout.keeper_lock)
        self.ending = False
        self.handing_over = False
        self.programs: dict[str, Program] = {}
        self.running: set[str] = set()
        self.last_used = dict.fromkeys(KINDS, time.monotonic())
        self.failures = dict.fromkeys(KINDS, 0)
        self.next_try = dict.fromkeys(KINDS, 0.0)

    def run(self) -> int:
        """Run until a signal ends it, or until no process needs the servers."""
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        signal.signal(signal.SIGUSR1, self._hand_over)
        if not self._become_the_keeper():
            return 0
        try:
            self._keep()
        except ServersError as error:
            write_private(self.layout.failure, str(error))
            print(error, file=sys.stderr, flush=True)
            return 1
        return 0

    def _end(self, _signal: int, _frame: FrameType | None) -> None:
        self.ending = True

    def _hand_over(self, _signal: int, _frame: FrameType | None) -> None:
        self.handing_over = True

    def _become_the_keeper(self) -> bool:
        end = time.monotonic() + HANDOVER_SECONDS
        while not self.lock.acquire():
            if self.ending or time.monotonic() > end:
                return False
            if not self.supervised:
                end = min(end, time.monotonic() + PROBE_SECONDS)
                time.sleep(TICK)
                continue
            note = self.lock.read().strip()
            if note.isdecimal():
                with suppress(ProcessLookupError):
                    os.kill(int(note), signal.SIGUSR1)
            time.sleep(TICK)
        self.lock.write(str(os.getpid()))
        self.layout.failure.unlink(missing_ok=True)
        return True

    def _keep(self) -> None:
        while not self.handing_over:
            in_use = self._record_users()
            if self.ending or (not self.supervised and not in_use and self._idle()):
                break
            self._tend(in_use)
            time.sleep(TICK)
        if self.handing_over or self._record_users():
            return  # the next keeper adopts the servers; each user makes sure that there is one
        for kind in KINDS:
            self._stop(kind)

    def _tend(self, in_use: set[str]) -> None:
        """Keep the used servers running, and stop those that were idle for a while."""
        for kind in KINDS:
            if kind in in_use:
                self._keep_alive(kind)
            elif self._idle(kind):
                self._stop(kind)

    def _stop(self, kind: str) -> None:
        """Stop a running server."""
        if kind in self.programs:
            self.programs.pop(kind).stop()
            self.running.discard(kind)

    def _record_users(self) -> set[str]:
        now = time.monotonic()
        used = {kind for kind in KINDS if not FileLock(self.layout.users_lock(kind)).is_free()}
        for kind in used:
            self.last_used[kind] = now
        return used

    def _idle(self, kind: str | None = None) -> bool:
        kinds = KINDS if kind is None else (kind,)
        return all(time.monotonic() - self.last_used[each] > IDLE_SECONDS for each in kinds)

    def _keep_alive(self, kind: str) -> None:
        program = self.programs.get(kind)
        if program is None:
            program = self._make(kind)
        if program.pid() is not None:
            self.running.add(kind)
            program.bound_log()
            if self.failures[kind] and program.ready():
                self.failures[kind] = 0
            return
        if kind in self.running:
            self.running.discard(kind)
            words = f"WARNING: {kind} has ended unexpectedly and is started again (its log is {program.log})"
            print(words, file=sys.stderr, flush=True)
        if time.monotonic() < self.next_try[kind]:
            return
        if self.failures[kind] > FAILURES_BEFORE_GIVING_UP:
            raise ServersError(f"The bundled {kind} does not start: {program.log_tail()}")
        self.failures[kind] += 1
        self.next_try[kind] = time.monotonic() + min(0.1 * 2 ** self.failures[kind], 5.0)
        program.start()

    def _make(self, kind: str) -> Program:
        resolved_layout = ResolvedLayout(self.layout)
        program = (Postgres if kind == "postgres" else Valkey)(resolved_layout, durable=self.durable)
        if program.found() is None:
            program.prepare()
        self.programs[kind] = program
        addresses = {name: each.address() for name, each in self.programs.items()}
        write_private(self.layout.addresses, as_json(addresses))
        return program


def main(arguments: list[str]) -> int:
    """Parse the command line and run the keeper."""
    parser = argparse.ArgumentParser(prog="python -m app.local.servers", description=__doc__)
    parser.add_argument("--data-dir", required=True, type=Path)
    parser.add_argument("--supervised", action="store_true", help="take over from a keeper that runs alone")
    parser.add_argument("--not-durable", action="store_true", help="no fsync: for data of tests")
    parser.add_argument("--detach", action="store_true", help="go on as nobody's child, apart from the terminal")
    chosen = parser.parse_args(arguments)
    if chosen.detach:
        if os.fork():
            return 0
        os.setsid()
    layout = Layout(chosen.data_dir)
    try:
        layout.prepare()
    except ServersError as error:
        print(error, file=sys.stderr)
        return 1
    return Keeper(layout, supervised=chosen.supervised, durable=not chosen.not_durable).run()
