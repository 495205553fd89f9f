"""Accounts as JSON: parse, call one verb, return."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, status
from fastapi.responses import Response

from app.core.errors import DomainError
from app.core.http import ProcessResources, ReadSession, RoomRouter, Uow
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, BadCursorError, Page
from app.core.problems import refusals
from app.core.security.limits import TooManyTriesError
from app.core.security.passwords import HashingBusyError
from app.core.security.tokens import BadTokenError
from app.features.identity import access, service
from app.features.identity.access import CurrentSession, Knocker, RenewedTokens
from app.features.identity.errors import (
    AccountBannedError,
    AccountInputError,
    BadChallengeError,
    EmailTakenError,
    NothingToConfirmError,
    PasswordServiceError,
    PhoneTakenError,
    ReauthenticationRequiredError,
    SessionEndedError,
    SessionNotFoundError,
    SessionReplayedError,
    UsernameTakenError,
    WrongCredentialsError,
    WrongPasswordError,
)
from app.features.identity.schemas import (
    ChallengeAnswer,
    CodeAnswer,
    Done,
    EmailChange,
    PasswordChange,
    PasswordProof,
    PasswordStrength,
    PasswordToJudge,
    PendingChange,
    PhoneChange,
    ProfileChange,
    Reauthentication,
    Refreshed,
    Registration,
    ResetConfirmation,
    ResetRequest,
    SecurityEventRead,
    SessionList,
    SessionsEnded,
    SignedOut,
    SignInForm,
    UserRead,
)

router = RoomRouter(prefix="/auth", tags=["accounts"])

PROVED: tuple[type[DomainError], ...] = (
    ReauthenticationRequiredError,
    WrongPasswordError,
    TooManyTriesError,
    HashingBusyError,
)
type Responses = dict[int | str, dict[str, Any]]
NO_STORE: Mapping[str, str] = {"Cache-Control": "no-store"}


def _json(model: UserRead, code: int = status.HTTP_200_OK) -> Response:
    """Answer without a second validation: this is the hottest route of the house."""
    return Response(model.__pydantic_serializer__.to_json(model), code, NO_STORE, "application/json")


@router.post(
    "/register",
    status_code=status.HTTP_201_CREATED,
    response_model=UserRead,
    responses=refusals(
        AccountInputError,
        UsernameTakenError,
        EmailTakenError,
        PhoneTakenError,
        TooManyTriesError,
        HashingBusyError,
        PasswordServiceError,
    ),
)
async def register(
    form: Registration, request: Request, caller: Knocker, resources: ProcessResources, uow: Uow
) -> Response:
    """Make an account and sign in with it."""
    account = await service.prepare(resources, form, caller)
    user, issued = await service.register(uow, account, caller, replaces=access.session_sent(request))
    access.give_tokens(request, uow, issued)
    return _json(service.user_read(user), status.HTTP_201_CREATED)


@router.post(
    "/login",
    response_model=UserRead,
    responses=refusals(
        AccountInputError, WrongCredentialsError, AccountBannedError, TooManyTriesError, HashingBusyError
    ),
)
async def login(form: SignInForm, request: Request, caller: Knocker, resources: ProcessResources, uow: Uow) -> Response:
    """Sign in with a password and a user name, an e-mail address or a phone number."""
    async with resources.read_sessions() as session:
        ticket = await service.begin_sign_in(session, resources, form, caller)
    checked = await service.check_password(resources, ticket, form.password)
    user, issued = await service.finish_sign_in(uow, ticket, checked, caller, replaces=access.session_sent(request))
    access.give_tokens(request, uow, issued)
    return _json(service.user_read(user))


@router.post("/refresh", responses=refusals(SessionReplayedError))
async def refresh(issued: RenewedTokens, response: Response) -> Refreshed:
    """Exchange the refresh token for a new access token and the next refresh token."""
    response.headers.update(NO_STORE)
    return Refreshed(access_expires_at=issued.access_expires_at, session_expires_at=issued.session_expires_at)


@router.post("/logout", responses=refusals(BadTokenError))
async def logout(request: Request, caller: Knocker, resources: ProcessResources, uow: Uow) -> SignedOut:
    """End this session, also with a lapsed token, and delete every cookie of it."""
    await service.sign_out(uow, access.claims_sent(request), caller)
    access.drop_tokens(request, resources.settings, device=True)
    return SignedOut()


@router.get("/me", response_model=UserRead)
async def me(view: CurrentSession) -> Response:
    """Show who is signed in."""
    return _json(service.user_read_of(view))


async def me_shortcut(request: Request) -> Response | None:
    """Answer `/me` ahead of routing: the same check of the session, the same words."""
    view = await access.find_view(request)
    return _json(service.user_read_of(view)) if view is not None else None


@router.patch("/me")
async def change_me(form: ProfileChange, view: CurrentSession, uow: Uow) -> UserRead:
    """Change how one is shown and addressed."""
    user = await service.update_profile(uow, view.user_id, form.display_name, form.locale)
    return service.user_read(user)


@router.post("/reauthenticate", responses=refusals(*PROVED))
async def reauthenticate(
    form: Reauthentication, view: CurrentSession, caller: Knocker, resources: ProcessResources, uow: Uow
) -> Done:
    """Enter the password again, which opens the changes that need it for a few minutes."""
    await service.prove(resources, view.user_id, form.password)
    await service.reauthenticate(uow, view, caller)
    return Done()


@router.get("/sessions")
async def sessions(view: CurrentSession, session: ReadSession) -> SessionList:
    """List the devices on which one is signed in."""
    return SessionList(items=await service.my_sessions(session, view))


@router.post("/sessions/end-others", responses=refusals(*PROVED))
async def end_other_sessions(
    view: CurrentSession, caller: Knocker, resources: ProcessResources, uow: Uow, form: PasswordProof | None = None
) -> SessionsEnded:
    """Sign out everywhere else."""
    await service.require_proof(resources, view, form.current_password if form else None)
    return SessionsEnded(ended=await service.end_others(uow, view.user_id, view.id, caller))


@router.delete("/sessions/{session_id:uuid}", responses=refusals(*PROVED, SessionNotFoundError))
async def end_session(
    session_id: UUID,
    view: CurrentSession,
    caller: Knocker,
    resources: ProcessResources,
    uow: Uow,
    form: PasswordProof | None = None,
) -> SessionsEnded:
    """Sign out on one device."""
    await service.require_proof(resources, view, form.current_password if form else None)
    await service.end_session(uow, view.user_id, session_id, caller)
    return SessionsEnded(ended=1)


@router.post("/confirm-email", responses=refusals(BadTokenError, SessionEndedError, BadChallengeError, EmailTakenError))
async def confirm_email(form: ChallengeAnswer, request: Request, caller: Knocker, uow: Uow) -> Done:
    """Confirm an address: by the link's token, or signed in by the code."""
    view = None if form.token else await access.find_view(request)
    user_id = view.user_id if view else None
    await service.answer_email(uow, caller, token=form.token, user_id=user_id, code=form.code)
    return Done()


