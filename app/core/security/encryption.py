"""Encryption at rest: a data key encrypts what belongs to one owner, and a key of the settings encrypts the data key.

To replace a key of the settings, only the data keys are encrypted again; rows that are never updated stay readable.
Without its data key nothing can be read: erasing the key erases the data.
"""

import asyncio
import hashlib
import os
import sys
from dataclasses import dataclass
from typing import Any

from app.core.config import Settings
from app.core.security.cryptography_loading import load_cryptography
from app.core.security.signing import derive

_FORMAT = b"\x01"
_CIPHERS = "cryptography.hazmat.primitives.ciphers.aead"
_HINT_BYTES, _NONCE_BYTES, _KEY_BYTES = 4, 12, 32


class UndecryptableError(Exception):
    """The data cannot be decrypted: its key is not among the configured ones, or its bytes were changed."""


@dataclass(frozen=True, slots=True, repr=False)
class DataKey:
    """An AES-256-GCM key for the data of one owner; `context` names a row, and data moved to another row is refused."""

    _key: bytes

    def encrypt(self, plain: bytes, context: str) -> bytes:
        """Return the encrypted bytes."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + bytes(_cipher(self._key).encrypt(nonce, plain, context.encode()))

    def decrypt(self, stored: bytes, context: str) -> bytes:
        """Return the plain bytes.

        Raises:
            UndecryptableError: They were encrypted with another key or for another context, or were changed.
        """
        cipher, refused = _cipher(self._key), load_cryptography("cryptography.exceptions").InvalidTag
        try:
            return bytes(cipher.decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], context.encode()))
        except (refused, ValueError) as wrong:
            raise UndecryptableError from wrong


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Creates and opens data keys of one purpose with the encryption keys of the settings, the newest first."""

    purpose: str

    def create(self, settings: Settings, owner: str) -> tuple[DataKey, bytes]:
        """Return a new data key, and its encrypted form to store."""
        key = os.urandom(_KEY_BYTES)
        return DataKey(key), self._wrap(settings, key, owner)

    def open(self, settings: Settings, wrapped: bytes, owner: str) -> DataKey:
        """Return a stored data key.

        Raises:
            UndecryptableError: No configured key opens it.
        """
        hint, inner = wrapped[1 : 1 + _HINT_BYTES], wrapped[1 + _HINT_BYTES :]
        for key in self._keys(settings):
            if wrapped[:1] == _FORMAT and _hint(key) == hint:
                return DataKey(DataKey(key).decrypt(inner, owner))
        raise UndecryptableError

    def renew(self, settings: Settings, wrapped: bytes, owner: str) -> bytes | None:
        """Return a stored data key encrypted with the newest key; None where it is already.

        Raises:
            UndecryptableError: No configured key opens it.
        """
        if wrapped[1 : 1 + _HINT_BYTES] == _hint(self._keys(settings)[0]):
            return None
        return self._wrap(settings, self.open(settings, wrapped, owner)._key, owner)  # noqa: SLF001 - of this module

    def _wrap(self, settings: Settings, key: bytes, owner: str) -> bytes:
        newest = self._keys(settings)[0]
        return _FORMAT + _hint(newest) + DataKey(newest).encrypt(key, owner)

    def _keys(self, settings: Settings) -> list[bytes]:
        return [derive(secret, f"encryption/{self.purpose}") for secret in settings.encryption_secrets]


async def load_ciphers() -> None:
    """Load the library of the ciphers in a thread, once; call this before they are used in an event loop."""
    if _CIPHERS not in sys.modules:
        await asyncio.to_thread(load_cryptography, _CIPHERS)


def _cipher(key: bytes) -> Any:  # noqa: ANN401 - a class of a library that is loaded late
    return load_cryptography(_CIPHERS).AESGCM(key)


def _hint(key: bytes) -> bytes:
    """Return what names a key beside the data that it encrypted, without telling anything about it."""
    return hashlib.sha256(b"hint" + key).digest()[:_HINT_BYTES]
