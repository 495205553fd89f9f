"""Use cases of signing in and of sessions that take several transactions: passwords are compared between them."""

from datetime import datetime, timedelta
from uuid import UUID

from app.core.resources import Resources
from app.core.security.limits import Rate
from app.core.security.passwords import password_hasher
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
"""Counted before comparing, so that many guesses at once are no way around the first one."""
TOUCH_AFTER = timedelta(minutes=10)


async def sign_in(
    resources: Resources, form: SignInForm, caller: Caller, *, replaces: UUID | None = None
) -> tuple[User, IssuedTokens]:
    """Compare a password between two transactions, and open a session; `replaces` is the browser's present one.

    Raises:
        AccountInputError: None of the fields is filled in, or more than one.
        WrongCredentialsError: The name or the password is wrong.
        AccountBannedError: Both are right, and the account is blocked.
        TooManyTriesError: The account rests after wrong passwords, or too many tries run at once.
    """
    async with resources.read_sessions() as session:
        ticket = await service.start_sign_in(session, resources, form, caller)
    checked = await service.check_password(resources, ticket, form.password)
    async with unit_of_work(resources) as uow:
        return await service.finish_sign_in(uow, ticket, checked, caller, replaces=replaces)


async def renew_session(resources: Resources, token: str, caller: Caller) -> IssuedTokens:
    """Exchange a refresh token for the next tokens of its session.

    Raises:
        UnauthenticatedError: It is not good any more.
    """
    claims = resources.token_codec.decode(token, TokenKind.REFRESH)
    async with unit_of_work(resources) as uow:
        return await service.refresh(uow, claims, caller)


async def touch(resources: Resources, view: SessionView, now: datetime) -> None:
    """Note the use of a session, at most every ten minutes, so that reading does not write."""
    if now - view.last_used_at > TOUCH_AFTER:
        async with unit_of_work(resources) as uow:
            await service.touch(uow, view.id, now)


async def verify_current_password(resources: Resources, user_id: UUID, password: str) -> str:
    """Compare the present password outside of a transaction and return the hash it was compared with.

    Raises:
        WrongPasswordError: It is wrong.
        TooManyTriesError: It was wrong too often.
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
    """Let a change pass whose owner entered the password a few minutes ago, or sends it now.

    Raises:
        ReauthenticationRequiredError: Neither is so.
        WrongPasswordError: The password sent is wrong.
        TooManyTriesError: It was wrong too often.
    """
    if password:
        await verify_current_password(resources, view.user_id, password)
        return
    if not service.has_recent_password(resources, view):
        raise ReauthenticationRequiredError


async def reauthenticate(resources: Resources, view: SessionView, password: str, caller: Caller) -> None:
    """Enter the password again, which opens the changes that need it for a few minutes.

    Raises:
        WrongPasswordError: It is wrong.
        TooManyTriesError: It was wrong too often.
    """
    await verify_current_password(resources, view.user_id, password)
    async with unit_of_work(resources) as uow:
        await service.reauthenticate(uow, view, caller)


async def end_session(
    resources: Resources, view: SessionView, session_id: UUID, password: str | None, caller: Caller
) -> None:
    """Sign out on one device.

    Raises:
        ReauthenticationRequiredError, WrongPasswordError, TooManyTriesError: The password was not proved.
        SessionNotFoundError: It is over already, or somebody else's.
    """
    await require_recent_password(resources, view, password)
    async with unit_of_work(resources) as uow:
        await service.end_session(uow, view.user_id, session_id, caller)


async def end_others(resources: Resources, view: SessionView, password: str | None, caller: Caller) -> int:
    """Sign out everywhere else, and return how many sessions ended.

    Raises:
        ReauthenticationRequiredError, WrongPasswordError, TooManyTriesError: The password was not proved.
    """
    await require_recent_password(resources, view, password)
    async with unit_of_work(resources) as uow:
        return await service.end_others(uow, view.user_id, view.id, caller)
