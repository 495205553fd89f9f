"""What storages share: their failures and the names of objects."""

import re
import secrets

KEY = re.compile(r"[0-9a-f]{40}")
READ_BYTES = 1_048_576
"""Maximum size of a chunk read from an object, in bytes."""


class StorageUnavailableError(Exception):
    """The storage does not answer, rejects the request, or is full; retry later."""


class ObjectMissingError(Exception):
    """The object does not exist, or is shorter than the requested range."""


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