@router.post("/confirm-email/resend", responses=refusals(NothingToConfirmError, TooManyTriesError))
async def resend_email(view: CurrentSession, uow: Uow) -> Done:
    """Send the confirmation mail again."""
    await service.resend_email(uow, view.user_id)
    return Done()


@router.post("/confirm-phone", responses=refusals(BadChallengeError, PhoneTakenError))
async def confirm_phone(form: CodeAnswer, view: CurrentSession, caller: Knocker, uow: Uow) -> Done:
    """Confirm a number by the code."""
    await service.answer_phone(uow, caller, view.user_id, form.code)
    return Done()


@router.post("/confirm-phone/resend", responses=refusals(NothingToConfirmError, TooManyTriesError))
async def resend_phone(view: CurrentSession, uow: Uow) -> Done:
    """Send the code again."""
    await service.resend_phone(uow, view.user_id)
    return Done()


@router.post("/password/reset", status_code=status.HTTP_202_ACCEPTED, responses=refusals(TooManyTriesError))
async def ask_reset(form: ResetRequest, caller: Knocker, uow: Uow) -> Done:
    """Ask for a reset. The answer is the same whether the account exists or not."""
    await service.ask_reset(uow, form.identifier, caller)
    return Done()


@router.post(
    "/password/reset/confirm",
    responses=refusals(BadChallengeError, AccountInputError, TooManyTriesError, HashingBusyError, PasswordServiceError),
)
async def answer_reset(form: ResetConfirmation, caller: Knocker, resources: ProcessResources, uow: Uow) -> Done:
    """Set a new password by link or code; sign in with it afterwards."""
    drafted = await service.draft_reset(resources, form, caller)
    await service.answer_reset(uow, form, drafted, caller)
    return Done()


@router.post("/password", responses=refusals(*PROVED, AccountInputError, PasswordServiceError))
async def change_password(form: PasswordChange, view: CurrentSession, caller: Knocker, uow: Uow) -> SessionsEnded:
    """Set a new password after the present one; the other sessions end unless told otherwise."""
    return SessionsEnded(ended=await service.change_password(uow, view, form, caller))


@router.post(
    "/email", status_code=status.HTTP_202_ACCEPTED, responses=refusals(*PROVED, AccountInputError, EmailTakenError)
)
async def change_email(
    form: EmailChange, view: CurrentSession, caller: Knocker, resources: ProcessResources, uow: Uow
) -> PendingChange:
    """Ask for another address; it counts once it is confirmed."""
    await service.require_proof(resources, view, form.current_password)
    challenge = await service.ask_email_change(uow, view.user_id, form.email, caller)
    return PendingChange(pending=challenge.target, expires_at=challenge.expires_at)


@router.post(
    "/phone", status_code=status.HTTP_202_ACCEPTED, responses=refusals(*PROVED, AccountInputError, PhoneTakenError)
)
async def change_phone(
    form: PhoneChange, view: CurrentSession, caller: Knocker, resources: ProcessResources, uow: Uow
) -> PendingChange:
    """Ask for another number; it counts once it is confirmed."""
    await service.require_proof(resources, view, form.current_password)
    challenge = await service.ask_phone_change(uow, view.user_id, form.phone, caller)
    return PendingChange(pending=challenge.target, expires_at=challenge.code_expires_at)


@router.post("/deactivate", responses=refusals(*PROVED))
async def deactivate(
    form: Reauthentication,
    request: Request,
    view: CurrentSession,
    caller: Knocker,
    resources: ProcessResources,
    uow: Uow,
) -> Done:
    """Close the account."""
    await service.prove(resources, view.user_id, form.password)
    await service.deactivate(uow, view.user_id, caller)
    access.drop_tokens(request, resources.settings, device=True)
    return Done()


@router.get("/history", responses=refusals(BadCursorError))
async def history(
    view: CurrentSession,
    session: ReadSession,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> Page[SecurityEventRead]:
    """List what happened to the safety of one's account, the newest first."""
    found = await service.history(session, view.user_id, cursor=cursor, limit=limit)
    return Page(items=found.items, next_cursor=found.next_cursor)


@router.post("/password-strength", responses=refusals(TooManyTriesError))
async def password_strength(form: PasswordToJudge, caller: Knocker, resources: ProcessResources) -> PasswordStrength:
    """Say how strong a password is; nothing of it is kept."""
    return await service.judge_password(resources, form, caller)
