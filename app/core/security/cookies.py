"""All cookies of the site: names, attributes, setting, reading and deleting."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from app.core.config import Settings, get_settings
from app.core.i18n import LOCALES

COOKIE_QUEUE = "iplance.cookies"
"""Key in the scope for the cookies of a request, which are sent with any response, errors included."""
CLEAR_CACHE = "iplance.clear_cache"
"""Key in the scope: the response asks the browser to forget what it has cached of this site."""
CSRF_COOKIE = "csrf_token"
CSRF_VALUES = "iplance.csrf_values"
"""Key in the scope for all values of the CSRF cookie: scripts read it, so it cannot have the prefix `__Host-`."""
MAX_CSRF_VALUES = 8
LOCALE_COOKIE = "locale"
TIME_ZONE_COOKIE = "time_zone"
"""Set by the script of a signed-in person's pages: the IANA name of the browser's time zone."""
YEAR = 365 * 24 * 3600
_PAIR = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++=(?:[!#-+\--:<-\[\]-~]*+|\"[!#-+\--:<-\[\]-~]*+\")")
"""A cookie as RFC 6265, 4.1.1 writes it: the name is a token, the value has no spaces, commas or semicolons."""


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


def reset_flow_cookie(settings: Settings) -> str:
    """Return the name of the cookie that binds the code of a password reset to the browser that asked for it."""
    return "__Host-reset_flow" if settings.secure_cookies else "reset_flow"


def cookie_name(name: str) -> str:
    """Return the name of a page's cookie in the browser: with `__Host-` wherever cookies are Secure."""
    return f"__Host-{name}" if get_settings().secure_cookies else name


def chosen_locale(cookies: Mapping[str, str]) -> str | None:
    """Return the language chosen in this browser, if any."""
    chosen = cookies.get(f"__Host-{LOCALE_COOKIE}") or cookies.get(LOCALE_COOKIE)
    return chosen if chosen in LOCALES else None


def _csrf_values(pairs: Sequence[tuple[bytes, bytes]]) -> list[str]:
    sent = [pair.partition(b"=")[2] for name, pair in pairs if name == CSRF_COOKIE.encode()]
    return [value.strip(b'"').decode() for value in sent[:MAX_CSRF_VALUES]]


def _without_doubtful(pairs: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the last cookie of each name, and none of a `__Host-` name that has several values."""
    kept = dict(pairs)
    for name, pair in pairs:
        if name.startswith(b"__Host-") and kept.get(name, pair) != pair:
            del kept[name]
    return kept


def drop_malformed_cookies(scope: Scope) -> None:
    """Leave in the headers of a request only cookies that are written as RFC 6265 demands, each name once.

    The framework strips bytes such as 0xA0 and 0x85 from names, browsers do not: another host of the domain could set a
    cookie whose stripped name is one of the `__Host-` names. A browser has one cookie of such a name, so two that
    differ are not its own, and none is kept. All values of the CSRF cookie are remembered.
    """
    sent = [value for name, value in scope["headers"] if name == b"cookie"]
    if not sent:
        return
    trimmed = (pair.strip(b" ") for pair in b";".join(sent).split(b";"))
    pairs = [(pair.partition(b"=")[0], pair) for pair in trimmed if _PAIR.fullmatch(pair)]
    scope[CSRF_VALUES] = _csrf_values(pairs)
    kept = _without_doubtful(pairs)
    others = [header for header in scope["headers"] if header[0] != b"cookie"]
    scope["headers"] = [*others, (b"cookie", b"; ".join(kept.values()))] if kept else others


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


def clear_browser_cache(connection: HTTPConnection) -> None:
    """Ask the browser, with any response of this request, to forget what it has cached of this site."""
    connection.scope[CLEAR_CACHE] = True


def set_cookie(response: Response, name: str, value: str, *, max_age: int) -> None:
    """Set a cookie of the pages on a response; it belongs to this host only, and scripts cannot read it."""
    response.headers.append("set-cookie", _header(get_settings(), cookie_name(name), value, max_age=max_age))


def drop_cookie(response: Response, name: str) -> None:
    """Delete a cookie that `set_cookie` set."""
    set_cookie(response, name, "", max_age=0)


def read_cookie(connection: HTTPConnection, name: str) -> str | None:
    """Return the value of a cookie that `set_cookie` set."""
    return connection.cookies.get(cookie_name(name))
