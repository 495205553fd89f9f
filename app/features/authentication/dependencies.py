"""Dependencies that identify the user of a request: `CurrentActor`, `OptionalActor`, `CurrentSession` and others."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.requests import HTTPConnection

from app.core.actor import Actor
from app.core.clock import real_now
from app.core.config import Settings
from app.core.errors import UnauthenticatedError
from app.core.http.body_limits import LONG_BODY
from app.core.http.dependencies import API_ROOT, connection_resources
from app.core.http.openapi import AuthRequirement, raises, requires_auth
from app.core.i18n import LOCALES, set_locale
from app.core.resources import Resources
from app.core.security.address import client_address, limit_key
from app.core.security.cookies import (
    CSRF_COOKIE,
    chosen_locale,
    clear_browser_cache,
    cookie_names,
    delete_cookie,
    put_cookie,
)
from app.core.security.csrf import CSRF_HEADER, SAFE_METHODS, csrf_cookie, is_csrf_of, make_csrf
from app.core.security.tokens import BadTokenError, Claims, TokenKind
from app.features.authentication import service, workflows
from app.features.authentication.errors import NotPermittedError, NotSignedInError, SessionEndedError
from app.features.authentication.service import Caller, IssuedTokens, SessionGate, SessionView
from app.models.user import Role

FINANCE_ROLES = (Role.FINANCE, Role.FINANCE_APPROVER, Role.ADMIN)
VIEW, REFUSAL = "iplance.session", "iplance.refusal"
"""Keys of the request under which its session is remembered, or why it has none."""
DEVICE_SECONDS = 365 * 86_400


def describe_client(connection: HTTPConnection) -> Caller:
    """Return the address, browser and device of a request."""
    settings = connection_resources(connection).settings
    address = client_address(connection, settings)
    return Caller(
        address=address,
        limit_key=limit_key(address, settings),
        user_agent=connection.headers.get("user-agent", ""),
        device=connection.cookies.get(cookie_names(settings).device),
    )


def set_session_cookies(connection: HTTPConnection, settings: Settings, issued: IssuedTokens) -> None:
    """Set the session cookies on the response; a CSRF token that is still valid is kept for other tabs."""
    names, now = cookie_names(settings), real_now()
    session_seconds = int((issued.session_expires_at - now).total_seconds())
    csrf = csrf_cookie(connection, settings, issued.session_id) or issued.csrf
    access_seconds = int((issued.access_expires_at - now).total_seconds())
    put_cookie(connection, settings, names.access, issued.access, max_age=access_seconds)
    put_cookie(connection, settings, names.refresh, issued.refresh, max_age=session_seconds)
    put_cookie(connection, settings, names.device, issued.device, max_age=DEVICE_SECONDS)
    put_cookie(connection, settings, CSRF_COOKIE, csrf, max_age=session_seconds, readable=True)
    connection.state.csrf_token = csrf


def heal_csrf_cookie(connection: HTTPConnection, view: SessionView) -> None:
    """Set a new CSRF cookie if the browser has lost it or holds one that is not of this session.

    Otherwise every form and the sign-out would be refused until the session ends.
    """
    settings = connection_resources(connection).settings
    if bearer_of(connection) is not None or connection.scope["type"] != "http":
        return
    issued = getattr(connection.state, "csrf_token", "")
    known = issued if is_csrf_of(settings, issued, view.id) else csrf_cookie(connection, settings, view.id)
    if known:
        # Page templates read the token from the request state.
        connection.state.csrf_token = known
        return
    csrf = make_csrf(settings, view.id)
    session_seconds = int((view.expires_at - real_now()).total_seconds())
    put_cookie(connection, settings, CSRF_COOKIE, csrf, max_age=session_seconds, readable=True)
    connection.state.csrf_token = csrf


def delete_session_cookies(connection: HTTPConnection, settings: Settings, *, device: bool = False) -> None:
    """Delete the session cookies on the response.

    With `device`, as at sign-out, delete the device cookie too, and ask the browser to forget the pages it has kept.
    """
    names = cookie_names(settings)
    delete_cookie(connection, settings, names.access)
    delete_cookie(connection, settings, names.refresh)
    delete_cookie(connection, settings, CSRF_COOKIE, readable=True)
    if device:
        delete_cookie(connection, settings, names.device)
        clear_browser_cache(connection)


def bearer_of(connection: HTTPConnection) -> str | None:
    """Return the token of an `Authorization: Bearer` header; if there is one, cookies are ignored."""
    scheme, _space, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def sent_claims(connection: HTTPConnection) -> list[Claims]:
    """Return the claims of the request's tokens, expired ones included; used to end their sessions."""
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
    """Return the session id of the browser's cookies, if any."""
    found = sent_claims(connection) if bearer_of(connection) is None else []
    return found[0].session_id if found else None


