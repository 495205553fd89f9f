"""Refuses requests that another site made a browser send; it guards every route of the application."""

import hmac
import secrets
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.config import Settings
from app.core.errors import ForbiddenError
from app.core.i18n import N_
from app.core.security.cookies import CSRF_COOKIE, cookie_names
from app.core.security.keys import sign, text_of
from app.core.security.tokens import BadTokenError, TokenCodec, TokenKind

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf_token"
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
SENDABLE_FROM_ELSEWHERE = (*FORM_TYPES, "text/plain")
"""What a form of a foreign page can send without asking; JSON is not among it."""
RANDOM_BYTES = 18
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class CsrfError(ForbiddenError):
    """The proof that our own page sent this is missing or wrong."""

    code = "csrf-failed"
    title = N_("This request could not be verified")
    detail = N_("Reload the page and try again. Programs send the cookie csrf_token back as the header X-CSRF-TOKEN.")


def _mac(secret: str, session_id: UUID, random: str) -> str:
    return text_of(sign(secret, "csrf", str(session_id), random)[:24])


def make_csrf(settings: Settings, session_id: UUID) -> str:
    """Return a fresh token: a random part, and a signature that ties it to the session. It holds no `=`."""
    random = secrets.token_urlsafe(RANDOM_BYTES)
    return f"{random}.{_mac(settings.verification_keys[0], session_id, random)}"


def is_csrf_of(settings: Settings, token: str, session_id: UUID) -> bool:
    """Tell whether we made this token for this session."""
    random, _dot, signature = token.partition(".")
    if not token.isascii():
        return False
    return any(
        hmac.compare_digest(signature.encode(), _mac(key, session_id, random).encode())
        for key in settings.verification_keys
    )


def sessions_claimed(connection: HTTPConnection, settings: Settings, tokens: TokenCodec) -> set[UUID]:
    """Return the sessions that the token cookies of this request name, lapsed tokens included."""
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
    """Tell whether a page of this site could have this origin.

    Without a PUBLIC_URL (a machine of a developer) every loopback origin is ours, so that a front end on another
    port works; cookies are not separated by port either.
    """
    if hmac.compare_digest(origin.encode(), settings.origin.encode()):
        return True
    if settings.public_url is not None:
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK


def _refuse_foreign(connection: HTTPConnection, settings: Settings) -> bool:
    """Refuse what says it comes from elsewhere; return whether the request proved to come from here."""
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        raise CsrfError
    if origin is not None and origin != "null" and not is_own_origin(settings, origin):
        raise CsrfError
    if origin == "null" and site != "same-origin":
        raise CsrfError
    return site is not None or origin is not None


def _content_type(connection: HTTPConnection) -> str:
    return connection.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _sent_token(connection: HTTPConnection) -> str:
    sent = connection.headers.get(CSRF_HEADER)
    if sent is None and isinstance(connection, Request) and _content_type(connection) in FORM_TYPES:
        value = (await connection.form()).get(CSRF_FIELD)
        sent = value if isinstance(value, str) else None
    return sent or ""


def connection_settings(connection: HTTPConnection) -> Settings:
    """Return the settings of the application this request came to."""
    settings: Settings = connection.app.state.resources.settings
    return settings


def refuse_foreign_socket(connection: HTTPConnection) -> None:
    """Let a handshake pass only if it proves to come from our own pages, or brings a token that no page can send.

    A browser sends cookies with a handshake to anywhere, no CORS asks about it, and no header of ours can come along.

    Raises:
        CsrfError: It comes from elsewhere, or does not say from where.
    """
    own = _refuse_foreign(connection, connection_settings(connection))
    if not own and not connection.headers.get("authorization", "").lower().startswith("bearer "):
        raise CsrfError


class SocketGuardMiddleware:
    """Refuses foreign handshakes before anything of the application sees them; a server answers such with 403."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one connection."""
        if scope["type"] == "websocket":
            try:
                refuse_foreign_socket(HTTPConnection(scope))
            except CsrfError:
                await send({"type": "websocket.close", "code": 1008, "reason": ""})
                return
        await self.app(scope, receive, send)


_PROVEN: set[object] = set()


def proven_by_link[E](endpoint: E) -> E:
    """Mark a route whose address is the proof itself: signed, and good for one thing, whoever sends it.

    A mail program that ends letters for its reader (RFC 8058) sends a form, from nowhere and without cookies.
    """
    _PROVEN.add(endpoint)
    return endpoint


def is_proven_by_link(endpoint: object) -> bool:
    """Tell whether the address of a route is the proof itself."""
    return endpoint in _PROVEN


async def guard_request(connection: HTTPConnection) -> None:
    """Let safe requests pass and ask every other one for its proof. The application applies it to all routes.

    A bearer token is no cookie: a foreign page cannot send it, so it needs no proof and cookies do not count then.
    With a session in the cookies, the header (or form field) must equal the cookie and be made for that session.
    Without one, Origin and Sec-Fetch-Site decide; a program that sends neither must send JSON, which a foreign page
    cannot do unasked. Sockets are asked by SocketGuardMiddleware, and here again. A link of ours may be proof enough.

    Raises:
        CsrfError: There is no such proof.
    """
    if connection.scope["type"] == "websocket":
        refuse_foreign_socket(connection)
        return
    if connection.scope["method"] in SAFE_METHODS or is_proven_by_link(connection.scope.get("endpoint")):
        return
    settings = connection_settings(connection)
    own = _refuse_foreign(connection, settings)
    if connection.headers.get("authorization", "").lower().startswith("bearer "):
        return
    claimed = sessions_claimed(connection, settings, connection.app.state.resources.token_codec)
    if not claimed:
        if not own and _content_type(connection) in SENDABLE_FROM_ELSEWHERE:
            raise CsrfError
        return
    kept, sent = connection.cookies.get(CSRF_COOKIE, ""), await _sent_token(connection)
    if not kept or not hmac.compare_digest(kept.encode(), sent.encode()):
        raise CsrfError
    if len(claimed) != 1 or not is_csrf_of(settings, kept, next(iter(claimed))):
        raise CsrfError
