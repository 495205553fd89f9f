"""Uploads on their way in: files of this machine that grow until they are whole, whatever the storage is.

The length of such a file is how far the upload has come: it needs no second record, and the death of a process loses
nothing. One writer at a time holds a lock on it, which ends with its process.
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
"""How much is gathered before it is written; what waits is written too when the line breaks."""


class SpoolFullError(Exception):
    """The disk of this machine takes nothing more."""


class SpoolBusyError(Exception):
    """Somebody writes to this upload right now."""


class SpoolOverflowError(Exception):
    """More came than was announced; nothing of the surplus was kept."""


def spool_of(settings: Settings) -> "Spool":
    """Return the spool of this machine."""
    return Spool(settings.data_dir / "uploads")


class Spool:
    """The uploads on their way to this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, file_id: UUID) -> Path:
        """Return where an upload grows."""
        return self._folder / file_id.hex

    def length(self, file_id: UUID) -> int:
        """Return how far an upload has come; zero where nothing is known of it."""
        try:
            return self.path(file_id).stat().st_size
        except FileNotFoundError:
            return 0

    def keep(self, file_id: UUID, source: BinaryIO) -> None:
        """Copy what arrived whole; it blocks, so call it in a thread.

        Raises:
            SpoolFullError: There is no room for it; nothing stays behind.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self.path(file_id).open("wb") as handle:
                shutil.copyfileobj(source, handle, 1_048_576)
        except OSError as error:
            self.drop(file_id)
            raise SpoolFullError(type(error).__name__) from error

    def drop(self, file_id: UUID) -> None:
        """Forget an upload."""
        self.path(file_id).unlink(missing_ok=True)

    def kept(self, before: float | None = None) -> Iterator[UUID]:
        """Yield the uploads that are on their way, or those nobody wrote to since a moment (seconds since 1970)."""
        if self._folder.exists():
            for item in self._folder.iterdir():
                if before is None or item.stat().st_mtime < before:
                    yield UUID(hex=item.name)

    @contextmanager
    def writing(self, file_id: UUID) -> Generator[FileIO]:
        """Hold an upload so that nobody else writes to it.

        Raises:
            SpoolBusyError: Somebody else holds it.
            SpoolFullError: The disk refuses.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Unbuffered: the length of the file is the truth, also when the disk is full.
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
    """Write pieces as they arrive, up to a length of `most` in all; return the length at the end.

    What came before a broken connection stays, so that the upload goes on from there.

    Raises:
        SpoolOverflowError: More came than that.
        SpoolFullError: The disk takes nothing more; what it took whole stays. Where it did not promise to keep what it
            took, none of these pieces stay.
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
                    # Taken away first: of what failed half way, nothing may be written a second time.
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
    """Make what was written survive a power cut, or forget it.

    A disk that has failed to write something may say yes the next time without having written it: only sending it
    again brings it there.
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
