"""Counts the database statements of each request of a test run and checks the limits of `docs/statements.md`.

Counted is what production sends: each statement of a session with its BEGIN, COMMIT or ROLLBACK and its savepoints,
and each query of the raw read pool. Tests run sessions inside one outer transaction, so a session's own transaction is
recognised by the session and not by the text that reaches the server. Not counted are reading the catalogue, which a
process does once a minute, and refreshing a session and recording its use, which happen once in ten minutes.

`python -m tests.statements "GET /orders"` prints what the last test run found for a route.
"""

import json
import sys
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, wraps
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, SessionTransaction
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.persistence.raw_read_pool import RawReadPool
from app.features.authentication import dependencies, workflows
from app.features.authentication.service import SessionGate
from app.features.catalog.repository import CatalogRepository
from tests.statement_limits import EXCEPTIONS, LIMITS, REPEATED, SEVERAL_TRANSACTIONS, SIGN_IN
from tests.surface_coverage import all_routes, route_path

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "statements.md"
CONTROL = frozenset({"BEGIN", "BEGIN READ ONLY", "end of the transaction"})
"""Not counted: a request has one transaction; empty and additional ones are reported separately."""
FOUND = ROOT / ".data" / "test" / "statements.json"
"""The counts of the last runs; `bin/docs` writes the table from it."""
_SHOWN = 1000


@dataclass
class Trace:
    """The statements of one request."""

    sent: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    transactions: list[int] = field(default_factory=list)
    """The number of statements of each transaction."""
    raw: bool = False
    """Whether a session replaces the raw read pool."""
    quiet: bool = False

    def ask(self, text: str, parameters: object) -> None:
        """Record a statement."""
        if not self.quiet:
            self.sent.append(text)
            self.asked.append((text, repr(parameters)))

    def count(self) -> int:
        """Return the number of statements with savepoints, without the begin and the end of transactions."""
        return sum(1 for text in self.sent if text not in CONTROL)

    def repeated(self) -> str | None:
        """Return a statement that was sent twice with the same parameters."""
        known: set[tuple[str, str]] = set()
        for item in self.asked:
            if item in known:
                return item[0]
            known.add(item)
        return None


_trace: ContextVar[Trace | None] = ContextVar("statements", default=None)
found: dict[str, dict[str, Any]] = {}
"""For each route, the request with the most statements: their number and texts."""
problems: dict[str, str] = {}
"""The problems by route; of requests with the same problem the last one is kept."""


class RecordStatements:
    """Wraps the application under test and counts what each request sends."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        trace = Trace()
        token = _trace.set(trace)
        try:
            await self.app(scope, receive, send)
        finally:
            _trace.reset(token)
            route = scope.get("route")
            if route is not None and scope["type"] == "http":
                name = f"{scope['method']} {route_path(scope, route)}"
                if name in _routes():
                    note(name, trace)


@cache
def _routes() -> frozenset[str]:
    return frozenset(all_routes())


def note(route: str, trace: Trace) -> None:
    """Keep the request with the most statements, and the problems of this one."""
    known = found.get(route)
    twice = trace.repeated() or (known["twice"] if known else None)
    if known is None or trace.count() > known["count"]:
        found[route] = {"count": trace.count(), "sent": [" ".join(text.split())[:_SHOWN] for text in trace.sent]}
    found[route]["twice"] = " ".join(twice.split())[:_SHOWN] if twice else None
    if found[route]["count"] > limit_of(route):
        problems[f"{route}: too many statements"] = str(found[route]["count"])
    if found[route]["twice"] and route not in REPEATED and route not in SIGN_IN:
        problems[f"{route}: sent twice"] = found[route]["twice"]
    if 0 in trace.transactions:
        problems[f"{route}: an empty transaction"] = ""
    several = route.startswith("GET ") and len(trace.transactions) > 1
    if several and route not in SEVERAL_TRANSACTIONS and route not in SIGN_IN:
        problems[f"{route}: {len(trace.transactions)} transactions in one read"] = ""


def kind_of(route: str) -> str:
    """Return the default limit of a route: it depends on whether it is a page and whether it reads."""
    method, path = route.split(" ", 1)
    face = "JSON" if path.startswith("/api/v1/") else "page"
    return f"{face} read" if method == "GET" else f"{face} write"


def limit_of(route: str) -> int:
    """Return how many statements a request of a route may send."""
    if route in SIGN_IN:
        return 1000
    return EXCEPTIONS[route][0] if route in EXCEPTIONS else LIMITS[kind_of(route)]


def record() -> None:
    """Listen to everything that is sent to the database."""
    event.listen(Engine, "before_cursor_execute", _on_statement)
    event.listen(Session, "after_begin", _on_begin)
    event.listen(Session, "after_transaction_end", _on_end)
    fetch, load = RawReadPool.fetch, SessionGate._load

    async def recorded_fetch(self: RawReadPool, statement: str, *values: object, plan_anew: bool = False) -> Any:
        trace = _trace.get()
        if trace is not None:
            trace.ask(statement, values)
        return await fetch(self, statement, *values, plan_anew=plan_anew)

    async def recorded_load(self: SessionGate, *arguments: Any) -> Any:
        trace = _trace.get()
        if trace is None:
            return await load(self, *arguments)
        trace.raw = True
        try:
            return await load(self, *arguments)
        finally:
            trace.raw = False

    RawReadPool.fetch = recorded_fetch  # type: ignore[method-assign]
    SessionGate._load = recorded_load  # type: ignore[method-assign,assignment]
    for name in ("categories", "skills", "aliases"):
        setattr(CatalogRepository, name, _quietly(getattr(CatalogRepository, name)))
    dependencies.renew = _apart(dependencies.renew)
    workflows.touch = _apart(workflows.touch)


def _quietly[**P, T](function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Do not count the statements of a function, but count the transaction that it begins."""

    @wraps(function)
    async def run(*arguments: P.args, **named: P.kwargs) -> T:
        trace = _trace.get()
        if trace is None:
            return await function(*arguments, **named)
        trace.quiet = True
        try:
            return await function(*arguments, **named)
        finally:
            trace.quiet = False

    return run


