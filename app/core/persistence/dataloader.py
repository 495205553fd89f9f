"""Batch concurrent lookups into one round trip."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence


class DataLoader[K, V]:
    """Collects the keys requested during one event loop iteration and loads them together.

    A request never joins a batch that was already sent, so a value is never older than its request.
    """

    def __init__(self, load: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._load = load
        self._waiting: dict[K, list[asyncio.Future[V | None]]] = {}
        self._running: set[asyncio.Task[None]] = set()

    def ask(self, key: K) -> asyncio.Future[V | None]:
        """Return a future of the value; None where there is none."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[V | None] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._send)
        self._waiting.setdefault(key, []).append(future)
        return future

    def _send(self) -> None:
        asked, self._waiting = self._waiting, {}
        task = asyncio.get_running_loop().create_task(self._answer(asked))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _answer(self, asked: dict[K, list[asyncio.Future[V | None]]]) -> None:
        try:
            found = await self._load(list(asked))
        except Exception as failed:  # noqa: BLE001 - passed on to all callers
            for futures in asked.values():
                for future in futures:
                    if not future.done():
                        future.set_exception(failed)
            return
        for key, futures in asked.items():
            for future in futures:
                if not future.done():
                    future.set_result(found.get(key))
