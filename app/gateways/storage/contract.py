"""What every storage promises, so that the rest of the house need not know which one it has."""

import re
import secrets
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

KEY = re.compile(r"[0-9a-f]{40}")
READ_BYTES = 1_048_576
"""The most that one piece of a read object holds."""


class StorageUnavailableError(Exception):
    """The storage does not answer, refuses, or has no room; trying later is right."""


class ObjectMissingError(Exception):
    """There is no such object, or it is shorter than what was asked for."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as the storage lists it."""

    key: str
    size: int
    modified: datetime


def new_key() -> str:
    """Return a fresh key: random and ASCII, so that nothing a person typed ever names an object."""
    return secrets.token_hex(20)


def is_key(name: str) -> bool:
    """Tell whether a name in the storage is one of ours; whoever shares a bucket keeps what is theirs."""
    return KEY.fullmatch(name) is not None


def checked(key: str) -> str:
    """Return the key if it is one of ours.

    Raises:
        ValueError: It is not, and must not become part of a path.
    """
    if not is_key(key):
        raise ValueError("not a key of the storage")
    return key


class Storage(Protocol):
    """Keeps objects by key. An object is there whole or not at all, and never changes; only its key is used again."""

    async def put(self, key: str, source: Path) -> None:
        """Keep a copy of a file; once this returns, it survives a power cut. Putting the same again is harmless.

        Raises:
            StorageUnavailableError: Nobody knows whether the object is there now.
        """
        ...

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """Yield the bytes from `start` up to, not including, `end`; memory does not grow with the object.

        Raises:
            ObjectMissingError: There is no such object.
            StorageUnavailableError: The storage does not answer.
        """
        ...

    async def size(self, key: str) -> int | None:
        """Return the length of an object, None where there is none.

        Raises:
            StorageUnavailableError: The storage does not answer.
        """
        ...

    async def remove(self, keys: Sequence[str]) -> None:
        """Remove objects; what is not there is no failure.

        Raises:
            StorageUnavailableError: Nobody knows which of them are gone.
        """
        ...

    def objects(self) -> AsyncGenerator[StoredObject]:
        """Yield every object of ours; what others keep beside them is not shown.

        Raises:
            StorageUnavailableError: The storage does not answer.
        """
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
