"""The cookies of the house: their names, how they are made, how they are deleted."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from app.core.config import Settings

CSRF_COOKIE = "csrf_token"
COOKIE_QUEUE = "iplance.cookies"
"""Where a request's cookies wait, so that they go with whatever answer it gets, errors included."""


@dataclass(frozen=True, slots=True)
class CookieNames:
    """The names the token cookies have on this installation."""

    access: str
    refresh: str
    device: str


SECURE_NAMES = CookieNames("__Host-access_token", "__Host-refresh_token", "__Host-device")
PLAIN_NAMES = CookieNames("access_token", "refresh_token", "device")


def cookie_names(settings: Settings) -> CookieNames:
    """Return the `__Host-` names wherever cookies are Secure; a sibling host cannot plant those."""
    return SECURE_NAMES if settings.secure_cookies else PLAIN_NAMES


def _queue(connection: HTTPConnection) -> list[str]:
    queue: list[str] = connection.scope.setdefault(COOKIE_QUEUE, [])
    return queue


def put_cookie(
    connection: HTTPConnection, settings: Settings, name: str, value: str, *, max_age: int, readable: bool = False
) -> None:
    """Send a cookie with whatever answer this request gets: a page, JSON or an error."""
    parts = [f"{name}={value}", "Path=/", f"Max-Age={max_age}", "SameSite=Lax"]
    if not readable:
        parts.append("HttpOnly")
    if settings.secure_cookies:
        parts.append("Secure")
    _drop(connection, name)
    _queue(connection).append("; ".join(parts))


def delete_cookie(connection: HTTPConnection, settings: Settings, name: str, *, readable: bool = False) -> None:
    """Tell the browser to forget a cookie, with the same attributes it was set with."""
    put_cookie(connection, settings, name, "", max_age=0, readable=readable)


def _drop(connection: HTTPConnection, name: str) -> None:
    queue = _queue(connection)
    queue[:] = [cookie for cookie in queue if not cookie.startswith(f"{name}=")]
