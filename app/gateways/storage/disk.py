"""Objects as local files: temporary name, fsync, rename, fsync of the directory."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, override

from app.core.ports import StoredObject
from app.gateways.storage.protocol import (
    READ_BYTES,
    ObjectMissingError,
    StorageUnavailableError,
    checked,
    is_key,
)
from app.gateways.storage.remote import ProvenStorage

PART = ".part"
"""Suffix of incomplete objects."""


def sync_folder(folder: Path) -> None:
    """Sync a directory, so that new names survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class DiskStorage(ProvenStorage):
    """Stores objects below one folder, in 256 subfolders by the start of the key."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _place(self, key: str) -> Path:
        return self._root / checked(key)[:2] / key

    @override
    async def put(self, key: str, source: Path) -> None:
        place = self._place(key)
        try:
            await asyncio.to_thread(self._put, place, source)
        except OSError as error:
            raise StorageUnavailableError(f"{type(error).__name__}: {error.strerror}") from error

    def _put(self, place: Path, source: Path) -> None:
        if not place.parent.exists():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(self._root)
        unfinished = place.with_suffix(PART)
        try:
            unfinished.unlink(missing_ok=True)
            try:
                # An upload on the same disk is linked instead of copied: nobody writes to it any more.
                unfinished.hardlink_to(source)
            except OSError:
                shutil.copyfile(source, unfinished)
            with unfinished.open("rb") as handle:
                os.fsync(handle.fileno())
            unfinished.rename(place)
            # A rename between two hard links of the same file does nothing.
            unfinished.unlink(missing_ok=True)
            sync_folder(place.parent)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise

    @override
    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        try:
            handle = await asyncio.to_thread(self._place(key).open, "rb")
        except FileNotFoundError as error:
            raise ObjectMissingError from error
        except OSError as error:
            raise StorageUnavailableError(f"{type(error).__name__}: {error.strerror}") from error
        try:
            left = None if end is None else end - start
            while left is None or left > 0:
                piece = await asyncio.to_thread(_piece, handle, start, left)
                if not piece:
                    break
                start += len(piece)
                left = None if left is None else left - len(piece)
                yield piece
        except OSError as error:
            raise StorageUnavailableError(f"{type(error).__name__}: {error.strerror}") from error
        finally:
            handle.close()

    @override
    async def size(self, key: str) -> int | None:
        try:
            return (await asyncio.to_thread(self._place(key).stat)).st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageUnavailableError(f"{type(error).__name__}: {error.strerror}") from error

    @override
    async def remove(self, keys: Sequence[str]) -> None:
        places = [self._place(key) for key in keys]
        try:
            for place in places:
                # Leftovers of a process that died while copying are listed under the same key.
                for name in (place, place.with_suffix(PART)):
                    await asyncio.to_thread(name.unlink, missing_ok=True)
        except OSError as error:
            raise StorageUnavailableError(f"{type(error).__name__}: {error.strerror}") from error

    @override
    async def objects(self) -> AsyncGenerator[StoredObject]:
        try:
            for folder in await asyncio.to_thread(_folders, self._root):
                for found in await asyncio.to_thread(_listed, folder):
                    yield found
        except OSError as error:
            raise StorageUnavailableError(f"{type(error).__name__}: {error.strerror}") from error

    @override
    async def close(self) -> None:
        """Do nothing: no connections are open."""


def _piece(handle: BinaryIO, start: int, left: int | None) -> bytes:
    handle.seek(start)
    return handle.read(READ_BYTES if left is None else min(READ_BYTES, left))


def _folders(root: Path) -> list[Path]:
    return sorted(item for item in root.iterdir() if item.is_dir()) if root.exists() else []


def _listed(folder: Path) -> list[StoredObject]:
    with os.scandir(folder) as entries:
        return [_stored(entry) for entry in entries if is_key(entry.name.removesuffix(PART))]


def _stored(entry: os.DirEntry[str]) -> StoredObject:
    facts = entry.stat()
    return StoredObject(entry.name.removesuffix(PART), facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))
