"""All cookies of the site: names, attributes, setting, reading and deleting."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import Response

from app.core.config import Settings, get_settings
from app.core.i18n import LOCALES

COOKIE_QUEUE = "iplance.cookies"
"""Key in the scope for the cookies of a request, which are sent with any response, errors included."""
CSRF_COOKIE = "csrf_token"
LOCALE_COOKIE = "locale"
YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class CookieNames:
    """The names of the token cookies on this installation."""

    access: str
    refresh: str
    device: str


SECURE_NAMES = CookieNames("__Host-access_token", "__Host-refresh_token", "__Host-device")
PLAIN_NAMES = CookieNames("access_token", "refresh_token", "device")


def cookie_names(settings: Settings) -> CookieNames:
    """Return the `__Host-` names wherever cookies are Secure; another host of the domain cannot set those."""
    return SECURE_NAMES if settings.secure_cookies else PLAIN_NAMES


def cookie_name(name: str) -> str:
    """Return the name of a page's cookie in the browser: with `__Host-` wherever cookies are Secure."""
    return f"__Host-{name}" if get_settings().secure_cookies else name


def chosen_locale(cookies: Mapping[str, str]) -> str | None:
    """Return the language chosen in this browser, if any."""
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
    """Set a cookie on any response of this request: a page, JSON or an error."""
    queue: list[str] = connection.scope.setdefault(COOKIE_QUEUE, [])
    queue[:] = [cookie for cookie in queue if not cookie.startswith(f"{name}=")]
    queue.append(_header(settings, name, value, max_age=max_age, readable=readable))


def delete_cookie(connection: HTTPConnection, settings: Settings, name: str, *, readable: bool = False) -> None:
    """Delete a cookie, with the same attributes it was set with."""
    put_cookie(connection, settings, name, "", max_age=0, readable=readable)


def set_cookie(response: Response, name: str, value: str, *, max_age: int) -> None:
    """Set a cookie of the pages on a response; it belongs to this host only, and scripts cannot read it."""
    response.headers.append("set-cookie", _header(get_settings(), cookie_name(name), value, max_age=max_age))


def drop_cookie(response: Response, name: str) -> None:
    """Delete a cookie that `set_cookie` set."""
    set_cookie(response, name, "", max_age=0)


def read_cookie(connection: HTTPConnection, name: str) -> str | None:
    """Return the value of a cookie that `set_cookie` set."""
    return connection.cookies.get(cookie_name(name))
