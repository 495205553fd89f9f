"""JSON endpoints of sign-in, sessions and the security history."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, status
from fastapi.responses import Response

from app.core.errors import DomainError
from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import UnsupportedMediaTypeError, refusals
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, BadCursorError, Page
from app.core.security.csrf import CsrfError
from app.core.security.passwords import HashingBusyError
from app.core.security.rate_limits import TooManyTriesError
from app.core.security.tokens import BadTokenError
from app.core.text.whole_numbers import WholeNumber
from app.features.authentication import dependencies, service, workflows
from app.features.authentication.dependencies import ClientInfo, CurrentSession, RenewedTokens
from app.features.authentication.errors import (
    AccountBannedError,
    AccountInputError,
    NotSignedInError,
    ReauthenticationRequiredError,
    SessionEndedError,
    SessionNotFoundError,
    SessionReplayedError,
    WrongCredentialsError,
    WrongPasswordError,
)
from app.features.authentication.schemas import (
    Done,
    PasswordConfirmation,
    Reauthentication,
    Refreshed,
    SecurityEventRead,
    SessionList,
    SessionsEnded,
    SignedOut,
    SignInForm,
    UserRead,
)

router = FeatureRouter(prefix="/auth", tags=["accounts"])

GUARDED: tuple[type[DomainError], ...] = (CsrfError, UnsupportedMediaTypeError)
SIGNED_IN: tuple[type[DomainError], ...] = (NotSignedInError, BadTokenError, SessionEndedError)
PROVED: tuple[type[DomainError], ...] = (
    *GUARDED, *SIGNED_IN, ReauthenticationRequiredError, WrongPasswordError, TooManyTriesError, HashingBusyError,
)  # fmt: skip
type Responses = dict[int | str, dict[str, Any]]
NO_STORE: Mapping[str, str] = {"Cache-Control": "no-store"}


def _json(model: UserRead, code: int = status.HTTP_200_OK) -> Response:
    """Serialize a model to a response without validating it a second time, for speed."""
    return Response(model.__pydantic_serializer__.to_json(model), code, NO_STORE, "application/json")


@router.post(
    "/login",
    response_model=UserRead,
    responses=refusals(
        *GUARDED, AccountInputError, WrongCredentialsError, AccountBannedError, TooManyTriesError, HashingBusyError
    ),
)
async def login(form: SignInForm, request: Request, caller: ClientInfo, resources: ProcessResources) -> Response:
    """Sign in with a password and a user name, an e-mail address or a phone number. Sets the session cookies."""
    user, issued = await workflows.sign_in(resources, form, caller, replaces=dependencies.sent_session(request))
    dependencies.set_session_cookies(request, resources.settings, issued)
    return _json(service.user_read(user))


@router.post("/refresh", responses=refusals(*GUARDED, *SIGNED_IN, SessionReplayedError))
async def refresh(issued: RenewedTokens, response: Response) -> Refreshed:
    """Exchange the refresh token for a new access token and a new refresh token. Both are set as cookies."""
    response.headers.update(NO_STORE)
    return Refreshed(access_expires_at=issued.access_expires_at, session_expires_at=issued.session_expires_at)


@router.post("/logout", responses=refusals(*GUARDED, BadTokenError))
async def logout(request: Request, caller: ClientInfo, resources: ProcessResources, uow: Uow) -> SignedOut:
    """Sign out: end the session and delete its cookies. Expired tokens are accepted."""
    await service.sign_out(uow, dependencies.sent_claims(request), caller)
    dependencies.delete_session_cookies(request, resources.settings, device=True)
    return SignedOut()


@router.get("/me", response_model=UserRead, responses=refusals(*SIGNED_IN))
async def me(view: CurrentSession) -> Response:
    """Return the signed-in user."""
    return _json(service.user_read_of(view))


async def fast_current_user(request: Request) -> Response | None:
    """Answer `/me` ahead of routing; the session check and the response are those of the route."""
    view = await dependencies.find_view(request)
    return _json(service.user_read_of(view)) if view is not None else None


@router.post("/reauthenticate", responses=refusals(*PROVED))
async def reauthenticate(
    form: Reauthentication, view: CurrentSession, caller: ClientInfo, resources: ProcessResources
) -> Done:
    """Verify your password again. Changes that require it are then allowed for a few minutes."""
    await workflows.reauthenticate(resources, view, form.password, caller)
    return Done()


@router.get("/sessions", responses=refusals(*SIGNED_IN))
async def sessions(view: CurrentSession, session: ReadSession) -> SessionList:
    """List your active sessions, newest first."""
    return SessionList(items=await service.my_sessions(session, view))


@router.post("/sessions/end-others", responses=refusals(*PROVED))
async def end_other_sessions(
    view: CurrentSession, caller: ClientInfo, resources: ProcessResources, form: PasswordConfirmation | None = None
) -> SessionsEnded:
    """End all your sessions except the current one. Requires the password if it was not entered recently."""
    proof = form.current_password if form else None
    return SessionsEnded(ended=await workflows.end_others(resources, view, proof, caller))


@router.delete("/sessions/{session_id:uuid}", responses=refusals(*PROVED, SessionNotFoundError))
async def end_session(
    session_id: UUID,
    view: CurrentSession,
    caller: ClientInfo,
    resources: ProcessResources,
    form: PasswordConfirmation | None = None,
) -> SessionsEnded:
    """End one of your sessions. Requires the password if it was not entered recently."""
    await workflows.end_session(resources, view, session_id, form.current_password if form else None, caller)
    return SessionsEnded(ended=1)


@router.get("/history", responses=refusals(*SIGNED_IN, BadCursorError))
async def history(
    view: CurrentSession,
    session: ReadSession,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[WholeNumber, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> Page[SecurityEventRead]:
    """List the security history of your account, newest first."""
    found = await service.history(session, view.user_id, cursor=cursor, limit=limit)
    return Page(items=found.items, next_cursor=found.next_cursor)
