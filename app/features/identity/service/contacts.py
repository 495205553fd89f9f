"""Use cases of e-mail addresses and phone numbers: confirm and change them; challenges with links and codes."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import account_names
from app.core.clock import real_now, utc_now
from app.core.config import Settings
from app.core.ids import new_id
from app.core.security.rate_limits import Rate
from app.core.security.signing import Signer, bytes_of, same_secret, text_of
from app.core.unit_of_work import UnitOfWork
from app.features.authentication import service as authentication
from app.features.authentication.errors import AccountInputError
from app.features.authentication.service import Caller, record_security_event
from app.features.identity.errors import BadChallengeError, EmailTakenError, NothingToConfirmError, PhoneTakenError
from app.features.identity.events import (
    ContactLost,
    EmailChanged,
    EmailChangeRequested,
    EmailConfirmationRequested,
    PasswordResetPrepared,
    PhoneChanged,
    PhoneConfirmationRequested,
)
from app.features.identity.repository import ChallengeRepository, Released, UserRepository
from app.features.identity.service.new_emails import parse_new_email
from app.models.auth_challenge import AuthChallenge, ChallengePurpose
from app.models.security_event import SecurityEventKind
from app.models.user import User, UserStatus

LINK_LIFE = timedelta(hours=1)
CODE_LIFE = timedelta(minutes=10)
CODE_DIGITS = 6
MAX_WRONG_CODES = 5
MAX_WRONG_CODES_A_DAY = 20
"""For one account and purpose: over a year of days a six-digit code is guessed with a chance below one per cent."""
A_DAY = timedelta(days=1)
MAX_LAPSED = 1000
"""How many addresses lapse in one run."""
MAC_BYTES = 24
LINKS = Signer("challenge-link", MAC_BYTES)
CODES = Signer("challenge-code")
ID_BYTES = 16
CONFIRMATIONS_PER_ACCOUNT = Rate("letters", 10, 3600)
CONFIRMATIONS_PER_CONTACT = Rate("confirmations-to", 10, 3600)
"""For one number or address, whoever asks: many accounts together must not fill a stranger's phone."""
EMAIL_PURPOSES = (ChallengePurpose.CHANGE_EMAIL, ChallengePurpose.CONFIRM_EMAIL)
PHONE_PURPOSES = (ChallengePurpose.CHANGE_PHONE, ChallengePurpose.CONFIRM_PHONE)


def users_of(uow: UnitOfWork) -> UserRepository:
    """Return the queries for accounts, which know whether phone numbers can be confirmed here."""
    return UserRepository(uow.session, phones=uow.resources.settings.sms_sender != "none")


def announce_released(uow: UnitOfWork, released: Sequence[Released]) -> None:
    """Emit `ContactLost` for each account that has no contact any more."""
    for user_id in sorted({account.user_id for account in released if not account.has_contact}):
        uow.emit(ContactLost(user_id=str(user_id)))


async def lapse_unconfirmed(uow: UnitOfWork) -> int:
    """Remove e-mail addresses that nobody confirmed within `UNCONFIRMED_CONTACT_DAYS`; return their number.

    Without a mail server nobody can confirm an address, so none lapses.
    """
    settings = uow.resources.settings
    if settings.smtp_host is None:
        return 0
    before = utc_now() - timedelta(days=settings.unconfirmed_contact_days)
    released = await users_of(uow).lapse_emails(before, MAX_LAPSED)
    announce_released(uow, released)
    return len(released)


def _signed(challenge: AuthChallenge) -> tuple[str, ...]:
    return str(challenge.id), challenge.purpose.value, str(challenge.user_id), challenge.target


def link_token(settings: Settings, challenge: AuthChallenge) -> str:
    """Derive the token of the link; it is not stored."""
    return text_of(challenge.id.bytes + LINKS.sign(settings, *_signed(challenge)))


def code_of(settings: Settings, challenge: AuthChallenge) -> str:
    """Derive the six-digit code; it is not stored."""
    return _codes(settings, challenge)[0]


