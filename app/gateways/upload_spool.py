"""The spool of unfinished uploads: local files that grow until they are complete, whatever the storage is.

The length of the file is the upload's progress, so no second record is needed and a crash loses nothing. A writer
holds a file lock, which ends with its process.
"""

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from app.core.config import Settings

WRITE_BYTES = 1_048_576
"""Bytes buffered before a write; the rest is also written when the connection breaks."""


class SpoolFullError(Exception):
    """The local disk is full."""


class SpoolBusyError(Exception):
    """Another request is writing to this upload."""


class SpoolOverflowError(Exception):
    """More bytes arrived than were announced; the surplus was discarded."""


def spool_of(settings: Settings) -> "Spool":
    """Return the spool of this machine."""
    return Spool(settings.data_dir / "uploads")


class Spool:
    """The folder of unfinished uploads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, file_id: UUID) -> Path:
        """Return the path of an upload."""
        return self._folder / file_id.hex

    def length(self, file_id: UUID) -> int:
        """Return the number of bytes received so far; 0 for an unknown upload."""
        try:
            return self.path(file_id).stat().st_size
        except FileNotFoundError:
            return 0

    def keep(self, file_id: UUID, source: BinaryIO) -> None:
        """Copy a complete file into the spool; blocking, so call it in a thread.

        Raises:
            SpoolFullError: There is no space; nothing is left behind.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self.path(file_id).open("wb") as handle:
                shutil.copyfileobj(source, handle, 1_048_576)
        except OSError as error:
            self.drop(file_id)
            raise SpoolFullError(type(error).__name__) from error

    def drop(self, file_id: UUID) -> None:
        """Delete an upload."""
        self.path(file_id).unlink(missing_ok=True)

    def kept(self, before: float | None = None) -> Iterator[UUID]:
        """Yield the unfinished uploads, or those not written to since a time (Unix timestamp in seconds)."""
        if self._folder.exists():
            for item in self._folder.iterdir():
                if before is None or item.stat().st_mtime < before:
                    yield UUID(hex=item.name)

    @contextmanager
    def writing(self, file_id: UUID) -> Generator[FileIO]:
        """Lock an upload against other writers.

        Raises:
            SpoolBusyError: Another writer holds the lock.
            SpoolFullError: The disk is full.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Unbuffered: the length of the file must be right even when the disk is full.
            handle = self.path(file_id).open("ab", buffering=0)
        except OSError as error:
            raise SpoolFullError(type(error).__name__) from error
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise SpoolBusyError from error
            yield handle


async def append(handle: FileIO, pieces: AsyncIterator[bytes], most: int) -> int:
    """Append pieces as they arrive, up to a total length of `most` bytes; return the final length.

    Bytes received before a broken connection are kept, so that the upload can resume.

    Raises:
        SpoolOverflowError: More bytes arrived.
        SpoolFullError: The disk is full; bytes written and synced are kept. If the sync failed, none of these pieces
            are kept.
    """
    start = length = handle.tell()
    try:
        waiting = bytearray()
        try:
            async for piece in pieces:
                if length + len(waiting) + len(piece) > most:
                    raise SpoolOverflowError
                waiting += piece
                if len(waiting) >= WRITE_BYTES:
                    # Removed first, so that after a failure no piece is written twice.
                    due, waiting = bytes(waiting), bytearray()
                    await asyncio.to_thread(_write, handle, due)
                    length += len(due)
        finally:
            await asyncio.to_thread(_write, handle, bytes(waiting))
            length += len(waiting)
            await asyncio.to_thread(_sync, handle, start)
    except OSError as error:
        raise SpoolFullError(type(error).__name__) from error
    return length


def _sync(handle: FileIO, start: int) -> None:
    """Sync written bytes to the disk, or discard them.

    After a failed fsync the next one may succeed without having written the data, so the client must send it again.
    """
    try:
        os.fsync(handle.fileno())
    except OSError:
        handle.truncate(start)
        raise


def _write(handle: FileIO, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[handle.write(rest) :]
