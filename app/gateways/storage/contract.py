"""The protocol that every storage implements."""

import re
import secrets
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

KEY = re.compile(r"[0-9a-f]{40}")
READ_BYTES = 1_048_576
"""Maximum size of a chunk read from an object, in bytes."""


class StorageUnavailableError(Exception):
    """The storage does not answer, rejects the request, or is full; retry later."""


class ObjectMissingError(Exception):
    """The object does not exist, or is shorter than the requested range."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in a listing."""

    key: str
    size: int
    modified: datetime


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


class Storage(Protocol):
    """Stores immutable objects by key. An object exists completely or not at all."""

    async def put(self, key: str, source: Path) -> None:
        """Store a copy of a file; on return it is durable. Storing the same object again is safe.

        Raises:
            StorageUnavailableError: It is unknown whether the object was stored.
        """
        ...

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """Yield the bytes from `start` up to, not including, `end`; memory use does not depend on the object's size.

        Raises:
            ObjectMissingError: The object does not exist.
            StorageUnavailableError: The storage does not answer.
        """
        ...

    async def size(self, key: str) -> int | None:
        """Return the length of an object in bytes, or None where it does not exist.

        Raises:
            StorageUnavailableError: The storage does not answer.
        """
        ...

    async def remove(self, keys: Sequence[str]) -> None:
        """Delete objects; missing ones are ignored.

        Raises:
            StorageUnavailableError: It is unknown which objects were deleted.
        """
        ...

    def objects(self) -> AsyncGenerator[StoredObject]:
        """Yield all of our objects; other objects in the same place are left out.

        Raises:
            StorageUnavailableError: The storage does not answer.
        """
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