def _codes(settings: Settings, challenge: AuthChallenge) -> list[str]:
    """Return the valid codes: one for each secret key in use, the newest key first."""
    digests = CODES.candidates(settings, str(challenge.id), challenge.purpose.value)
    return [f"{int.from_bytes(digest[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}d}" for digest in digests]


def contact_key(target: str) -> str:
    """Return the name under which messages to a number or an address are counted."""
    return account_names.email(target).key if "@" in target else target


async def confirm_first_contact(uow: UnitOfWork, user: User, purpose: ChallengePurpose, target: str) -> None:
    """Send the first message to a contact of a new account; one that was sent too many gets none until it is asked."""
    if await uow.resources.limiter.allows(CONFIRMATIONS_PER_CONTACT, contact_key(target)):
        await open_challenge(uow, user, purpose, target)


async def _open_again(uow: UnitOfWork, user: User, purpose: ChallengePurpose, target: str) -> AuthChallenge:
    """Create a challenge that somebody asked for.

    Raises:
        TooManyTriesError: Too many messages went to this contact, from whatever account.
    """
    await uow.resources.limiter.hit(CONFIRMATIONS_PER_CONTACT, contact_key(target))
    return await open_challenge(uow, user, purpose, target)


async def open_challenge(
    uow: UnitOfWork, user: User, purpose: ChallengePurpose, target: str, *, flow: str = ""
) -> AuthChallenge:
    """Create a challenge and close older ones of the same purpose. Emits the event that sends the message."""
    now = real_now()
    await ChallengeRepository(uow.session).close(user.id, purpose, now)
    challenge = AuthChallenge(
        id=new_id(),
        user_id=user.id,
        purpose=purpose,
        target=target,
        flow=flow,
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
    """Verify the token of a link and mark its challenge as used.

    Raises:
        BadChallengeError: The token is invalid, used, replaced, expired, or for another purpose.
    """
    try:
        raw = bytes_of(token)
    except ValueError as wrong:
        raise BadChallengeError from wrong
    if len(raw) != ID_BYTES + MAC_BYTES:
        raise BadChallengeError
    challenges = ChallengeRepository(uow.session)
    found = await challenges.get(UUID(bytes=raw[:ID_BYTES]))
    if found is None:
        raise BadChallengeError
    await challenges.lock_all(found.user_id)
    challenge = await challenges.lock(found.id)
    now = real_now()
    if challenge is None or challenge.purpose not in purposes or challenge.closed_at is not None:
        raise BadChallengeError
    is_genuine = LINKS.verifies(uow.resources.settings, raw[ID_BYTES:], *_signed(challenge))
    if not is_genuine or challenge.expires_at <= now:
        raise BadChallengeError
    challenge.closed_at = challenge.used_at = now
    return challenge


async def owner_of_link(session: AsyncSession, settings: Settings, token: str) -> User | None:
    """Return the account of a link without using the link up; None for an invalid token."""
    try:
        raw = bytes_of(token)
        challenge = await ChallengeRepository(session).get(UUID(bytes=raw[:ID_BYTES]))
    except ValueError:
        return None
    if challenge is None:
        return None
    is_genuine = LINKS.verifies(settings, raw[ID_BYTES:], *_signed(challenge))
    return await authentication.get_user(session, challenge.user_id) if is_genuine else None


async def redeem_code(
    uow: UnitOfWork, user_id: UUID, code: str, purposes: tuple[ChallengePurpose, ...], *, flow: str = ""
) -> AuthChallenge:
    """Verify a code and mark its challenge as used; five wrong codes expire the code.

    The challenge is locked during the comparison, so that parallel guesses are counted one by one. A code of another
    browser's flow is refused without counting: strangers neither guess it nor use up the tries of its owner.

    Raises:
        BadChallengeError: The code is wrong, used, replaced, expired, of another flow, or too many were wrong today.
    """
    challenges = ChallengeRepository(uow.session)
    await challenges.lock_all(user_id)
    challenge = await challenges.lock_open(user_id, purposes)
    now = real_now()
    if challenge is None or challenge.code_expires_at <= now or not same_secret(challenge.flow, flow):
        raise BadChallengeError
    if await challenges.wrong_codes(user_id, purposes, now - A_DAY) >= MAX_WRONG_CODES_A_DAY:
        raise BadChallengeError
    typed = "".join(code.split())
    if not any(same_secret(valid, typed) for valid in _codes(uow.resources.settings, challenge)):
        challenge.attempts += 1
        if challenge.attempts >= MAX_WRONG_CODES:
            # Expire only the code: anyone may guess codes, and must not be able to invalidate the link sent to the
            # owner.
            challenge.code_expires_at = now
        raise BadChallengeError
    challenge.closed_at = challenge.used_at = now
    return challenge


async def resend_email(uow: UnitOfWork, user_id: UUID) -> None:
    """Send a new link and code: to the new address when a change is pending, else to the unconfirmed one.

    Raises:
        NothingToConfirmError: The address is confirmed or missing.
    """
    await uow.resources.limiter.hit(CONFIRMATIONS_PER_ACCOUNT, str(user_id))
    challenges = ChallengeRepository(uow.session)
    await challenges.lock_all(user_id)
    user = await authentication.lock_user(uow.session, user_id)
    pending = await challenges.lock_open(user_id, (ChallengePurpose.CHANGE_EMAIL,))
    if user is not None and pending is not None and pending.expires_at > real_now():
        await _open_again(uow, user, ChallengePurpose.CHANGE_EMAIL, pending.target)
        return
    if user is None or user.email is None or user.email_confirmed_at is not None:
        raise NothingToConfirmError
    await _open_again(uow, user, ChallengePurpose.CONFIRM_EMAIL, user.email)


async def resend_phone(uow: UnitOfWork, user_id: UUID) -> None:
    """Send a new code: to the new number when a change is pending, else to the unconfirmed one.

    Raises:
        NothingToConfirmError: The number is confirmed or missing.
    """
    await uow.resources.limiter.hit(CONFIRMATIONS_PER_ACCOUNT, str(user_id))
    challenges = ChallengeRepository(uow.session)
    await challenges.lock_all(user_id)
    user = await authentication.lock_user(uow.session, user_id)
    pending = await challenges.lock_open(user_id, (ChallengePurpose.CHANGE_PHONE,))
    if user is not None and pending is not None and pending.expires_at > real_now():
        await _open_again(uow, user, ChallengePurpose.CHANGE_PHONE, pending.target)
        return
    if user is None or user.phone is None or user.phone_confirmed_at is not None:
        raise NothingToConfirmError
    await _open_again(uow, user, ChallengePurpose.CONFIRM_PHONE, user.phone)


async def request_email_change(uow: UnitOfWork, user_id: UUID, typed: str, caller: Caller) -> AuthChallenge:
    """Request a new e-mail address. The old one is notified and stays until the new one is confirmed.

    Raises:
        AccountInputError: The address is invalid.
        EmailTakenError: An account has this address already.
    """
    await uow.resources.limiter.hit(CONFIRMATIONS_PER_ACCOUNT, str(user_id))
    try:
        wanted = parse_new_email(typed, uow.resources.settings)
    except account_names.InvalidValue as refused:
        raise AccountInputError(errors=[refused.error]) from refused
    await ChallengeRepository(uow.session).lock_all(user_id)
    user = await _lock_active(uow, user_id)
    if await users_of(uow).is_taken(email_key=wanted.key):
        raise EmailTakenError
    record_security_event(uow, user.id, SecurityEventKind.EMAIL_CHANGE_ASKED, caller)
    uow.emit(EmailChangeRequested(user_id=str(user.id), old_email=user.email))
    return await _open_again(uow, user, ChallengePurpose.CHANGE_EMAIL, wanted.shown)


async def request_phone_change(uow: UnitOfWork, user_id: UUID, typed: str, caller: Caller) -> AuthChallenge:
    """Request a new phone number. The old one stays until the new one is confirmed.

    Raises:
        AccountInputError: The number is invalid.
        PhoneTakenError: An account has this number already.
    """
    await uow.resources.limiter.hit(CONFIRMATIONS_PER_ACCOUNT, str(user_id))
    try:
        wanted = account_names.phone(typed, uow.resources.settings.phone_region)
    except account_names.InvalidValue as refused:
        raise AccountInputError(errors=[refused.error]) from refused
    await ChallengeRepository(uow.session).lock_all(user_id)
    user = await _lock_active(uow, user_id)
    if await users_of(uow).is_taken(phone=wanted):
        raise PhoneTakenError
    record_security_event(uow, user.id, SecurityEventKind.PHONE_CHANGE_ASKED, caller)
    return await _open_again(uow, user, ChallengePurpose.CHANGE_PHONE, wanted)


async def complete_email_confirmation(
    uow: UnitOfWork, caller: Caller, *, token: str | None = None, user_id: UUID | None = None, code: str | None = None
) -> None:
    """Confirm an e-mail address or complete its change, by link or, for a signed-in user, by code.

    Raises:
        BadChallengeError: The link or code is not valid.
        EmailTakenError: Another account took the address in the meantime.
    """
    challenge = await _redeem(uow, EMAIL_PURPOSES, token=token, user_id=user_id, code=code)
    wanted = account_names.email(challenge.target)
    await users_of(uow).lock_with_holders(challenge.user_id, email_key=wanted.key)
    user = await _lock_active(uow, challenge.user_id)
    changing = challenge.purpose is ChallengePurpose.CHANGE_EMAIL
    old = user.email
    if not changing and old not in (None, challenge.target):
        raise BadChallengeError
    if old != challenge.target:
        # Asked for, or gone meanwhile to another account that has not confirmed it either.
        announce_released(uow, await users_of(uow).release_unconfirmed(user.id, email_key=wanted.key))
        user.email, user.email_key = wanted.shown, wanted.key
        await users_of(uow).flush_or_raise_taken()
    if changing:
        record_security_event(uow, user.id, SecurityEventKind.EMAIL_CHANGED, caller)
        uow.emit(EmailChanged(user_id=str(user.id), old_email=old))
        await ChallengeRepository(uow.session).close(user.id, ChallengePurpose.RESET_PASSWORD, real_now())
    else:
        record_security_event(uow, user.id, SecurityEventKind.EMAIL_CONFIRMED, caller)
    user.email_confirmed_at = utc_now()


async def complete_phone_confirmation(uow: UnitOfWork, caller: Caller, user_id: UUID, code: str) -> None:
    """Confirm a phone number or complete its change, by code.

    Raises:
        BadChallengeError: The code is not valid.
        PhoneTakenError: Another account took the number in the meantime.
    """
    challenge = await redeem_code(uow, user_id, code, PHONE_PURPOSES)
    await users_of(uow).lock_with_holders(challenge.user_id, phone=challenge.target)
    user = await _lock_active(uow, challenge.user_id)
    changing = challenge.purpose is ChallengePurpose.CHANGE_PHONE
    old = user.phone
    if not changing and old not in (None, challenge.target):
        raise BadChallengeError
    if old != challenge.target:
        announce_released(uow, await users_of(uow).release_unconfirmed(user.id, phone=challenge.target))
        user.phone = challenge.target
        await users_of(uow).flush_or_raise_taken()
    if changing:
        record_security_event(uow, user.id, SecurityEventKind.PHONE_CHANGED, caller)
        uow.emit(PhoneChanged(user_id=str(user.id), old_phone=old))
        await ChallengeRepository(uow.session).close(user.id, ChallengePurpose.RESET_PASSWORD, real_now())
    else:
        record_security_event(uow, user.id, SecurityEventKind.PHONE_CONFIRMED, caller)
    user.phone_confirmed_at = utc_now()


async def _redeem(
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


async def _lock_active(uow: UnitOfWork, user_id: UUID) -> User:
    user = await authentication.lock_user(uow.session, user_id)
    if user is None or user.status is not UserStatus.ACTIVE:
        raise BadChallengeError
    return user
