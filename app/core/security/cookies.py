"""Every cookie of the site: its name, its attributes, how it is set, read and deleted."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import Response

from app.core.config import Settings, get_settings
from app.core.i18n import LOCALES

COOKIE_QUEUE = "iplance.cookies"
"""Where a request's cookies wait, so that they go with whatever answer it gets, errors included."""
CSRF_COOKIE = "csrf_token"
LOCALE_COOKIE = "locale"
YEAR = 365 * 24 * 3600


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


def cookie_name(name: str) -> str:
    """Return the name of a page's cookie as the browser knows it: with `__Host-` wherever cookies are Secure."""
    return f"__Host-{name}" if get_settings().secure_cookies else name


def chosen_locale(cookies: Mapping[str, str]) -> str | None:
    """Return the language that was chosen in this browser, if any."""
    chosen = cookies.get(f"__Host-{LOCALE_COOKIE}") or cookies.get(LOCALE_COOKIE)
    return chosen if chosen in LOCALES else None


def _header(settings: Settings, name: str, value: str, *, max_age: int, readable: bool = False) -> str:
    parts = [f"{name}={value}", "Path=/", f"Max-Age={max_age}", "SameSite=Lax"]
    if not readable:
        parts.append("HttpOnly")
    if settings.secure_cookies:
        parts.append("Secure")
    return "; ".join(parts)


def put_cookie(
    connection: HTTPConnection, settings: Settings, name: str, value: str, *, max_age: int, readable: bool = False
) -> None:
    """Send a cookie with whatever answer this request gets: a page, JSON or an error."""
    queue: list[str] = connection.scope.setdefault(COOKIE_QUEUE, [])
    queue[:] = [cookie for cookie in queue if not cookie.startswith(f"{name}=")]
    queue.append(_header(settings, name, value, max_age=max_age, readable=readable))


def delete_cookie(connection: HTTPConnection, settings: Settings, name: str, *, readable: bool = False) -> None:
    """Tell the browser to forget a cookie, with the same attributes it was set with."""
    put_cookie(connection, settings, name, "", max_age=0, readable=readable)


def set_cookie(response: Response, name: str, value: str, *, max_age: int) -> None:
    """Let an answer set a cookie of the pages; it belongs to this host alone, and no script of ours reads it."""
    response.headers.append("set-cookie", _header(get_settings(), cookie_name(name), value, max_age=max_age))


def drop_cookie(response: Response, name: str) -> None:
    """Let an answer delete a cookie that `set_cookie` made."""
    set_cookie(response, name, "", max_age=0)


def read_cookie(connection: HTTPConnection, name: str) -> str | None:
    """Return a cookie that `set_cookie` made."""
    return connection.cookies.get(cookie_name(name))