def _apart[**P, T](function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Do not count anything that a function sends."""

    @wraps(function)
    async def run(*arguments: P.args, **named: P.kwargs) -> T:
        token = _trace.set(None)
        try:
            return await function(*arguments, **named)
        finally:
            _trace.reset(token)

    return run


def _on_statement(_conn: Any, _cursor: Any, text: str, parameters: Any, _context: Any, _many: bool) -> None:
    trace = _trace.get()
    if trace is not None and not text.startswith(("SAVEPOINT ", "RELEASE ", "ROLLBACK ")):  # reported by sessions
        trace.ask(text, parameters)
        if trace.transactions and not trace.raw:
            trace.transactions[-1] += 1


def _on_begin(_session: Session, transaction: SessionTransaction, connection: Any) -> None:
    trace = _trace.get()
    if trace is None or trace.raw:
        return
    readonly = connection.get_execution_options().get("postgresql_readonly")
    begun = "SAVEPOINT" if transaction.nested else "BEGIN READ ONLY" if readonly else "BEGIN"
    trace.sent.append(begun)
    if not transaction.nested:
        trace.transactions.append(0)
    transaction.counted_in = trace  # type: ignore[attr-defined]


def _on_end(_session: Session, transaction: SessionTransaction) -> None:
    trace = getattr(transaction, "counted_in", None)
    if trace is not None:
        trace.sent.append("end of the savepoint" if transaction.nested else "end of the transaction")


def save(folder: Path, worker: str) -> None:
    """Write the counts of this process to a file."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"found": found, "problems": problems}
    (folder / f"{worker}.statements").write_text(json.dumps(content))


def gather(folder: Path, *, whole: bool) -> list[str]:
    """Merge the counts of all processes, save them for the table, and return the problems.

    A partial run adds to the saved counts; a whole run replaces them.
    """
    known: dict[str, dict[str, Any]] = {} if whole or not FOUND.exists() else json.loads(FOUND.read_text())
    wrong: dict[str, str] = {}
    for path in folder.glob("*.statements"):
        content = json.loads(path.read_text())
        wrong |= content["problems"]
        for route, item in content["found"].items():
            if route not in known or item["count"] >= known[route]["count"]:
                known[route] = item
    FOUND.parent.mkdir(parents=True, exist_ok=True)
    FOUND.write_text(json.dumps(known, indent=1, sort_keys=True))
    said = [f"{what}{f': {text}' if text else ''}" for what, text in sorted(wrong.items())]
    if whole:
        said += [f"{route}: not counted" for route in sorted(all_routes()) if route not in known]
    return said


def table(known: dict[str, dict[str, Any]]) -> str:
    """Return the document: every route with the most statements that it sent."""
    lines = [
        "# Database statements of each route",
        "",
        "Written by `make docs` from what the last whole test run counted (`tests/statements.py`). The number is the",
        "most that one request sent: statements, savepoints and queries of the raw pool, without the begin and the end",
        "of transactions.",
        "",
        "| route | kind | most | limit |",
        "|---|---|---|---|",
    ]
    for route in sorted(all_routes(), key=lambda name: name.split(" ", 1)[::-1]):
        most = known[route]["count"] if route in known else "–"
        limit = "–" if route in SIGN_IN else str(limit_of(route))
        lines.append(f"| `{route}` | {kind_of(route)} | {most} | {limit} |")
    lines += ["", "## Exceptions", "", "| route | limit | reason |", "|---|---|---|"]
    lines += [f"| `{route}` | {limit} | {reason} |" for route, (limit, reason) in sorted(EXCEPTIONS.items())]
    return "\n".join(lines) + "\n"


def described(route: str) -> str:
    """Return what the last runs found for a route: its longest request, and a statement that any request repeated."""
    item = json.loads(FOUND.read_text())[route]
    lines = [f"{route}: {item['count']} statements, at most {limit_of(route)}", *(f"  {text}" for text in item["sent"])]
    return "\n".join([*lines, f"sent twice: {item['twice'] or 'nothing'}"])


if __name__ == "__main__":
    sys.stdout.write("\n\n".join(described(route) for route in sys.argv[1:]) + "\n")
