"""Limits of requests: length, number and media type of bodies, strict JSON, no NUL characters.

One place for all routes, so that they refuse the same requests. PostgreSQL cannot store NUL, and Python's JSON reader
accepts more than JSON (duplicate names, UTF-16, NaN, unpaired surrogates). What two parsers could read differently is
refused here.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message as HeaderValue
from typing import Any, NoReturn

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import DomainError, FieldError, InvalidError, NotFoundError
from app.core.http.arriving_bodies import Arrival, ArrivingBodies, senders_of
from app.core.http.dependencies import API_ROOT, connection_resources
from app.core.http.problem_details import (
    ErrorPage,
    TooLargeError,
    UnsupportedMediaTypeError,
    from_http,
    headers_of,
    problem,
    status_of,
    wants_page,
)
from app.core.i18n import N_

FORM = "application/x-www-form-urlencoded"
LONG_BODY = "iplance.long_body"
"""Key in the scope: whether the address accepts longer bodies than others for this request."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
NOT_JSON = N_("This is not valid JSON.")
NOT_UTF8 = N_("Send JSON as UTF-8 without a byte order mark.")
MAX_JSON_VALUES = 2_000
"""Members of objects and elements of lists, all together; no request of the API needs a tenth of them."""
_JSON_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
TOO_MANY_VALUES = N_("The JSON holds more than {limit} values.")
MAX_FORM_ESCAPES = 120_000
"""Two for each Cyrillic letter: sixty thousand of them, several times the longest form."""
MAX_FORM_FIELDS = 1_000
TOO_MANY_FIELDS = N_("The form holds more than {limit} fields.")
TWICE = N_("The name {name} stands twice in one object.")
NOT_TEXT = N_("A text holds a character that cannot be stored.")


@dataclass(frozen=True, slots=True)
class LongBodyRoute:
    """A route with longer bodies of one media type, which it reads as a stream."""

    method: str
    path: re.Pattern[str]
    kind: str
    limit: int


@dataclass(frozen=True, slots=True)
class RoutePattern:
    """The methods and the addresses of a route."""

    methods: frozenset[str]
    path: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """The longest ordinary bodies, in bytes, of routes that need a session and of all others."""

    signed_in: int
    guests: int


