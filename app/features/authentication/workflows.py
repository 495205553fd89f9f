"""Workflows of sign-in and sessions: passwords are verified between transactions."""

from datetime import datetime, timedelta
from uuid import UUID

from app.core.resources import Resources
from app.core.security.passwords import password_hasher
from app.core.security.rate_limits import Rate
from app.core.security.tokens import TokenKind
from app.core.unit_of_work import unit_of_work
from app.features.authentication import service
from app.features.authentication.errors import (
    ReauthenticationRequiredError,
    WrongPasswordError,
)
from app.features.authentication.schemas import (
    SignInForm,
)
from app.features.authentication.service import Caller, IssuedTokens, SessionView
from app.models.user import User

WRONG_PASSWORDS = Rate("password-again", 10, 900)
COMPARED_PASSWORDS = Rate("password-compared", 40, 900)
"""Counted before the comparison, so that parallel guesses cannot bypass the limit of wrong passwords."""
TOUCH_AFTER = timedelta(minutes=10)


async def sign_in(
    resources: Resources, form: SignInForm, caller: Caller, *, replaces: UUID | None = None
) -> tuple[User, IssuedTokens]:
    """Sign in: verify the password between two transactions and open a session.

    `replaces` is the browser's current session, which ends.

    Raises:
        AccountInputError: None of the fields is filled in, or more than one.
        WrongCredentialsError: The identifier or the password is wrong.
        AccountBannedError: The password is correct, and the account is banned.
        TooManyTriesError: Sign-in is blocked after wrong passwords, or too many attempts are running in parallel.
    """
    async with resources.read_sessions() as session:
        attempt = await service.start_sign_in(session, resources, form, caller)
    checked = await service.check_password(resources, attempt, form.password)
    async with unit_of_work(resources) as uow:
        return await service.finish_sign_in(uow, attempt, checked, caller, replaces=replaces)


async def renew_session(resources: Resources, token: str, caller: Caller) -> IssuedTokens:
    """Exchange a refresh token for the next tokens of its session.

    Raises:
        UnauthenticatedError: The token is not valid.
    """
    claims = resources.token_codec.decode(token, TokenKind.REFRESH)
    async with unit_of_work(resources) as uow:
        return await service.refresh(uow, claims, caller)


async def touch(resources: Resources, view: SessionView, now: datetime) -> None:
    """Record the use of a session, at most every ten minutes, so that most reads write nothing."""
    if now - view.last_used_at > TOUCH_AFTER:
        async with unit_of_work(resources) as uow:
            await service.touch(uow, view.id, now)


async def verify_current_password(resources: Resources, user_id: UUID, password: str) -> str:
    """Verify the current password outside of any transaction and return the hash it was verified against.

    Raises:
        WrongPasswordError: The password is wrong.
        TooManyTriesError: Too many wrong passwords, or too many verifications.
    """
    async with resources.read_sessions() as session:
        stored = await service.password_hash_of(session, user_id)
    await resources.limiter.refuse_if_full(WRONG_PASSWORDS, str(user_id))
    await resources.limiter.hit(COMPARED_PASSWORDS, str(user_id))
    matched, _upgraded = await password_hasher(resources.settings.bcrypt_rounds).verify(password, stored)
    if not matched:
        await resources.limiter.count(WRONG_PASSWORDS, str(user_id))
        raise WrongPasswordError
    return stored


async def require_recent_password(resources: Resources, view: SessionView, password: str | None) -> None:
    """Require that the password was entered recently or is sent now.

    Raises:
        ReauthenticationRequiredError: No password was sent and none was entered recently.
        WrongPasswordError: The password sent is wrong.
        TooManyTriesError: Too many wrong passwords.
    """
    if password:
        await verify_current_password(resources, view.user_id, password)
        return
    if not service.has_recent_password(resources, view):
        raise ReauthenticationRequiredError


async def reauthenticate(resources: Resources, view: SessionView, password: str, caller: Caller) -> None:
    """Verify the password again; changes that require it are then allowed for a few minutes.

    Raises:
        WrongPasswordError: The password is wrong.
        TooManyTriesError: Too many wrong passwords.
    """
    await verify_current_password(resources, view.user_id, password)
    async with unit_of_work(resources) as uow:
        await service.reauthenticate(uow, view, caller)


async def end_session(
    resources: Resources, view: SessionView, session_id: UUID, password: str | None, caller: Caller
) -> None:
    """End one of the user's sessions.

    Raises:
        ReauthenticationRequiredError, WrongPasswordError, TooManyTriesError: The password was not verified.
        SessionNotFoundError: The session has ended already or belongs to another user.
    """
    await require_recent_password(resources, view, password)
    async with unit_of_work(resources) as uow:
        await service.end_session(uow, view.user_id, session_id, caller)


async def end_others(resources: Resources, view: SessionView, password: str | None, caller: Caller) -> int:
    """End all other sessions of the user; return how many.

    Raises:
        ReauthenticationRequiredError, WrongPasswordError, TooManyTriesError: The password was not verified.
    """
    await require_recent_password(resources, view, password)
    async with unit_of_work(resources) as uow:
        return await service.end_others(uow, view.user_id, view.id, caller)
