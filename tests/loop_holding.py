"""Measures how long each request of a test run holds the event loop, in processor time of its thread.

A request that computes for long makes everybody wait. The application runs in steps between two points at which it
waits for something; each step is measured without garbage collection, whose moment is chance. Templates are compiled
before the first test, as the site does after its start.
"""

import gc
import json
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.templating import compile_templates
from tests.surface_coverage import route_path

LIMIT_SECONDS = 0.05
FEW = 2
"""So many requests of a route may exceed the limit: what a process does once, for each of the two processes."""
EXCEPTIONS: dict[str, str] = {}
"""Routes that may exceed the limit, each with its reason."""

found: dict[str, list[float]] = {}
"""The longest step of each request, by route, where it exceeded the limit."""
_collected = 0.0
_collecting_since = 0.0


def _on_collection(phase: str, _info: dict[str, int]) -> None:
    global _collected, _collecting_since  # noqa: PLW0603 - the interpreter calls a plain function
    if phase == "start":
        _collecting_since = time.thread_time()
    else:
        _collected += time.thread_time() - _collecting_since


def watch() -> None:
    """Begin to measure."""
    compile_templates()
    gc.callbacks.append(_on_collection)


class _Steps:
    """Runs a coroutine and measures its longest step."""

    def __init__(self, work: Any) -> None:
        self.work = work
        self.longest = 0.0

    def __await__(self) -> Generator[Any, Any, Any]:
        value: Any = None
        error: BaseException | None = None
        while True:
            begun, collected = time.thread_time(), _collected
            try:
                waited = self.work.send(value) if error is None else self.work.throw(error)
            except StopIteration as end:
                return end.value
            finally:
                self.longest = max(self.longest, time.thread_time() - begun - (_collected - collected))
            try:
                value, error = (yield waited), None
            except GeneratorExit:
                self.work.close()
                raise
            except BaseException as raised:  # noqa: BLE001 - passed on to the coroutine
                value, error = None, raised


class WatchLoop:
    """Wraps the application under test and measures each request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        steps = _Steps(self.app(scope, receive, send))
        await steps
        route = scope.get("route")
        if steps.longest > LIMIT_SECONDS and route is not None:
            found.setdefault(f"{scope['method']} {route_path(scope, route)}", []).append(steps.longest)


def save(folder: Path, worker: str) -> None:
    """Store what this process found."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{worker}.held").write_text(json.dumps(found))


def gather(folder: Path) -> list[str]:
    """Return a sentence for each route that held the loop for too long in more than a few requests."""
    held: dict[str, list[float]] = {}
    for path in folder.glob("*.held"):
        for route, longest in json.loads(path.read_text()).items():
            held.setdefault(route, []).extend(longest)
    return [
        f"held the loop {len(longest)} times for more than {LIMIT_SECONDS * 1000:.0f} ms, "
        f"at most {max(longest) * 1000:.0f} ms: {route}"
        for route, longest in sorted(held.items())
        if len(longest) > FEW and route not in EXCEPTIONS
    ]
