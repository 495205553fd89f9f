"""Commit the work of concurrent callers together, so that many small writes share one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context, copy_context

type _Waiting[T] = tuple[T, asyncio.Future[None], Context]


class GroupCommit[T]:
    """Collects what arrives while the transaction before is being committed, and writes it in the next one.

    A caller goes on after its own transaction was committed. Where a transaction fails, each of its items is written
    alone, so that one that cannot be written refuses no other.
    """

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[object]], *, at_once: int) -> None:
        """Make a group whose transactions write at most so many items; `write` commits before it returns."""
        self._write = write
        self._at_once = at_once
        self._waiting: list[_Waiting[T]] = []
        self._running: asyncio.Task[None] | None = None

    async def add(self, item: T) -> None:
        """Write an item; return after the commit, or raise what has refused it."""
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
        self._waiting.append((item, written, copy_context()))
        if self._running is None or self._running.done():
            self._start(loop)
        await written

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Write what waits, within the limits of the request that has waited longest."""
        group, self._waiting = self._waiting[: self._at_once], self._waiting[self._at_once :]
        self._running = loop.create_task(self._run(group), context=group[0][2])

    async def _run(self, group: Sequence[_Waiting[T]]) -> None:
        try:
            await self._settle(group)
        finally:
            self._running = None
            if self._waiting:
                self._start(asyncio.get_running_loop())

    async def _settle(self, group: Sequence[_Waiting[T]]) -> None:
        try:
            await self._write([item for item, _written, _context in group])
        except Exception as refused:  # noqa: BLE001 - passed on to the caller
            if len(group) > 1:
                for alone in group:
                    await self._settle([alone])
                return
            if not group[0][1].done():
                group[0][1].set_exception(refused)
            return
        for _item, written, _context in group:
            if not written.done():
                written.set_result(None)
