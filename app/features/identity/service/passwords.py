"""Use cases of passwords: reset, change, rate."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import account_names
from app.core.bounded_threads import BoundedThreads
from app.core.clock import real_now, utc_now
from app.core.config import Settings
from app.core.resources import Resources
from app.core.security.passwords import lower_priority, password_hasher
from app.core.security.rate_limits import Rate
from app.core.unit_of_work import UnitOfWork
from app.features.authentication import service as authentication
from app.features.authentication.errors import AccountInputError, NotSignedInError, WrongPasswordError
from app.features.authentication.service import Caller, SessionView, record_security_event
from app.features.identity import rules
from app.features.identity.errors import BadChallengeError, RatingBusyError
from app.features.identity.events import PasswordChanged, PasswordResetRequested
from app.features.identity.repository import ChallengeRepository
from app.features.identity.schemas import PasswordChange, PasswordStrength, PasswordToRate, ResetConfirmation
from app.features.identity.service.contacts import (
    CONFIRMATIONS_PER_CONTACT,
    contact_key,
    open_challenge,
    owner_of_link,
    redeem_code,
    redeem_link,
)
from app.features.identity.service.password_policy import check_password_policy
from app.models.auth_challenge import AuthChallenge, ChallengePurpose
from app.models.security_event import SecurityEventKind
from app.models.session import SessionEnd
from app.models.user import User, UserStatus

RESETS_BY_ADDRESS = Rate("reset", 60, 3600)
RESETS_BY_NAME = Rate("reset-name", 5, 3600)
RATED_BY_ADDRESS = Rate("judge", 20, 60)
MAX_RATED_LENGTH = 24
"""Characters that are rated. The time grows fast with the length: 64 take seconds, 24 at most some 0.15 s."""
MAX_RATINGS_WAITING = 16
MAX_RATING_SECONDS = 2.0
RESET = (ChallengePurpose.RESET_PASSWORD,)


@dataclass(frozen=True, slots=True)
class DraftedPassword:
    """The hash of an accepted new password; `unchecked` is true when the breach check was not available."""

    hashed: str
    unchecked: bool


async def draft_password(resources: Resources, password: str, words: Sequence[str], *, loc: str) -> DraftedPassword:
    """Check a new password and hash it; runs outside of any transaction.

    Raises:
        AccountInputError: The password is not acceptable.
        PasswordServiceError: The service of breached passwords does not answer, and the settings require its check.
    """
    unchecked = await check_password_policy(resources, password, words, loc=loc)
    return DraftedPassword(await password_hasher(resources.settings.bcrypt_rounds).hash(password), unchecked)


async def words_of_link(session: AsyncSession, settings: Settings, token: str) -> list[str]:
    """Return the words that the account of a link must not use as a password. Does not use the link up.

    Raises:
        BadChallengeError: The token is invalid.
    """
    user = await owner_of_link(session, settings, token)
    if user is None:
        raise BadChallengeError
    return _words_of(user)


async def request_password_reset(uow: UnitOfWork, typed: str, caller: Caller, flow: str) -> None:
    """Request a password reset. The account is looked up by a worker, so that response times reveal nothing.

    `flow` is the value that only the browser of this request has; the code works with it alone.

    Raises:
        TooManyTriesError: Too many requests from one address.
    """
    await uow.resources.limiter.hit(RESETS_BY_ADDRESS, caller.limit_key)
    uow.emit(PasswordResetRequested(identifier=typed.strip(), address=caller.address, flow=_hash_of(flow)))


def _hash_of(flow: str) -> str:
    return hashlib.sha256(flow.encode()).hexdigest()


async def prepare_reset(uow: UnitOfWork, typed: str, caller: Caller, flow: str) -> AuthChallenge | None:
    """Open a reset challenge if the account exists; it is sent to a contact of the account, not to the typed text."""
    user = await authentication.find_user(
        uow.session, **account_names.identify(typed, uow.resources.settings.phone_region).keys
    )
    if user is None or user.status is not UserStatus.ACTIVE:
        return None
    target = await _reset_target(uow.resources, user)
    if target is None:
        return None
    record_security_event(uow, user.id, SecurityEventKind.PASSWORD_RESET_ASKED, caller)
    return await open_challenge(uow, user, ChallengePurpose.RESET_PASSWORD, target, flow=flow)


async def _reset_target(resources: Resources, user: User) -> str | None:
    """Return the contact that a reset is sent to; None where too many messages were sent."""
    if not await resources.limiter.allows(RESETS_BY_NAME, str(user.id)):
        return None
    # Confirmed contacts come first: an unconfirmed address may be mistyped and belong to another person.
    confirmed = (user.email if user.email_confirmed_at else None) or (user.phone if user.phone_confirmed_at else None)
    if confirmed:
        return confirmed
    target = user.email or user.phone or ""
    # Whoever typed an unconfirmed contact may not be its owner, who must not be flooded either.
    return target if await resources.limiter.allows(CONFIRMATIONS_PER_CONTACT, contact_key(target)) else None


async def complete_password_reset(
    uow: UnitOfWork, form: ResetConfirmation, drafted: DraftedPassword, caller: Caller, flow: str
) -> None:
    """Set the hashed password by link or code, and end all sessions. Does not sign in.

    Raises:
        BadChallengeError: The link or code is not valid; a wrong code is counted.
        AccountInputError: The password is made of the user's own data, which is known only after verifying a code.
    """
    challenge = await _redeem(uow, form, flow)
    user = await authentication.lock_user(uow.session, challenge.user_id)
    if user is None or user.status is not UserStatus.ACTIVE:
        raise BadChallengeError
    if challenge.target not in (user.email, user.phone):
        raise BadChallengeError
    shortest = uow.resources.settings.password_min_length
    problems = rules.password_problems(form.password, _words_of(user), shortest=shortest, loc="password")
    if problems:
        raise AccountInputError(errors=problems)
    user.password_unchecked = drafted.unchecked
    await _set_password(uow, user, drafted.hashed, caller, reset=True)
    if challenge.target == user.email and user.email_confirmed_at is None:
        user.email_confirmed_at = utc_now()
    await authentication.end_sessions(uow.session, user.id, SessionEnd.PASSWORD_RESET, real_now())
    user.token_version += 1


def _words_of(user: User) -> list[str]:
    return rules.personal_words(user.username, user.email, user.phone, user.display_name)


async def _redeem(uow: UnitOfWork, form: ResetConfirmation, flow: str) -> AuthChallenge:
    if form.token:
        return await redeem_link(uow, form.token, RESET)
    if not form.code or not form.identifier:
        raise BadChallengeError
    identifier = account_names.identify(form.identifier, uow.resources.settings.phone_region)
    user = await authentication.find_user(uow.session, **identifier.keys)
    if user is None:
        raise BadChallengeError
    return await redeem_code(uow, user.id, form.code, RESET, flow=_hash_of(flow))


async def replace_password(
    uow: UnitOfWork, view: SessionView, form: PasswordChange, drafted: DraftedPassword, caller: Caller, *, proved: str
) -> int:
    """Set the hashed password and return the number of other sessions ended; `proved` is the hash that was verified.

    Raises:
        NotSignedInError: The account no longer exists.
        WrongPasswordError: The password was changed while the current one was being verified.
    """
    await ChallengeRepository(uow.session).lock_all(view.user_id)
    user = await authentication.lock_user(uow.session, view.user_id)
    if user is None:
        raise NotSignedInError
    if user.password_hash != proved:
        raise WrongPasswordError
    user.password_unchecked = drafted.unchecked
    await _set_password(uow, user, drafted.hashed, caller, reset=False)
    if not form.end_other_sessions:
        return 0
    user.token_version += 1
    await authentication.keep_session(uow, view.id, user.token_version)
    now = real_now()
    return await authentication.end_sessions(uow.session, user.id, SessionEnd.PASSWORD_CHANGED, now, keep=view.id)


async def _set_password(uow: UnitOfWork, user: User, hashed: str, caller: Caller, *, reset: bool) -> None:
    user.password_hash = hashed
    user.password_changed_at = utc_now()
    # Somebody who knew the old password may have requested a new contact; close such challenges as well.
    for purpose in (ChallengePurpose.RESET_PASSWORD, ChallengePurpose.CHANGE_EMAIL, ChallengePurpose.CHANGE_PHONE):
        await ChallengeRepository(uow.session).close(user.id, purpose, real_now())
    kind = SecurityEventKind.PASSWORD_RESET if reset else SecurityEventKind.PASSWORD_CHANGED
    record_security_event(uow, user.id, kind, caller)
    uow.emit(PasswordChanged(user_id=str(user.id), reset=reset))


_rating = BoundedThreads(
    "password-rating", 1, max_waiting=MAX_RATINGS_WAITING, busy=RatingBusyError, initializer=lower_priority
)


def _score(password: str, words: list[str]) -> int:
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its word lists take 11 MB, and few processes use them

    return int(zxcvbn(password[:MAX_RATED_LENGTH], user_inputs=words)["score"]) if password else 0


async def rate_password(resources: Resources, form: PasswordToRate, caller: Caller) -> PasswordStrength:
    """Rate the strength of a password; it is not stored.

    Raises:
        TooManyTriesError: Too many requests from one address.
        RatingBusyError: Too many passwords are being rated, or this one was not rated in time.
    """
    await resources.limiter.hit(RATED_BY_ADDRESS, caller.limit_key)
    words = rules.personal_words(form.username or "", form.email, None)
    problems = rules.password_problems(
        form.password, words, shortest=resources.settings.password_min_length, loc="password"
    )
    score = 0
    if not problems:
        try:
            async with asyncio.timeout(MAX_RATING_SECONDS):
                score = await _rating.run(_score, form.password, [*words, *rules.PRODUCT_WORDS])
        except TimeoutError:
            raise RatingBusyError from None
    return PasswordStrength(score=score, acceptable=not problems, problems=[problem.text() for problem in problems])
