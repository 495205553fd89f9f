"""Signatures with a key per purpose, derived from the secret; older secrets verify during a rotation."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache

from app.core.config import Settings


@lru_cache(maxsize=256)
def derive(secret: str, purpose: str) -> bytes:
    """Return the key of one purpose, so that a signature for one purpose is invalid for any other."""
    return hmac.new(secret.encode(), f"iplance/{purpose}".encode(), hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs values of one purpose; each purpose has its own key."""

    purpose: str
    size: int = 32
    """Length of a signature in bytes."""

    def sign(self, settings: Settings, *parts: str | bytes) -> bytes:
        """Return the signature of exactly these parts."""
        return self._sign(settings.verification_keys[0], parts)

    def candidates(self, settings: Settings, *parts: str | bytes) -> list[bytes]:
        """Return the valid signatures of these parts: one for each secret in use, the newest first."""
        return [self._sign(secret, parts) for secret in settings.verification_keys]

    def verifies(self, settings: Settings, signature: bytes, *parts: str | bytes) -> bool:
        """Tell whether the signature is valid for exactly these parts under one of the secrets."""
        return any(hmac.compare_digest(signature, made) for made in self.candidates(settings, *parts))

    def text(self, settings: Settings, *parts: str | bytes) -> str:
        """Return the signature as URL-safe text."""
        return text_of(self.sign(settings, *parts))

    def verifies_text(self, settings: Settings, signature: str, *parts: str | bytes) -> bool:
        """Tell whether a text is a valid URL-safe signature of exactly these parts."""
        try:
            return self.verifies(settings, bytes_of(signature), *parts)
        except ValueError:
            return False

    def seal(self, settings: Settings, payload: bytes) -> str:
        """Return a payload together with its signature, as URL-safe text."""
        return text_of(self.sign(settings, payload) + payload)

    def unseal(self, settings: Settings, sealed: str) -> bytes | None:
        """Return the payload of such a text; None where the signature is not valid."""
        try:
            raw = bytes_of(sealed)
        except ValueError:
            return None
        signature, payload = raw[: self.size], raw[self.size :]
        return payload if self.verifies(settings, signature, payload) else None

    def _sign(self, secret: str, parts: tuple[str | bytes, ...]) -> bytes:
        raw = [part.encode() if isinstance(part, str) else part for part in parts]
        message = b"".join(len(part).to_bytes(4) + part for part in raw)
        return hmac.new(derive(secret, self.purpose), message, hashlib.sha256).digest()[: self.size]


def keyed_hash(key: bytes, message: bytes) -> bytes:
    """Return the HMAC-SHA256 of a message, for signatures whose form somebody else has fixed."""
    return hmac.new(key, message, hashlib.sha256).digest()


def same_secret(known: str, sent: str) -> bool:
    """Compare two texts in constant time."""
    return hmac.compare_digest(known.encode(), sent.encode())


def text_of(raw: bytes) -> str:
    """Encode bytes as URL-safe text without padding, for cookies and links."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def bytes_of(text: str) -> bytes:
    """Decode such a text; only the canonical encoding is accepted.

    Raises:
        ValueError: It is not canonical URL-safe text.
    """
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if text_of(raw) != text:
        raise ValueError("not the canonical spelling")
    return raw
