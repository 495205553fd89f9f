"""What storages share: their failures, the names of objects, and the proof that a storage works."""

import asyncio
import re
import secrets
import tempfile
from contextlib import aclosing
from pathlib import Path

from app.core.ports import Storage

KEY = re.compile(r"[0-9a-f]{40}")
READ_BYTES = 1_048_576
"""Maximum size of a chunk read from an object, in bytes."""


PROBE_BYTES = 64


class StorageUnavailableError(Exception):
    """The storage does not answer, rejects the request, or is full; retry later. Its text has the status and words."""


class ObjectMissingError(Exception):
    """The object does not exist, or is shorter than the requested range."""


class ObjectTooLargeError(Exception):
    """The storage takes no object of this size, now and later; `limit` is the most bytes, None where it is unknown."""

    def __init__(self, limit: int | None) -> None:
        super().__init__(limit)
        self.limit = limit


def new_key() -> str:
    """Return a new key: random ASCII, so that no user input ever names an object."""
    return secrets.token_hex(20)


def is_key(name: str) -> bool:
    """Tell whether a key has our form; other objects in a shared bucket are left alone."""
    return KEY.fullmatch(name) is not None


def checked(key: str) -> str:
    """Return the key if it has our form.

    Raises:
        ValueError: It has not, and must not become part of a path.
    """
    if not is_key(key):
        raise ValueError("not a key of the storage")
    return key


async def probe(storage: Storage) -> None:
    """Store an object, read it and remove it, to prove that the storage answers.

    Raises:
        StorageUnavailableError: It refuses one of them, or returns something else than was stored.
    """
    key, content = new_key(), secrets.token_bytes(PROBE_BYTES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe"
        await asyncio.to_thread(path.write_bytes, content)
        try:
            await storage.put(key, path)
            try:
                async with aclosing(storage.read_stored(key)) as pieces:
                    found = b"".join([piece async for piece in pieces])
            finally:
                await storage.remove([key])
        except ObjectMissingError as error:
            raise StorageUnavailableError("the storage does not return what was just stored") from error
        except ObjectTooLargeError as error:
            raise StorageUnavailableError("the storage does not even take a small object") from error
    if found != content:
        raise StorageUnavailableError("the storage returns something else than was stored")
