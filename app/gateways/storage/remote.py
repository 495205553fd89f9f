"""What storages share that are proven to work: an object of another server counts as missing only then."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import override

import structlog

from app.core.ports import Storage
from app.gateways.storage.protocol import ObjectMissingError, StorageUnavailableError, probe

log = structlog.get_logger()

PROOF_SECONDS = 60.0
"""How long a successful probe counts."""
FAILURE_SECONDS = 5.0
"""How long a failed one counts."""


class ProvenStorage(Storage):
    """Tells by an object of its own whether it takes and returns objects."""

    _known: tuple[float, str] | None = None
    """Until when the last result counts, and why the storage failed; empty where it did not."""
    _proving: asyncio.Lock | None = None

    @override
    async def prove(self) -> None:
        if self._proving is None:
            self._proving = asyncio.Lock()
        async with self._proving:
            if self._known is None or self._known[0] < time.monotonic():
                self._known = await self._tried()
            if self._known[1]:
                raise StorageUnavailableError(self._known[1])

    async def _tried(self) -> tuple[float, str]:
        try:
            await probe(self)
        except StorageUnavailableError as error:
            return time.monotonic() + FAILURE_SECONDS, str(error) or type(error).__name__
        return time.monotonic() + PROOF_SECONDS, ""


class RemoteStorage(ProvenStorage):
    """Reads objects from a server whose refusals may look like missing objects.

    A key without rights, another bucket or another server's "not found" must not mark files as damaged.
    """

    @override
    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        try:
            async with aclosing(self.read_stored(key, start, end)) as pieces:
                async for piece in pieces:
                    yield piece
        except ObjectMissingError:
            await self.prove()
            raise


def refused(reason: str) -> StorageUnavailableError:
    """Log what the storage said and return the error that carries it."""
    log.warning("storage_refused", reason=reason)
    return StorageUnavailableError(reason)
