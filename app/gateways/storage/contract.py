"""What storages share: their failures and the names of objects."""

import re
import secrets

KEY = re.compile(r"[0-9a-f]{40}")
READ_BYTES = 1_048_576
"""The most that one piece of a read object holds."""


class StorageUnavailableError(Exception):
    """The storage does not answer, refuses, or has no room; trying later is right."""


class ObjectMissingError(Exception):
    """There is no such object, or it is shorter than what was asked for."""


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
