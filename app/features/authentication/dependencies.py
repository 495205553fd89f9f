"""What other edges need to know about who is acting: `CurrentActor`, `OptionalActor` and their sisters."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.requests import HTTPConnection

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.config import Settings
from app.core.errors import UnauthenticatedError
from app.core.http.body_limits import LONG_BODY
from app.core.http.dependencies import API_ROOT, connection_resources
from app.core.http.openapi import AuthRequirement, raises, requires_auth
from app.core.i18n import LOCALES, set_locale
from app.core.resources import Resources
from app.core.security.address import client_address, limit_key
from app.core.security.cookies import CSRF_COOKIE, chosen_locale, cookie_names, delete_cookie, put_cookie
from app.core.security.csrf import SAFE_METHODS, is_csrf_of
from app.core.security.tokens import BadTokenError, Claims, TokenKind
from app.features.authentication import service, workflows
from app.features.authentication.errors import NotPermittedError, NotSignedInError, SessionEndedError
from app.features.authentication.service import Caller, IssuedTokens, SessionGate, SessionView
from app.models.user import Role

VIEW = "iplance.session"
DEVICE_SECONDS = 365 * 86_400


def describe_client(connection: HTTPConnection) -> Caller:
    """Describe where a request comes from."""
    settings = connection_resources(connection).settings
    address = client_address(connection, settings)
    return Caller(
        address=address,
        limit_key=limit_key(address, settings),
        user_agent=connection.headers.get("user-agent", ""),
        device=connection.cookies.get(cookie_names(settings).device),
    )


def set_session_cookies(connection: HTTPConnection, settings: Settings, issued: IssuedTokens) -> None:
    """Send the cookies of a session with the answer; a CSRF token that still fits stays the same for other tabs."""
    names, now = cookie_names(settings), utc_now()
    session_seconds = int((issued.session_expires_at - now).total_seconds())
    kept = connection.cookies.get(CSRF_COOKIE, "")
    csrf = kept if is_csrf_of(settings, kept, issued.session_id) else issued.csrf
    access_seconds = int((issued.access_expires_at - now).total_seconds())
    put_cookie(connection, settings, names.access, issued.access, max_age=access_seconds)
    put_cookie(connection, settings, names.refresh, issued.refresh, max_age=session_seconds)
    put_cookie(connection, settings, names.device, issued.device, max_age=DEVICE_SECONDS)
    put_cookie(connection, settings, CSRF_COOKIE, csrf, max_age=session_seconds, readable=True)
    connection.state.csrf_token = csrf


def delete_session_cookies(connection: HTTPConnection, settings: Settings, *, device: bool = False) -> None:
    """Delete the cookies of a session with the answer; at sign-out the device is forgotten too."""
    names = cookie_names(settings)
    delete_cookie(connection, settings, names.access)
    delete_cookie(connection, settings, names.refresh)
    delete_cookie(connection, settings, CSRF_COOKIE, readable=True)
    if device:
        delete_cookie(connection, settings, names.device)


def bearer_of(connection: HTTPConnection) -> str | None:
    """Return the token of an `Authorization: Bearer` header; cookies do not count beside it."""
    scheme, _space, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def sent_claims(connection: HTTPConnection) -> list[Claims]:
    """Return what the tokens of this request say, lapsed ones included: for ending them."""
    resources = connection_resources(connection)
    codec, names = resources.token_codec, cookie_names(resources.settings)
    bearer = bearer_of(connection)
    if bearer is not None:
        return [codec.decode(bearer, TokenKind.ACCESS, allow_expired=True)]
    found: list[Claims] = []
    for name, kind in ((names.access, TokenKind.ACCESS), (names.refresh, TokenKind.REFRESH)):
        try:
            found.append(codec.decode(connection.cookies.get(name, ""), kind, allow_expired=True))
        except BadTokenError:
            continue
    return found


def sent_session(connection: HTTPConnection) -> UUID | None:
    """Return the session this browser is in, if any."""
    found = sent_claims(connection) if bearer_of(connection) is None else []
    return found[0].session_id if found else None


async def renew(connection: HTTPConnection, resources: Resources) -> IssuedTokens:
    """Exchange the refresh token of the cookies and send the new cookies with the answer, or delete the dead ones.

    Raises:
        UnauthenticatedError: There is none, or it is not good any more.
    """
    if bearer_of(connection) is not None:
        # Such a request was let through without a CSRF token because its cookies do not count.
        raise NotSignedInError
    names = cookie_names(resources.settings)
    try:
        issued = await workflows.renew_session(
            resources, connection.cookies.get(names.refresh, ""), describe_client(connection)
        )
    except UnauthenticatedError:
        delete_session_cookies(connection, resources.settings)
        raise
    set_session_cookies(connection, resources.settings, issued)
    return issued


@requires_auth(AuthRequirement.REFRESH)
@raises(NotSignedInError, BadTokenError, SessionEndedError)
async def renewed_tokens(connection: HTTPConnection) -> IssuedTokens:
    """Exchange the refresh token of this request, as a dependency.

    Raises:
        UnauthenticatedError: There is none, or it is not good any more.
    """
    return await renew(connection, connection_resources(connection))


def _may_renew(connection: HTTPConnection) -> bool:
    """Pages renew on the way whatever they do (their CSRF token was checked), the API on safe methods only."""
    if connection.scope["type"] != "http":
        return False
    return connection.scope["method"] in SAFE_METHODS or not str(connection.scope["path"]).startswith(API_ROOT)


async def refuse_long_body_of_ended_session(connection: HTTPConnection) -> None:
    """Refuse a long body whose cookies name no living session before any of it is read, as the CSRF field would be.

    Raises:
        NotSignedInError: The session is over.
    """
    if not connection.scope.get(LONG_BODY) or bearer_of(connection) is not None:
        return
    claimed = sent_claims(connection)
    gate = service.session_gate(connection_resources(connection))
    for claims in claimed:
        with suppress(SessionEndedError):
            await gate.check(claims)
            return
    if claimed:
        raise NotSignedInError


@requires_auth(AuthRequirement.OPTIONAL_SESSION)
@raises(BadTokenError, SessionEndedError)
async def find_view(connection: HTTPConnection) -> SessionView | None:
    """Return the living session of this request, renewed on the way where that is allowed; None for a guest.

    Raises:
        UnauthenticatedError: A bearer token was sent and is not good.
    """
    return await find_view_by(connection, service.session_gate(connection_resources(connection)))


async def find_view_by(connection: HTTPConnection, gate: SessionGate) -> SessionView | None:
    """Return what `find_view` returns, read by this check where nobody has asked before."""
    if VIEW in connection.scope:
        found: SessionView | None = connection.scope[VIEW]
        return found
    view = await _view(connection, gate, renewing=_may_renew(connection))
    await _store_view(connection, view)
    return view


async def find_reader(connection: HTTPConnection) -> SessionView | None:
    """Return who reads the page of a failure, None for a guest.

    A change that was refused before anybody asked who sends it renews nothing: its CSRF token may be what was wrong.

    Raises:
        UnauthenticatedError: A bearer token was sent and is not good.
    """
    if VIEW in connection.scope or connection.scope["method"] in SAFE_METHODS:
        return await find_view(connection)
    gate = service.session_gate(connection_resources(connection))
    view = await _view(connection, gate, renewing=False)
    await _store_view(connection, view)
    return view


async def _store_view(connection: HTTPConnection, view: SessionView | None) -> None:
    connection.scope[VIEW] = view
    if view is not None:
        # Pages read who is signed in from here.
        connection.state.actor = actor_of(view)
        if view.locale in LOCALES and chosen_locale(connection.cookies) is None:
            set_locale(view.locale)
        await workflows.touch(connection_resources(connection), view, utc_now())


async def _view(connection: HTTPConnection, gate: SessionGate, *, renewing: bool) -> SessionView | None:
    resources = connection_resources(connection)
    codec, names = resources.token_codec, cookie_names(resources.settings)
    bearer = bearer_of(connection)
    if bearer is not None:
        return await gate.check(codec.decode(bearer, TokenKind.ACCESS))
    token = connection.cookies.get(names.access)
    if token:
        try:
            return await gate.check(codec.decode(token, TokenKind.ACCESS))
        except (BadTokenError, SessionEndedError):
            pass
    if not connection.cookies.get(names.refresh) or not renewing:
        return None
    try:
        issued = await renew(connection, resources)
    except UnauthenticatedError:
        return None
    return await gate.check(codec.decode(issued.access, TokenKind.ACCESS))


def actor_of(view: SessionView) -> Actor:
    """Return the person of a session as verbs know them."""
    return Actor(
        id=view.user_id,
        username=view.username,
        session_id=view.id,
        roles=frozenset({Role.USER, view.role}),
        locale=view.locale,
    )


@requires_auth(AuthRequirement.SESSION)
@raises(NotSignedInError, BadTokenError, SessionEndedError)
async def require_view(connection: HTTPConnection) -> SessionView:
    """Return the living session of this request.

    Raises:
        NotSignedInError: There is none.
    """
    view = await find_view(connection)
    if view is None:
        raise NotSignedInError
    return view


@requires_auth(AuthRequirement.OPTIONAL_SESSION)
@raises(BadTokenError, SessionEndedError)
async def optional_actor(connection: HTTPConnection) -> Actor | None:
    """Return who is acting, None for a guest."""
    view = await find_view(connection)
    return actor_of(view) if view is not None else None


@requires_auth(AuthRequirement.SESSION)
@raises(NotSignedInError, BadTokenError, SessionEndedError)
async def require_actor(connection: HTTPConnection) -> Actor:
    """Return who is acting.

    Raises:
        NotSignedInError: Nobody is.
    """
    return actor_of(await require_view(connection))


@requires_auth(AuthRequirement.SESSION)
@raises(NotSignedInError, BadTokenError, SessionEndedError, NotPermittedError)
async def require_moderator(connection: HTTPConnection) -> Actor:
    """Return a moderator or administrator who is acting.

    Raises:
        NotPermittedError: The person is neither.
    """
    actor = await require_actor(connection)
    if not (actor.has(Role.MODERATOR) or actor.has(Role.ADMIN)):
        raise NotPermittedError
    return actor


@requires_auth(AuthRequirement.SESSION)
@raises(NotSignedInError, BadTokenError, SessionEndedError, NotPermittedError)
async def require_admin(connection: HTTPConnection) -> Actor:
    """Return an administrator who is acting.

    Raises:
        NotPermittedError: The person is none.
    """
    actor = await require_actor(connection)
    if not actor.has(Role.ADMIN):
        raise NotPermittedError
    return actor


async def client_info(connection: HTTPConnection) -> Caller:
    """Describe where a request comes from, as a dependency (a plain function would go to a thread)."""
    return describe_client(connection)


CurrentActor = Annotated[Actor, Depends(require_actor)]
OptionalActor = Annotated[Actor | None, Depends(optional_actor)]
ModeratorActor = Annotated[Actor, Depends(require_moderator)]
AdminActor = Annotated[Actor, Depends(require_admin)]
CurrentSession = Annotated[SessionView, Depends(require_view)]
OptionalSession = Annotated[SessionView | None, Depends(find_view)]
RenewedTokens = Annotated[IssuedTokens, Depends(renewed_tokens)]
ClientInfo = Annotated[Caller, Depends(client_info)]
