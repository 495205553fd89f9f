"""Workflows of accounts: passwords are verified and hashed between transactions."""

from uuid import UUID

from app.core import account_names
from app.core.resources import Resources
from app.core.security.rate_limits import Rate
from app.core.unit_of_work import unit_of_work
from app.features.authentication import workflows as authentication
from app.features.authentication.service import Caller, IssuedTokens, SessionView
from app.features.identity import rules, service
from app.features.identity.errors import BadChallengeError
from app.features.identity.schemas import (
    ChallengeAnswer,
    EmailChange,
    PasswordChange,
    PhoneChange,
    Registration,
    ResetConfirmation,
)
from app.models.auth_challenge import AuthChallenge
from app.models.user import User

ANSWERS_BY_NAME = Rate("reset-answer", 20, 3600)
ANSWERS_BY_ADDRESS = Rate("reset-answer-from", 60, 3600)


async def register(
    resources: Resources, form: Registration, caller: Caller, *, replaces: UUID | None = None
) -> tuple[User, IssuedTokens]:
    """Create an account and sign its owner in.

    Raises:
        AccountInputError: A field is invalid.
        UsernameTakenError, EmailTakenError, PhoneTakenError: Another account has the value.
        TooManyTriesError: Too many registrations from one address.
    """
    account = await service.prepare(resources, form, caller)
    async with unit_of_work(resources) as uow:
        return await service.register(uow, account, caller, replaces=replaces)


async def reset_password(resources: Resources, form: ResetConfirmation, caller: Caller, flow: str) -> None:
    """Set a new password by link or code, and end all sessions. Does not sign in.

    Hashing takes a quarter of a second of processor time. The link is therefore verified first, and codes are
    rate-limited. `flow` is what the browser was given when it asked for the code.

    Raises:
        AccountInputError: The password is not acceptable.
        BadChallengeError: The link or code is missing or not valid.
        TooManyTriesError: Too many attempts for one identifier or from one address.
    """
    await resources.limiter.hit(ANSWERS_BY_ADDRESS, caller.limit_key)
    if form.token:
        async with resources.read_sessions() as session:
            words = await service.words_of_link(session, resources.settings, form.token)
    elif form.code and form.identifier:
        identifier = account_names.identify(form.identifier, resources.settings.phone_region)
        await resources.limiter.hit(ANSWERS_BY_NAME, identifier.throttle_key)
        words = rules.personal_words(form.identifier, None, None)
    else:
        raise BadChallengeError
    drafted = await service.draft_password(resources, form.password, words, loc="password")
    async with unit_of_work(resources) as uow:
        await service.complete_password_reset(uow, form, drafted, caller, flow)


async def change_password(resources: Resources, view: SessionView, form: PasswordChange, caller: Caller) -> int:
    """Set a new password after verifying the current one; return the number of other sessions ended.

    Raises:
        WrongPasswordError: The current password is wrong.
        AccountInputError: The new password is not acceptable.
        TooManyTriesError: Too many wrong passwords.
    """
    proved = await authentication.verify_current_password(resources, view.user_id, form.current_password)
    words = rules.personal_words(view.username, view.email, view.phone, view.display_name)
    drafted = await service.draft_password(resources, form.new_password, words, loc="new_password")
    async with unit_of_work(resources) as uow:
        return await service.replace_password(uow, view, form, drafted, caller, proved=proved)


async def change_email(resources: Resources, view: SessionView, form: EmailChange, caller: Caller) -> AuthChallenge:
    """Request a new e-mail address; the old one stays until the new one is confirmed.

    Raises:
        ReauthenticationRequiredError, WrongPasswordError, TooManyTriesError: The password was not verified.
        AccountInputError: The address is invalid.
        EmailTakenError: An account has this address already.
    """
    await authentication.require_recent_password(resources, view, form.current_password)
    await service.refuse_unreachable_mailbox(resources, form.email.strip())
    async with unit_of_work(resources) as uow:
        return await service.request_email_change(uow, view.user_id, form.email, caller)


async def change_phone(resources: Resources, view: SessionView, form: PhoneChange, caller: Caller) -> AuthChallenge:
    """Request a new phone number; the old one stays until the new one is confirmed.

    Raises:
        ReauthenticationRequiredError, WrongPasswordError, TooManyTriesError: The password was not verified.
        AccountInputError: The number is invalid.
        PhoneTakenError: An account has this number already.
    """
    await authentication.require_recent_password(resources, view, form.current_password)
    async with unit_of_work(resources) as uow:
        return await service.request_phone_change(uow, view.user_id, form.phone, caller)


async def confirm_email(resources: Resources, form: ChallengeAnswer, caller: Caller, view: SessionView | None) -> None:
    """Confirm an e-mail address by the token of the link, or by the code of the signed-in person.

    Raises:
        BadChallengeError: The link or code is not valid.
        EmailTakenError: Another account has confirmed the address.
    """
    user_id = view.user_id if view else None
    async with unit_of_work(resources) as uow:
        await service.complete_email_confirmation(uow, caller, token=form.token, user_id=user_id, code=form.code)


async def deactivate(resources: Resources, view: SessionView, password: str, caller: Caller) -> None:
    """Close the account after verifying the password.

    Raises:
        WrongPasswordError: The password is wrong.
        TooManyTriesError: Too many wrong passwords.
        AccountInUseError: Money of the account or a contract of it has not come to its end.
    """
    await authentication.verify_current_password(resources, view.user_id, password)
    async with unit_of_work(resources) as uow:
        await service.deactivate(uow, view.user_id, caller)


async def prune(resources: Resources) -> None:
    """Delete expired sessions, challenges and sign-in counters."""
    async with unit_of_work(resources) as uow:
        await service.prune(uow)
