"""Password hashes: bcrypt over SHA-256 through passlib's interface, off the event loop, at low priority."""

import os
import sys
import threading
import unicodedata
from functools import lru_cache
from typing import Any

from passlib.context import CryptContext

from app.core.bounded_threads import BoundedThreads
from app.core.errors import UnavailableError
from app.core.i18n import N_

THREADS = 2
MAX_QUEUE_LENGTH = 64
NICENESS = 10
MAX_LENGTH = 1024
"""Longest text that is verified: no password is longer, and composing takes time with the square of the marks."""
_DUMMY_TAIL = "n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2"


class HashingBusyError(UnavailableError):
    """The queue of passwords to check is full."""

    code = "hashing-busy"
    title = N_("Many people are signing in right now")
    detail = N_("Please try again in a few seconds.")


def nfc(password: str) -> str:
    """Return the password with its letters and marks composed (RFC 8265), which it is stored and compared by."""
    return unicodedata.normalize("NFC", password)


def lower_priority() -> None:
    """Give way to threads that answer requests."""
    # Linux has a priority per thread, so that requests run before hashes; elsewhere the priority is unchanged.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


class PasswordHasher:
    """Hashes and verifies in two threads of its own; at most `MAX_QUEUE_LENGTH` jobs wait, more are rejected."""

    def __init__(self, rounds: int) -> None:
        self._context: Any = CryptContext(
            schemes=["bcrypt_sha256", "bcrypt"], deprecated=["bcrypt"], bcrypt_sha256__rounds=rounds
        )
        self._dummy = f"$bcrypt-sha256$v=2,t=2b,r={rounds}${_DUMMY_TAIL}"
        self._threads = BoundedThreads(
            "password", THREADS, max_waiting=MAX_QUEUE_LENGTH, busy=HashingBusyError, initializer=lower_priority
        )

    async def hash(self, password: str) -> str:
        """Return the hash to store."""
        hashed, _matched = await self._threads.run(self._work, nfc(password), None)
        return hashed or ""

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Tell whether the password matches, and return a new hash when the stored one uses an older scheme.

        A keyboard may compose a letter and its mark into one character or not, so passwords are hashed composed. Hashes
        made before that are of what was typed, which is tried too and then replaced. With no stored hash (unknown user
        name) it takes the same time and never matches.
        """
        if len(password) > MAX_LENGTH:
            password, stored = "", None
        composed = nfc(password)
        upgraded, matched = await self._threads.run(self._work, composed, stored or self._dummy)
        if not matched and composed != password:
            _upgraded, matched = await self._threads.run(self._work, password, stored or self._dummy)
            upgraded = await self.hash(composed) if matched else None
        return matched and stored is not None, upgraded if stored is not None else None

    def _work(self, password: str, stored: str | None) -> tuple[str | None, bool]:
        if stored is None:
            return self._context.hash(password), True
        try:
            matched, upgraded = self._context.verify_and_update(password, stored)
        except ValueError:
            # Plain bcrypt of older rows rejects NUL and more than 72 bytes; those never match.
            return None, False
        return upgraded, matched


@lru_cache(maxsize=4)
def password_hasher(rounds: int) -> PasswordHasher:
    """Return the hasher shared by the whole process."""
    return PasswordHasher(rounds)
