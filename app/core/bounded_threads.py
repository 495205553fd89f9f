"""Threads of their own for one kind of slow work, with a bounded queue."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from app.core.errors import UnavailableError


class BoundedThreads:
    """Runs work in threads that nothing else uses; rejects work when too much waits."""

    def __init__(
        self,
        name: str,
        threads: int,
        *,
        max_waiting: int,
        busy: type[UnavailableError],
        initializer: Callable[[], None] | None = None,
    ) -> None:
        self._threads = ThreadPoolExecutor(threads, name, initializer=initializer)
        self._max_waiting = max_waiting
        self._waiting = 0
        self._busy = busy

    async def run[**P, T](self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Run `work` in one of the threads and return its result.

        Raises:
            UnavailableError: The error given as `busy`: `max_waiting` pieces of work run or wait already.
        """
        if self._waiting >= self._max_waiting:
            raise self._busy
        self._waiting += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*arguments, **named))
        # Counted until the thread is done with it, even if the caller no longer waits.
        future.add_done_callback(self._finished)
        return await asyncio.shield(future)

    def _finished(self, _future: asyncio.Future[Any]) -> None:
        self._waiting -= 1
