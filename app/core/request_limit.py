"""How long one request may wait for PostgreSQL, all its connections and statements together."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, override

from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.util import await_only, greenlet_spawn

_HELD = "request_limit"


class RequestLimit:
    """The seconds that one request may still spend with the database.

    What waits too long loses its connection: it is closed on this side only, because a server that does not answer
    would not answer a cancellation or a rollback either. The server rolls back when it notices.
    """

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    @property
    def is_over(self) -> bool:
        """Whether no time is left: whatever fails from now on fails because of that."""
        return self._left <= 0

    def spend(self, seconds: float) -> None:
        """Count a wait that somebody else's limit has bounded."""
        self._left -= seconds

    @asynccontextmanager
    async def acquiring(self) -> AsyncGenerator[None]:
        """Limit the wait for a free or a new connection.

        Raises:
            TimeoutError: The request has waited too long already, or does so now.
        """
        if self.is_over:
            raise TimeoutError("the database did not answer this request in time")
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._left):
                yield
        finally:
            self._left -= time.monotonic() - began

    def hold(self, terminate: Callable[[], object]) -> Callable[[], None]:
        """Close a connection when the request has held it for too long; return what ends the limit."""
        began = time.monotonic()

        def expire() -> None:
            self._left = 0
            terminate()

        timer = asyncio.get_running_loop().call_later(max(self._left, 0), expire)

        def release() -> None:
            timer.cancel()
            self._left -= time.monotonic() - began

        return release


_current: ContextVar[RequestLimit | None] = ContextVar("request_limit", default=None)


def current_limit() -> RequestLimit | None:
    """Return the limit of the current request; workers and commands have none."""
    return _current.get()


async def count_wait[T](shared: Awaitable[T]) -> T:
    """Wait for a statement of several requests, which the limit of one of them bounds, and count the wait."""
    began = time.monotonic()
    try:
        return await shared
    finally:
        limit = _current.get()
        if limit is not None:
            limit.spend(time.monotonic() - began)


def is_over() -> bool:
    """Tell whether the current request has used all its time with the database."""
    limit = _current.get()
    return limit is not None and limit.is_over


@contextmanager
def limit_database(seconds: float) -> Generator[None]:
    """Limit what is done inside, such as a request, to so many seconds with the database."""
    token = _current.set(RequestLimit(seconds))
    try:
        yield
    finally:
        _current.reset(token)


class RequestPool(AsyncAdaptedQueuePool):
    """The pool of the engine; it applies the limit of a request from asking for a connection to its return."""

    @override
    def connect(self) -> PoolProxiedConnection:
        """Return a connection; it is closed when the request holds it for too long."""
        limit = current_limit()
        if limit is None:
            return super().connect()
        connection = await_only(self._acquire(limit))
        driver: Any = connection.driver_connection
        connection.info[_HELD] = limit.hold(driver.terminate)
        return connection

    async def _acquire(self, limit: RequestLimit) -> PoolProxiedConnection:
        async with limit.acquiring():
            return await greenlet_spawn(super().connect)


def end_hold(entry: ConnectionPoolEntry) -> None:
    """End the limit of a connection that has returned to the pool."""
    release = entry.info.pop(_HELD, None)
    if release is not None:
        release()
