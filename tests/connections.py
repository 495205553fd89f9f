"""Fails a test in which one request holds two database connections at the same time.

Such a request waits for its second connection while it holds the first. As many of these requests as the pool has
connections wait for each other, and every other request waits for them.
"""

import traceback
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from greenlet import getcurrent  # type: ignore[import-untyped]
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry, Pool
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.persistence.raw_read_pool import RawReadPool

ROOT = Path(__file__).resolve().parents[1]
OWN = (f"{ROOT}/app/", f"{ROOT}/tests/")


@dataclass
class Request:
    """One request and the connections it holds, each with the source lines that acquired it."""

    name: str
    held: dict[int, str] = field(default_factory=dict)


_current: ContextVar[Request | None] = ContextVar("request", default=None)
_holders: dict[int, Request] = {}
violations: list[str] = []


class WatchConnections:
    """Wraps the application under test to know which request acquires a connection."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = _current.set(Request(f"{scope.get('method', scope['type'])} {scope.get('path', '')}"))
        try:
            await self.app(scope, receive, send)
        finally:
            _current.reset(token)


def _lines() -> str:
    """Return the lines of the application that led here, nearest first; SQLAlchemy runs in its own greenlets."""
    frames = list(traceback.extract_stack())
    above = getcurrent().parent
    if above is not None and above.gr_frame is not None:
        frames = [*traceback.extract_stack(above.gr_frame), *frames]
    own = [frame for frame in frames if frame.filename.startswith(OWN) and frame.filename != __file__]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(own[-6:]))


def take(key: int) -> None:
    """Record that the current request acquires a connection, and whether it holds another one."""
    request = _current.get()
    if request is None or key in request.held:
        return
    if request.held:
        before = "; ".join(request.held.values())
        violations.append(f"{request.name} takes a second connection\n  at {_lines()}\n  holding {before}")
    request.held[key] = _lines()
    _holders[key] = request


def record_return(key: int) -> None:
    """Record that a connection was released, whoever releases it."""
    request = _holders.pop(key, None)
    if request is not None:
        request.held.pop(key, None)


def watch() -> None:
    """Listen wherever a connection is acquired: the pool, sessions on a test's own connection, the raw read pool."""

    def checked_out(_dbapi: object, entry: ConnectionPoolEntry, _proxy: object) -> None:
        take(id(entry))

    def checked_in(_dbapi: object, entry: ConnectionPoolEntry) -> None:
        record_return(id(entry))

    def began(session: Session, _transaction: SessionTransaction, _connection: Connection) -> None:
        if isinstance(session.bind, Connection):
            take(id(session))

    def ended(session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None:
            record_return(id(session))

    event.listen(Pool, "checkout", checked_out)
    event.listen(Pool, "checkin", checked_in)
    event.listen(Session, "after_begin", began)
    event.listen(Session, "after_transaction_end", ended)
    fetch = RawReadPool._fetch

    async def watched(self: RawReadPool, kind: str, statement: str, *values: object) -> Sequence[Any]:
        key = object()
        take(id(key))
        try:
            return await fetch(self, kind, statement, *values)
        finally:
            record_return(id(key))

    RawReadPool._fetch = watched  # type: ignore[method-assign]