async def renew(connection: HTTPConnection, resources: Resources) -> IssuedTokens:
    """Exchange the refresh token of the cookies and set the new cookies; delete the cookies if the token is not valid.

    Raises:
        UnauthenticatedError: The token is missing or not valid.
    """
    if bearer_of(connection) is not None:
        # Requests with a bearer token pass without a CSRF token, so their cookies must not be used.
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
        UnauthenticatedError: The token is missing or not valid.
    """
    return await renew(connection, connection_resources(connection))


def _may_renew(connection: HTTPConnection) -> bool:
    """Tell whether the session may be renewed: in the API on safe methods only, on pages always (CSRF is checked)."""
    if connection.scope["type"] != "http":
        return False
    return connection.scope["method"] in SAFE_METHODS or not str(connection.scope["path"]).startswith(API_ROOT)


async def refuse_long_body_of_ended_session(connection: HTTPConnection) -> None:
    """Refuse a long body whose cookies belong to no active session before the body is read for its CSRF field.

    With the CSRF token in a header the body is read only after the dependency that finds the session.

    Raises:
        NotSignedInError: The session has ended.
    """
    headers = connection.headers
    if not connection.scope.get(LONG_BODY) or bearer_of(connection) is not None or CSRF_HEADER in headers:
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
    """Return the active session of this request, renewed where that is allowed; None for a guest.

    Raises:
        UnauthenticatedError: A bearer token was sent and is not valid.
    """
    return await find_view_by(connection, service.session_gate(connection_resources(connection)))


async def find_view_by(connection: HTTPConnection, gate: SessionGate) -> SessionView | None:
    """Return the same as `find_view`, read with the given gate unless the request has cached it."""
    if VIEW in connection.scope:
        found: SessionView | None = connection.scope[VIEW]
        return found
    if REFUSAL in connection.scope:
        raise connection.scope[REFUSAL]
    try:
        view = await _view(connection, gate, renewing=_may_renew(connection))
    except UnauthenticatedError as refusal:
        # A fast response that was refused leaves the request to its route, which gives the same answer.
        connection.scope[REFUSAL] = refusal
        raise
    await _store_view(connection, view)
    return view


async def find_reader(connection: HTTPConnection) -> SessionView | None:
    """Return the session of the user who sees an error page, or None for a guest.

    An unsafe request that failed before its session was read is not renewed: its CSRF token may be the invalid part.

    Raises:
        UnauthenticatedError: A bearer token was sent and is not valid.
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
        heal_csrf_cookie(connection, view)
        # Page templates read the actor from the request state.
        connection.state.actor = actor_of(view)
        if view.locale in LOCALES and chosen_locale(connection.cookies) is None:
            set_locale(view.locale)
        await workflows.touch(connection_resources(connection), view, real_now())


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
    if not renewing:
        return None
    if not connection.cookies.get(names.refresh):
        if token:
            # Left behind by an ended session, it would make every form ask for a CSRF token that nobody can have.
            delete_session_cookies(connection, resources.settings)
        return None
    try:
        issued = await renew(connection, resources)
    except UnauthenticatedError:
        return None
    return await gate.check(codec.decode(issued.access, TokenKind.ACCESS))


def actor_of(view: SessionView) -> Actor:
    """Return the actor of a session."""
    return Actor(
        id=view.user_id,
        username=view.username,
        session_id=view.id,
        roles=frozenset({Role.USER, view.role}),
        locale=view.locale,
        confirmed=view.email_confirmed_at is not None or view.phone_confirmed_at is not None,
    )


@requires_auth(AuthRequirement.SESSION)
@raises(NotSignedInError, BadTokenError, SessionEndedError)
async def require_view(connection: HTTPConnection) -> SessionView:
    """Return the active session of this request.

    Raises:
        NotSignedInError: There is no active session.
    """
    view = await find_view(connection)
    if view is None:
        raise NotSignedInError
    return view


@requires_auth(AuthRequirement.OPTIONAL_SESSION)
@raises(BadTokenError, SessionEndedError)
async def optional_actor(connection: HTTPConnection) -> Actor | None:
    """Return the actor, or None for a guest."""
    view = await find_view(connection)
    return actor_of(view) if view is not None else None


@requires_auth(AuthRequirement.SESSION)
@raises(NotSignedInError, BadTokenError, SessionEndedError)
async def require_actor(connection: HTTPConnection) -> Actor:
    """Return the actor.

    Raises:
        NotSignedInError: Nobody is signed in.
    """
    return actor_of(await require_view(connection))


@requires_auth(AuthRequirement.SESSION)
@raises(NotSignedInError, BadTokenError, SessionEndedError, NotPermittedError)
async def require_moderator(connection: HTTPConnection) -> Actor:
    """Return the actor if they are a moderator or an administrator.

    Raises:
        NotPermittedError: The actor has neither role.
    """
    actor = await require_actor(connection)
    if not (actor.has(Role.MODERATOR) or actor.has(Role.ADMIN)):
        raise NotPermittedError
    return actor


@requires_auth(AuthRequirement.SESSION)
@raises(NotSignedInError, BadTokenError, SessionEndedError, NotPermittedError)
async def require_admin(connection: HTTPConnection) -> Actor:
    """Return the actor if they are an administrator.

    Raises:
        NotPermittedError: The actor is not an administrator.
    """
    actor = await require_actor(connection)
    if not actor.has(Role.ADMIN):
        raise NotPermittedError
    return actor


@requires_auth(AuthRequirement.SESSION)
@raises(NotSignedInError, BadTokenError, SessionEndedError, NotPermittedError)
async def require_finance(connection: HTTPConnection) -> Actor:
    """Return the actor if they look after the money of the site.

    Raises:
        NotPermittedError: The actor has no role of finance and is not an administrator.
    """
    actor = await require_actor(connection)
    if not any(actor.has(role) for role in FINANCE_ROLES):
        raise NotPermittedError
    return actor


async def client_info(connection: HTTPConnection) -> Caller:
    """Return the caller as a dependency; async, because FastAPI would run a plain function in a thread."""
    return describe_client(connection)


CurrentActor = Annotated[Actor, Depends(require_actor)]
OptionalActor = Annotated[Actor | None, Depends(optional_actor)]
ModeratorActor = Annotated[Actor, Depends(require_moderator)]
FinanceActor = Annotated[Actor, Depends(require_finance)]
AdminActor = Annotated[Actor, Depends(require_admin)]
CurrentSession = Annotated[SessionView, Depends(require_view)]
OptionalSession = Annotated[SessionView | None, Depends(find_view)]
RenewedTokens = Annotated[IssuedTokens, Depends(renewed_tokens)]
ClientInfo = Annotated[Caller, Depends(client_info)]