class BodyLimitsMiddleware:
    """Refuses bodies that are too long, of a wrong media type, or malformed."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_body_bytes: BodyLimits,
        page: ErrorPage,
        signed_in_routes: Sequence[RoutePattern] = (),
        long_body_routes: Sequence[LongBodyRoute] = (),
    ) -> None:
        self.app = app
        self.limits = max_body_bytes
        self.page = page
        self.signed_in_routes = tuple(signed_in_routes)
        self.long_body_routes = tuple(long_body_routes)
        self.arriving = ArrivingBodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        long = self._long(scope, scope["method"])
        limit = long.limit if long else self._limit(scope)
        scope[LONG_BODY] = long is not None
        connection = HTTPConnection(scope)
        arrival = Arrival(self.arriving, lambda: senders_of(connection, connection_resources(connection)), receive)
        taking = arrival.receive if has_body(connection.headers) else receive
        try:
            checked = await self._check(scope, counted(taking, limit), limit, long)
        except DomainError as error:
            await self._refuse(error, scope, receive, send)
        except HTTPException as error:
            await self._refuse(from_http(error), scope, receive, send)
        else:
            await self.app(scope, checked, send)
        finally:
            arrival.end()

    async def _refuse(self, error: DomainError, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self.page(request, error, status_of(error)) if wants_page(request) else problem(request, error)
        response.headers.update(headers_of(error))
        await response(scope, receive, send)

    def _limit(self, scope: Scope) -> int:
        """Return the limit of an ordinary body: more for routes that only signed-in people can use."""
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length) <= self.limits.guests:
            return self.limits.guests
        known = any(
            scope["method"] in route.methods and route.path.fullmatch(scope["path"]) for route in self.signed_in_routes
        )
        return self.limits.signed_in if known else self.limits.guests

    def _long(self, scope: Scope, method: str | None = None) -> LongBodyRoute | None:
        """Return the long body route of this request; without `method`, of any method at this address."""
        kind = media_type(Headers(scope=scope).get("content-type"))
        for long in self.long_body_routes:
            if long.kind == kind and method in (None, long.method) and long.path.fullmatch(scope["path"]):
                return long
        return None

    async def _check(self, scope: Scope, receive: Receive, limit: int, long: LongBodyRoute | None) -> Receive:
        headers = Headers(scope=scope)
        check_address(scope)
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > limit:
            raise TooLargeError
        if long:
            return receive
        kind = media_type(headers.get("content-type"))
        sent = has_body(headers)
        claims = sent or (kind and scope["method"] not in SAFE_METHODS)
        if scope["path"].startswith(API_ROOT) and claims and not is_json(kind) and not self._long(scope):
            raise UnsupportedMediaTypeError
        if not sent or not (is_json(kind) or kind == FORM):
            return receive
        body, disconnected = await read_all(receive)
        if disconnected:
            return receive
        if is_json(kind):
            check_json(body)
        else:
            body = storable_form(body)
            check_form(body)
        return replay(body, receive)


def has_body(headers: Headers) -> bool:
    """Tell whether the headers announce a body."""
    length = headers.get("content-length", "")
    return (length.isdecimal() and int(length) > 0) or "transfer-encoding" in headers


def counted(receive: Receive, limit: int) -> Receive:
    """Stop reading a body of undeclared length as soon as it is too long."""
    total = 0

    async def counting() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            # Not a domain error, because the framework's body reader turns every other exception into a 400.
            raise HTTPException(413)
        return message

    return counting


def media_type(value: str | None) -> str:
    """Return the media type of a Content-Type header in lower case, without parameters."""
    if not value:
        return ""
    header = HeaderValue()
    header["content-type"] = value.replace("\r", "").replace("\n", "")
    return header.get_content_type()


def is_json(kind: str) -> bool:
    """Tell whether a media type is JSON."""
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def check_address(scope: Scope) -> None:
    """Refuse NUL in the address; no route and no query can use it.

    Raises:
        NotFoundError: The path contains one.
        InvalidError: The query contains one.
    """
    if "\0" in scope["path"]:
        raise NotFoundError
    if b"%00" in scope["query_string"] or b"\0" in scope["query_string"]:
        refuse(NOT_TEXT, loc=("query",))


def check_json(body: bytes) -> None:
    """Refuse a body that is not JSON as of RFC 8259, or that parsers could read differently.

    Raises:
        InvalidError: It is not valid.
    """
    if not body:
        return
    # Counted before anything is built or validated: a hundred thousand unknown names took seconds.
    if body.count(b",") >= MAX_JSON_VALUES and _JSON_STRING.sub(b"", body).count(b",") >= MAX_JSON_VALUES:
        refuse(TOO_MANY_VALUES, limit=str(MAX_JSON_VALUES))
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        refuse(NOT_UTF8)
    if text.startswith("\ufeff"):
        refuse(NOT_UTF8)
    try:
        json.loads(text, object_pairs_hook=unique_names, parse_constant=not_json)
    except (ValueError, RecursionError):
        refuse(NOT_JSON)
    # Only escapes can still contain these: raw ones are refused by the two checks above.
    if "\\u" in text and has_unstorable(json.loads(text)):
        refuse(NOT_TEXT)


def storable_form(body: bytes) -> bytes:
    """Return a form without NUL, which is left out of its texts as other control characters are."""
    return body.replace(b"\0", b"").replace(b"%00", b"")


def check_form(body: bytes) -> None:
    """Refuse a form that still holds NUL, which no browser sends so, or more fields than any form of the site.

    Raises:
        InvalidError: It is not valid.
        TooLargeError: It has more escaped bytes than any text of the site, and decoding them would hold the event loop.
    """
    if body.count(b"%") > MAX_FORM_ESCAPES:
        raise TooLargeError
    if b"%00" in body or b"\0" in body:
        refuse(NOT_TEXT)
    # The framework counts fields while it parses them, and empty ones not at all.
    if body.count(b"&") >= MAX_FORM_FIELDS:
        refuse(TOO_MANY_FIELDS, limit=str(MAX_FORM_FIELDS))


def unique_names(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object from its members; refuses duplicate names."""
    made = dict(pairs)
    if len(made) != len(pairs):
        counts = Counter(name for name, _value in pairs)
        refuse(TWICE, name=counts.most_common(1)[0][0][:100].encode("utf-8", "replace").decode())
    return made


def has_unstorable(value: object) -> bool:
    """Tell whether any text inside contains NUL or an unpaired surrogate."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "\0" in item or any("\ud800" <= character <= "\udfff" for character in item):
                return True
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False


def not_json(_constant: str) -> NoReturn:
    """Refuse NaN and the infinities, which are not JSON."""
    refuse(NOT_JSON)


def refuse(message: str, *, loc: tuple[str, ...] = ("body",), **params: str) -> NoReturn:
    """Return an error about the whole body or query."""
    raise InvalidError(errors=[FieldError(loc, message, params)])


async def read_all(receive: Receive) -> tuple[bytes, bool]:
    """Read the whole body; the flag tells whether the client disconnected meanwhile."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"", True
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts), False


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a receive callable that replays the body, then passes on later messages."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
