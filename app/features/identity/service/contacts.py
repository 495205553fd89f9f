"""Addresses and numbers: confirming them, changing them, and the links and codes that prove them."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import identifiers
from app.core.clock import utc_now
from app.core.config import Settings
from app.core.ids import new_id
from app.core.security.limits import Rate
from app.core.security.signing import Signer, bytes_of, same_secret, text_of
from app.core.unit_of_work import UnitOfWork
from app.features.authentication.errors import AccountInputError
from app.features.authentication.service import Caller, record_security_event
from app.features.identity.errors import BadChallengeError, EmailTakenError, NothingToConfirmError, PhoneTakenError
from app.features.identity.events import (
    EmailChanged,
    EmailChangeRequested,
    EmailConfirmationRequested,
    PasswordResetPrepared,
    PhoneChanged,
    PhoneConfirmationRequested,
)
from app.features.identity.repository import ChallengeRepository, UserRepository
from app.models.auth_challenge import AuthChallenge, ChallengePurpose
from app.models.security_event import SecurityEventKind
from app.models.user import User, UserStatus

LINK_LIFE = timedelta(hours=1)
CODE_LIFE = timedelta(minutes=10)
CODE_DIGITS = 6
MAX_WRONG_CODES = 5
MAC_BYTES = 24
LINKS = Signer("challenge-link", MAC_BYTES)
CODES = Signer("challenge-code")
ID_BYTES = 16
CONFIRMATIONS_PER_ACCOUNT = Rate("letters", 10, 3600)
EMAIL_PURPOSES = (ChallengePurpose.CHANGE_EMAIL, ChallengePurpose.CONFIRM_EMAIL)
PHONE_PURPOSES = (ChallengePurpose.CHANGE_PHONE, ChallengePurpose.CONFIRM_PHONE)


def _signed(challenge: AuthChallenge) -> tuple[str, ...]:
    return str(challenge.id), challenge.purpose.value, str(challenge.user_id), challenge.target


def link_token(settings: Settings, challenge: AuthChallenge) -> str:
    """Derive the token of the link; it is nowhere stored."""
    return text_of(challenge.id.bytes + LINKS.sign(settings, *_signed(challenge)))


def code_of(settings: Settings, challenge: AuthChallenge) -> str:
    """Derive the six digits; they are nowhere stored."""
    return _codes(settings, challenge)[0]


def _codes(settings: Settings, challenge: AuthChallenge) -> list[str]:
    """Return the digits that are good: one code for each secret in use, the newest first."""
    digests = CODES.candidates(settings, str(challenge.id), challenge.purpose.value)
    return [f"{int.from_bytes(digest[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}d}" for digest in digests]


async def open_challenge(uow: UnitOfWork, user: User, purpose: ChallengePurpose, target: str) -> AuthChallenge:
    """Ask for a proof; older ones of the same purpose stop working. Emits what makes the letter go out."""
    now = utc_now()
    await ChallengeRepository(uow.session).close(user.id, purpose, now)
    challenge = AuthChallenge(
        id=new_id(),
        user_id=user.id,
        purpose=purpose,
        target=target,
        attempts=0,
        created_at=now,
        expires_at=now + LINK_LIFE,
        code_expires_at=now + CODE_LIFE,
    )
    uow.session.add(challenge)
    await uow.session.flush()
    ids = {"user_id": str(user.id), "challenge_id": str(challenge.id)}
    if purpose in EMAIL_PURPOSES:
        uow.emit(EmailConfirmationRequested(**ids))
    elif purpose in PHONE_PURPOSES:
        uow.emit(PhoneConfirmationRequested(**ids))
    else:
        uow.emit(PasswordResetPrepared(**ids))
    return challenge


async def redeem_link(uow: UnitOfWork, token: str, purposes: tuple[ChallengePurpose, ...]) -> AuthChallenge:
    """Use a link: the challenge is spent with this transaction.

    Raises:
        BadChallengeError: It is not ours, of another purpose, spent, replaced or too old.
    """
    try:
        raw = bytes_of(token)
    except ValueError as wrong:
        raise BadChallengeError from wrong
    if len(raw) != ID_BYTES + MAC_BYTES:
        raise BadChallengeError
    challenge = await ChallengeRepository(uow.session).lock(UUID(bytes=raw[:ID_BYTES]))
    now = utc_now()
    if challenge is None or challenge.purpose not in purposes or challenge.closed_at is not None:
        raise BadChallengeError
    fits = LINKS.verifies(uow.resources.settings, raw[ID_BYTES:], *_signed(challenge))
    if not fits or challenge.expires_at <= now:
        raise BadChallengeError
    challenge.closed_at = challenge.used_at = now
    return challenge


async def owner_of_link(session: AsyncSession, settings: Settings, token: str) -> User | None:
    """Return whose link it is, without using it up; None where it is none of ours."""
    try:
        raw = bytes_of(token)
        challenge = await ChallengeRepository(session).get(UUID(bytes=raw[:ID_BYTES]))
    except ValueError:
        return None
    if challenge is None:
        return None
    fits = LINKS.verifies(settings, raw[ID_BYTES:], *_signed(challenge))
    return await UserRepository(session).get(challenge.user_id) if fits else None


async def redeem_code(
    uow: UnitOfWork, user_id: UUID, code: str, purposes: tuple[ChallengePurpose, ...]
) -> AuthChallenge:
    """Use a code: the row is held while it is compared, so parallel guesses count one by one; five wrong ones end it.

    Raises:
        BadChallengeError: It is wrong, spent, replaced or too old.
    """
    challenge = await ChallengeRepository(uow.session).lock_open(user_id, purposes)
    now = utc_now()
    if challenge is None or challenge.code_expires_at <= now:
        raise BadChallengeError
    typed = "".join(code.split())
    if not any(same_secret(good, typed) for good in _codes(uow.resources.settings, challenge)):
        challenge.attempts += 1
        if challenge.attempts >= MAX_WRONG_CODES:
            # Only the code: strangers may guess at it, and must not be able to spoil the link in the owner's mail.
            challenge.code_expires_at = now
        raise BadChallengeError
    challenge.closed_at = challenge.used_at = now
    return challenge


async def resend_email(uow: UnitOfWork, user_id: UUID) -> None:
    """Send the link and the code again; with a change under way, to the new address.

    Raises:
        NothingToConfirmError: The address is confirmed or missing.
    """
    await uow.resources.limiter.hit(CONFIRMATIONS_PER_ACCOUNT, str(user_id))
    user = await UserRepository(uow.session).lock(user_id)
    pending = await ChallengeRepository(uow.session).lock_open(user_id, (ChallengePurpose.CHANGE_EMAIL,))
    if user is not None and pending is not None and pending.expires_at > utc_now():
        await open_challenge(uow, user, ChallengePurpose.CHANGE_EMAIL, pending.target)
        return
    if user is None or user.email is None or user.email_confirmed_at is not None:
        raise NothingToConfirmError
    await open_challenge(uow, user, ChallengePurpose.CONFIRM_EMAIL, user.email)


async def resend_phone(uow: UnitOfWork, user_id: UUID) -> None:
    """Send the code again; with a change under way, to the new number.

    Raises:
        NothingToConfirmError: The number is confirmed or missing.
    """
    await uow.resources.limiter.hit(CONFIRMATIONS_PER_ACCOUNT, str(user_id))
    user = await UserRepository(uow.session).lock(user_id)
    pending = await ChallengeRepository(uow.session).lock_open(user_id, (ChallengePurpose.CHANGE_PHONE,))
    if user is not None and pending is not None and pending.expires_at > utc_now():
        await open_challenge(uow, user, ChallengePurpose.CHANGE_PHONE, pending.target)
        return
    if user is None or user.phone is None or user.phone_confirmed_at is not None:
        raise NothingToConfirmError
    await open_challenge(uow, user, ChallengePurpose.CONFIRM_PHONE, user.phone)


async def request_email_change(uow: UnitOfWork, user_id: UUID, typed: str, caller: Caller) -> AuthChallenge:
    """Note the wish for another address; the old one stays until the new one is confirmed, and gets a notice.

    Raises:
        AccountInputError: It is no address.
        EmailTakenError: Another account has it.
    """
    await uow.resources.limiter.hit(CONFIRMATIONS_PER_ACCOUNT, str(user_id))
    try:
        wanted = identifiers.email(typed)
    except identifiers.InvalidValue as refused:
        raise AccountInputError(errors=[refused.error]) from refused
    user = await _own(uow, user_id)
    if await UserRepository(uow.session).is_taken(email_key=wanted.key):
        raise EmailTakenError
    record_security_event(uow, user.id, SecurityEventKind.EMAIL_CHANGE_ASKED, caller)
    uow.emit(EmailChangeRequested(user_id=str(user.id), old_email=user.email))
    return await open_challenge(uow, user, ChallengePurpose.CHANGE_EMAIL, wanted.shown)


async def request_phone_change(uow: UnitOfWork, user_id: UUID, typed: str, caller: Caller) -> AuthChallenge:
    """Note the wish for another number; the old one stays until the new one is confirmed.

    Raises:
        AccountInputError: It is no number.
        PhoneTakenError: Another account has it.
    """
    await uow.resources.limiter.hit(CONFIRMATIONS_PER_ACCOUNT, str(user_id))
    try:
        wanted = identifiers.phone(typed, uow.resources.settings.phone_region)
    except identifiers.InvalidValue as refused:
        raise AccountInputError(errors=[refused.error]) from refused
    user = await _own(uow, user_id)
    if await UserRepository(uow.session).is_taken(phone=wanted):
        raise PhoneTakenError
    record_security_event(uow, user.id, SecurityEventKind.PHONE_CHANGE_ASKED, caller)
    return await open_challenge(uow, user, ChallengePurpose.CHANGE_PHONE, wanted)


async def complete_email_confirmation(
    uow: UnitOfWork, caller: Caller, *, token: str | None = None, user_id: UUID | None = None, code: str | None = None
) -> None:
    """Confirm an address, or finish its change, by link (anywhere) or by code (signed in).

    Raises:
        BadChallengeError: The proof does not hold.
        EmailTakenError: Another account took the address meanwhile.
    """
    challenge = await _taken(uow, EMAIL_PURPOSES, token=token, user_id=user_id, code=code)
    user = await _own(uow, challenge.user_id)
    changing = challenge.purpose is ChallengePurpose.CHANGE_EMAIL
    if not changing and user.email != challenge.target:
        raise BadChallengeError
    if changing:
        old = user.email
        wanted = identifiers.email(challenge.target)
        user.email, user.email_key = wanted.shown, wanted.key
        await UserRepository(uow.session).flush_or_raise_taken()
        record_security_event(uow, user.id, SecurityEventKind.EMAIL_CHANGED, caller)
        uow.emit(EmailChanged(user_id=str(user.id), old_email=old))
        await ChallengeRepository(uow.session).close(user.id, ChallengePurpose.RESET_PASSWORD, utc_now())
    else:
        record_security_event(uow, user.id, SecurityEventKind.EMAIL_CONFIRMED, caller)
    user.email_confirmed_at = utc_now()


async def complete_phone_confirmation(uow: UnitOfWork, caller: Caller, user_id: UUID, code: str) -> None:
    """Confirm a number, or finish its change, by the code.

    Raises:
        BadChallengeError: The code does not hold.
        PhoneTakenError: Another account took the number meanwhile.
    """
    challenge = await redeem_code(uow, user_id, code, PHONE_PURPOSES)
    user = await _own(uow, challenge.user_id)
    changing = challenge.purpose is ChallengePurpose.CHANGE_PHONE
    if not changing and user.phone != challenge.target:
        raise BadChallengeError
    if changing:
        old, user.phone = user.phone, challenge.target
        await UserRepository(uow.session).flush_or_raise_taken()
        record_security_event(uow, user.id, SecurityEventKind.PHONE_CHANGED, caller)
        uow.emit(PhoneChanged(user_id=str(user.id), old_phone=old))
        await ChallengeRepository(uow.session).close(user.id, ChallengePurpose.RESET_PASSWORD, utc_now())
    else:
        record_security_event(uow, user.id, SecurityEventKind.PHONE_CONFIRMED, caller)
    user.phone_confirmed_at = utc_now()


async def _taken(
    uow: UnitOfWork,
    purposes: tuple[ChallengePurpose, ...],
    *,
    token: str | None,
    user_id: UUID | None,
    code: str | None,
) -> AuthChallenge:
    if token:
        return await redeem_link(uow, token, purposes)
    if code and user_id is not None:
        return await redeem_code(uow, user_id, code, purposes)
    raise BadChallengeError


async def _own(uow: UnitOfWork, user_id: UUID) -> User:
    user = await UserRepository(uow.session).lock(user_id)
    if user is None or user.status is not UserStatus.ACTIVE:
        raise BadChallengeError
    return user
