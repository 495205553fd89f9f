"""Cookies of the pages: one place that decides their names and attributes, and signs what must not be altered."""

import base64
import binascii
import hashlib
import hmac

from fastapi import Request
from starlette.responses import Response

from app.core.config import get_settings

YEAR = 365 * 24 * 3600


def cookie_name(name: str) -> str:
    """Return the name as the browser knows it: with `__Host-` wherever cookies are Secure."""
    return f"__Host-{name}" if get_settings().secure_cookies else name


def set_cookie(response: Response, name: str, value: str, *, max_age: int) -> None:
    """Set a cookie that belongs to this host alone; no script of ours reads it."""
    secure = get_settings().secure_cookies
    response.set_cookie(cookie_name(name), value, max_age=max_age, httponly=True, secure=secure, samesite="lax")


def drop_cookie(response: Response, name: str) -> None:
    """Delete a cookie that `set_cookie` made."""
    secure = get_settings().secure_cookies
    response.delete_cookie(cookie_name(name), httponly=True, secure=secure, samesite="lax")


def read_cookie(request: Request, name: str) -> str | None:
    """Return a cookie that `set_cookie` made."""
    return request.cookies.get(cookie_name(name))


def _mac(key: str, purpose: str, payload: bytes) -> bytes:
    return hmac.digest(key.encode(), purpose.encode() + b"\x00" + payload, hashlib.sha256)


def sign(purpose: str, payload: bytes) -> str:
    """Return the payload with its signature as one cookie value."""
    mac = _mac(get_settings().verification_keys[0], purpose, payload)
    return base64.urlsafe_b64encode(mac + payload).rstrip(b"=").decode("ascii")


def unsign(purpose: str, value: str) -> bytes | None:
    """Return the payload, or None where the value was altered or signed for something else."""
    try:
        raw = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    mac, payload = raw[:32], raw[32:]
    keys = get_settings().verification_keys
    return payload if any(hmac.compare_digest(mac, _mac(key, purpose, payload)) for key in keys) else None
