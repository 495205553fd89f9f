"""JSON endpoints of accounts."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request, status
from fastapi.responses import Response

from app.core.errors import DomainError
from app.core.http.dependencies import FeatureRouter, ProcessResources, Uow
from app.core.http.problem_details import refusals
from app.core.security.passwords import HashingBusyError
from app.core.security.rate_limits import TooManyTriesError
from app.core.security.tokens import BadTokenError
from app.features.authentication import dependencies
from app.features.authentication import service as authentication
from app.features.authentication.dependencies import ClientInfo, CurrentSession
from app.features.authentication.errors import (
    AccountInputError,
    ReauthenticationRequiredError,
    SessionEndedError,
    WrongPasswordError,
)
from app.features.authentication.schemas import (
    Done,
    Reauthentication,
    SessionsEnded,
    UserRead,
)
from app.features.identity import service, workflows
from app.features.identity.dependencies import NewResetFlow, SentResetFlow
from app.features.identity.errors import (
    AccountInUseError,
    BadChallengeError,
    EmailTakenError,
    NothingToConfirmError,
    PasswordServiceError,
    PhoneTakenError,
    RatingBusyError,
    UsernameTakenError,
)
from app.features.identity.schemas import (
    ChallengeAnswer,
    CodeAnswer,
    EmailChange,
    PasswordChange,
    PasswordStrength,
    PasswordToRate,
    PendingChange,
    PhoneChange,
    ProfileChange,
    Registration,
    ResetConfirmation,
    ResetRequest,
)

router = FeatureRouter(prefix="/auth", tags=["accounts"])

PROVED: tuple[type[DomainError], ...] = (
    ReauthenticationRequiredError,
    WrongPasswordError,
    TooManyTriesError,
    HashingBusyError,
)
type Responses = dict[int | str, dict[str, Any]]
NO_STORE: Mapping[str, str] = {"Cache-Control": "no-store"}


def _json(model: UserRead, code: int = status.HTTP_200_OK) -> Response:
    """Serialize a model to a response without validating it a second time, for speed."""
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
)  # fmt: skip
async def register(form: Registration, request: Request, caller: ClientInfo, resources: ProcessResources) -> Response:
    """Create an account and sign in to it. Sets the session cookies."""
    user, issued = await workflows.register(resources, form, caller, replaces=dependencies.sent_session(request))
    dependencies.set_session_cookies(request, resources.settings, issued)
    return _json(authentication.user_read(user), status.HTTP_201_CREATED)


@router.patch("/me", responses=refusals(AccountInputError))
async def change_me(form: ProfileChange, view: CurrentSession, uow: Uow) -> UserRead:
    """Change your display name and language. Fields that are left out keep their values."""
    user = await service.update_profile(uow, view.user_id, form.display_name, form.locale)
    return authentication.user_read(user)


@router.post("/confirm-email", responses=refusals(BadTokenError, SessionEndedError, BadChallengeError, EmailTakenError))
async def confirm_email(
    form: ChallengeAnswer, request: Request, caller: ClientInfo, resources: ProcessResources
) -> Done:
    """Confirm an e-mail address with the token of the link, or with the code while signed in."""
    # A link works in any browser, so a session that has ended must not get in its way.
    view = None if form.token else await dependencies.find_view(request)
    await workflows.confirm_email(resources, form, caller, view)
    return Done()


@router.post("/confirm-email/resend", responses=refusals(NothingToConfirmError, TooManyTriesError))
async def resend_email(view: CurrentSession, uow: Uow) -> Done:
    """Send a new confirmation e-mail. Responds 409 when there is no address to confirm."""
    await service.resend_email(uow, view.user_id)
    return Done()


@router.post("/confirm-phone", responses=refusals(BadChallengeError, PhoneTakenError))
async def confirm_phone(form: CodeAnswer, view: CurrentSession, caller: ClientInfo, uow: Uow) -> Done:
    """Confirm a phone number with the code of the text message."""
    await service.complete_phone_confirmation(uow, caller, view.user_id, form.code)
    return Done()


@router.post("/confirm-phone/resend", responses=refusals(NothingToConfirmError, TooManyTriesError))
async def resend_phone(view: CurrentSession, uow: Uow) -> Done:
    """Send a new code to the phone number. Responds 409 when there is no number to confirm."""
    await service.resend_phone(uow, view.user_id)
    return Done()


@router.post("/password/reset", status_code=status.HTTP_202_ACCEPTED, responses=refusals(TooManyTriesError))
async def request_password_reset(form: ResetRequest, caller: ClientInfo, flow: NewResetFlow, uow: Uow) -> Done:
    """Request a password reset. The response is the same whether the account exists or not.

    The code works with the cookie of this response only, the link without it.
    """
    await service.request_password_reset(uow, form.identifier, caller, flow)
    return Done()


@router.post(
    "/password/reset/confirm",
    responses=refusals(BadChallengeError, AccountInputError, TooManyTriesError, HashingBusyError, PasswordServiceError),
)
async def complete_password_reset(
    form: ResetConfirmation, caller: ClientInfo, flow: SentResetFlow, resources: ProcessResources
) -> Done:
    """Set a new password with the token of the link, or with the code. Ends all sessions and does not sign in."""
    await workflows.reset_password(resources, form, caller, flow)
    return Done()


@router.post("/password", responses=refusals(*PROVED, AccountInputError, PasswordServiceError))
async def change_password(
    form: PasswordChange, view: CurrentSession, caller: ClientInfo, resources: ProcessResources
) -> SessionsEnded:
    """Change your password; the current one is required. Ends your other sessions by default."""
    return SessionsEnded(ended=await workflows.change_password(resources, view, form, caller))


@router.post(
    "/email", status_code=status.HTTP_202_ACCEPTED, responses=refusals(*PROVED, AccountInputError, EmailTakenError)
)
async def change_email(
    form: EmailChange, view: CurrentSession, caller: ClientInfo, resources: ProcessResources
) -> PendingChange:
    """Request a change of your e-mail address. It takes effect when the new address is confirmed."""
    challenge = await workflows.change_email(resources, view, form, caller)
    return PendingChange(pending=challenge.target, expires_at=challenge.expires_at)


@router.post(
    "/phone", status_code=status.HTTP_202_ACCEPTED, responses=refusals(*PROVED, AccountInputError, PhoneTakenError)
)
async def change_phone(
    form: PhoneChange, view: CurrentSession, caller: ClientInfo, resources: ProcessResources
) -> PendingChange:
    """Request a change of your phone number. It takes effect when the new number is confirmed."""
    challenge = await workflows.change_phone(resources, view, form, caller)
    return PendingChange(pending=challenge.target, expires_at=challenge.code_expires_at)


@router.post("/deactivate", responses=refusals(*PROVED, AccountInUseError))
async def deactivate(
    form: Reauthentication,
    request: Request,
    view: CurrentSession,
    caller: ClientInfo,
    resources: ProcessResources,
) -> Done:
    """Close your account and end all its sessions. The current password is required.

    Responds 409 while money is in your wallet or on its way, or a contract has not ended.
    """
    await workflows.deactivate(resources, view, form.password, caller)
    dependencies.delete_session_cookies(request, resources.settings, device=True)
    return Done()


@router.post("/password-strength", responses=refusals(TooManyTriesError, RatingBusyError))
async def password_strength(form: PasswordToRate, caller: ClientInfo, resources: ProcessResources) -> PasswordStrength:
    """Rate the strength of a password. The password is not stored."""
    return await service.rate_password(resources, form, caller)
