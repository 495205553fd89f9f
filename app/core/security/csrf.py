"""CSRF protection for every route of the application."""

import secrets
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.config import Settings
from app.core.errors import ForbiddenError
from app.core.i18n import N_
from app.core.security.cookies import CSRF_VALUES, cookie_names
from app.core.security.signing import Signer, same_secret
from app.core.security.tokens import BadTokenError, TokenCodec, TokenKind

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf_token"
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
SENDABLE_FROM_ELSEWHERE = (*FORM_TYPES, "text/plain")
"""Content types that a cross-site form can send without a preflight request; JSON is not among them."""
RANDOM_BYTES = 18
SIGNER = Signer("csrf", 24)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class CsrfError(ForbiddenError):
    """The CSRF token is missing or wrong."""

    code = "csrf-failed"
    title = N_("This request could not be verified")
    detail = N_("Reload the page and try again. Programs send the cookie csrf_token back as the header X-CSRF-TOKEN.")


def make_csrf(settings: Settings, session_id: UUID) -> str:
    """Return a new token: a random part and a signature that binds it to the session. It contains no `=`."""
    random = secrets.token_urlsafe(RANDOM_BYTES)
    return f"{random}.{SIGNER.text(settings, str(session_id), random)}"


def is_csrf_of(settings: Settings, token: str, session_id: UUID) -> bool:
    """Tell whether the token was issued for this session."""
    random, _dot, signature = token.partition(".")
    return token.isascii() and SIGNER.verifies_text(settings, signature, str(session_id), random)


def csrf_cookie(connection: HTTPConnection, settings: Settings, session_id: UUID) -> str:
    """Return the browser's token of this session; empty without one.

    Another host of the domain can set a second cookie of the same name, which no response of ours can delete.
    """
    sent: list[str] = connection.scope.get(CSRF_VALUES, [])
    return next((token for token in sent if is_csrf_of(settings, token, session_id)), "")


def sessions_claimed(connection: HTTPConnection, settings: Settings, tokens: TokenCodec) -> set[UUID]:
    """Return the sessions named by the token cookies of this request, expired tokens included."""
    names = cookie_names(settings)
    found: set[UUID] = set()
    for name, kind in ((names.access, TokenKind.ACCESS), (names.refresh, TokenKind.REFRESH)):
        token = connection.cookies.get(name)
        if token:
            try:
                found.add(tokens.decode(token, kind, allow_expired=True).session_id)
            except BadTokenError:
                continue
    return found


def is_own_origin(settings: Settings, origin: str) -> bool:
    """Tell whether the origin belongs to this site.

    Without PUBLIC_URL (development) every loopback origin does, so that a front end on another port works; cookies are
    not separated by port either.
    """
    if same_secret(settings.origin, origin):
        return True
    if settings.public_url is not None:
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK


def _reject_cross_origin(connection: HTTPConnection, settings: Settings) -> bool:
    """Reject requests that come from another site; return whether the request proved to come from this one."""
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        raise CsrfError
    if origin is not None and origin != "null" and not is_own_origin(settings, origin):
        raise CsrfError
    if origin == "null" and site != "same-origin":
        raise CsrfError
    return site is not None or origin is not None


def is_from_own_page(connection: HTTPConnection) -> bool:
    """Tell whether the browser says that a page of this site sent the request."""
    try:
        return _reject_cross_origin(connection, connection_settings(connection))
    except CsrfError:
        return False


def _content_type(connection: HTTPConnection) -> str:
    return connection.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _sent_token(connection: HTTPConnection) -> str:
    sent = connection.headers.get(CSRF_HEADER)
    if sent is None and isinstance(connection, Request) and _content_type(connection) in FORM_TYPES:
        value = (await connection.form()).get(CSRF_FIELD)
        sent = value if isinstance(value, str) else None
    return sent or ""


def connection_settings(connection: HTTPConnection) -> Settings:
    """Return the settings of the application that handles this request."""
    settings: Settings = connection.app.state.resources.settings
    return settings


def reject_cross_origin_socket(connection: HTTPConnection) -> None:
    """Accept a WebSocket handshake only from our own pages, or with a bearer token, which no page can send.

    A browser sends cookies with a handshake to any host, CORS does not apply, and scripts cannot add headers.

    Raises:
        CsrfError: It comes from another site or does not say from where.
    """
    own = _reject_cross_origin(connection, connection_settings(connection))
    if not own and not connection.headers.get("authorization", "").lower().startswith("bearer "):
        raise CsrfError


class SocketGuardMiddleware:
    """Rejects cross-site WebSocket handshakes before the application sees them; the server answers with 403."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "websocket":
            try:
                reject_cross_origin_socket(HTTPConnection(scope))
            except CsrfError:
                await send({"type": "websocket.close", "code": 1008, "reason": ""})
                return
        await self.app(scope, receive, send)


_PROVEN: set[object] = set()


def authenticated_by_link[E](endpoint: E) -> E:
    """Mark a route as authenticated by its URL: signed and valid for one action, whoever sends it.

    Mail clients that unsubscribe for their users (RFC 8058) send a form without Origin and without cookies.
    """
    _PROVEN.add(endpoint)
    return endpoint


def is_authenticated_by_link(endpoint: object) -> bool:
    """Tell whether a route is authenticated by its URL."""
    return endpoint in _PROVEN


async def guard_request(connection: HTTPConnection) -> None:
    """Let safe requests pass and check all others; the application applies this to all routes.

    A bearer token is not a cookie: another site cannot send it, so it needs no CSRF token; cookies are then ignored.
    With a session in the cookies, the header (or form field) must equal the cookie and be issued for that session.
    Without one, Origin and Sec-Fetch-Site decide; a client that sends neither must send JSON, which another site cannot
    do without a preflight. WebSockets are checked by SocketGuardMiddleware and again here. A signed link may suffice.

    Raises:
        CsrfError: The check failed.
    """
    if connection.scope["type"] == "websocket":
        reject_cross_origin_socket(connection)
        return
    if connection.scope["method"] in SAFE_METHODS or is_authenticated_by_link(connection.scope.get("endpoint")):
        return
    settings = connection_settings(connection)
    own = _reject_cross_origin(connection, settings)
    if connection.headers.get("authorization", "").lower().startswith("bearer "):
        return
    claimed = sessions_claimed(connection, settings, connection.app.state.resources.token_codec)
    if claimed:
        await _need_token(connection, settings, claimed)
    elif not own and _content_type(connection) in SENDABLE_FROM_ELSEWHERE:
        raise CsrfError


async def _need_token(connection: HTTPConnection, settings: Settings, claimed: set[UUID]) -> None:
    """Ask for the token of the one session that the cookies claim, in the cookie and again beside it."""
    sent = await _sent_token(connection)
    if len(claimed) != 1:
        raise CsrfError
    kept = csrf_cookie(connection, settings, next(iter(claimed)))
    if not kept or not same_secret(kept, sent):
        raise CsrfError
