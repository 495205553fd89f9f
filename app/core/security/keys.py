"""Keys for each purpose, derived from the one secret; older secrets still verify while a rotation lasts."""

import base64
import hashlib
import hmac
from functools import lru_cache


@lru_cache(maxsize=256)
def derive(secret: str, purpose: str) -> bytes:
    """Return the key of one purpose, so that a signature made for one thing never fits another."""
    return hmac.new(secret.encode(), f"iplance/{purpose}".encode(), hashlib.sha256).digest()


def sign(secret: str, purpose: str, *parts: str) -> bytes:
    """Return 32 bytes that only the holder of the secret can make for exactly these parts."""
    message = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
    return hmac.new(derive(secret, purpose), message, hashlib.sha256).digest()


def text_of(raw: bytes) -> str:
    """Write bytes as URL-safe text without padding, so that it fits cookies and links."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def bytes_of(text: str) -> bytes:
    """Read such a text back; only the one canonical spelling is accepted.

    Raises:
        ValueError: It is not such a text.
    """
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if text_of(raw) != text:
        raise ValueError("not the canonical spelling")
    return raw
