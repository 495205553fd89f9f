"""Use cases of sign-in by user name, e-mail address or phone number; all three share one counter of failures."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import account_names
from app.core.account_names import Identifier
from app.core.clock import real_now
from app.core.resources import Resources
from app.core.security.passwords import password_hasher
from app.core.security.rate_limits import Rate, TooManyTriesError
from app.core.security.signing import Signer
from app.core.unit_of_work import UnitOfWork
from app.features.authentication import rules
from app.features.authentication.errors import AccountBannedError, AccountInputError, WrongCredentialsError
from app.features.authentication.events import NewDeviceSignedIn
from app.features.authentication.repository import AccountRepository, SessionRepository, ThrottleRepository
from app.features.authentication.schemas import SignInForm
from app.features.authentication.service.client_info import Caller, record_security_event
from app.features.authentication.service.tokens import IssuedTokens, open_session
from app.models.security_event import SecurityEventKind
from app.models.sign_in_throttle import SignInThrottle
from app.models.user import User, UserStatus

AT_ONCE = 16
COUNTERS = Signer("sign-in-counter", 16)
FAILED_BY_ADDRESS = Rate("sign-in-failed", 300, 600)
_at_once: Counter[str] = Counter()


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """A sign-in in progress: the account, if it exists, and the keys of its counters of failures.

    `throttle_key` counts the typed name, or the known device; `account_key` counts all names of an account together.
    """

    user_id: UUID | None
    password_hash: str | None
    password_changed_at: datetime | None
    throttle_key: str
    account_key: str | None
    known_device: bool


def identifier_of(form: SignInForm, region: str) -> Identifier:
    """Return the identifier in the form.

    Raises:
        AccountInputError: None of the fields is filled in, or more than one.
    """
    given = {
        name: value
        for name in ("username", "email", "phone", "identifier")
        if (value := (getattr(form, name) or "").strip())
    }
    if len(given) != 1:
        problem = rules.exactly_one_identifier_error()
        raise AccountInputError(errors=[problem])
    return account_names.identify(next(iter(given.values())), region)


async def start_sign_in(session: AsyncSession, resources: Resources, form: SignInForm, caller: Caller) -> SignInAttempt:
    """Look up the account and check its limits; unknown identifiers go through the same steps as known ones.

    Raises:
        TooManyTriesError: Sign-in is blocked after wrong passwords, or the address has too many failures.
    """
    identifier = identifier_of(form, resources.settings.phone_region)
    user = await AccountRepository(session).find(**identifier.keys)
    known = False
    if caller.device_hash is not None:
        owner = user.id if user is not None else UUID(int=0)
        known = await SessionRepository(session).knows_device(owner, caller.device_hash)
    throttle_key = _counter_of(resources, user, identifier, caller.device_hash if known else None)
    _refuse_blocked(await ThrottleRepository(session).get(throttle_key))
    if not known:
        await resources.limiter.refuse_if_full(FAILED_BY_ADDRESS, caller.limit_key)
    return SignInAttempt(
        user_id=user.id if user is not None else None,
        password_hash=user.password_hash if user is not None else None,
        password_changed_at=user.password_changed_at if user is not None else None,
        throttle_key=throttle_key,
        account_key=None if known else _account_counter_of(resources, user, identifier),
        known_device=known,
    )


async def check_password(resources: Resources, attempt: SignInAttempt, password: str) -> tuple[bool, str | None]:
    """Verify the password outside of any transaction; the number of parallel verifications per counter is limited.

    Raises:
        TooManyTriesError: Too many attempts are running in parallel.
    """
    if _at_once[attempt.throttle_key] >= AT_ONCE:
        raise TooManyTriesError.wait(1)
    _at_once[attempt.throttle_key] += 1
    try:
        hasher = password_hasher(resources.settings.bcrypt_rounds)
        return await hasher.verify(password, attempt.password_hash)
    finally:
        _at_once[attempt.throttle_key] -= 1
        if _at_once[attempt.throttle_key] <= 0:
            del _at_once[attempt.throttle_key]


async def finish_sign_in(
    uow: UnitOfWork,
    attempt: SignInAttempt,
    checked: tuple[bool, str | None],
    caller: Caller,
    *,
    replaces: UUID | None = None,
) -> tuple[User, IssuedTokens]:
    """Open the session, or count the failure. A correct password does not reset the counter of failures.

    Raises:
        WrongCredentialsError: The identifier or the password is wrong.
        AccountBannedError: The password is correct, and the account is banned.
        TooManyTriesError: Sign-in was blocked while the password was being verified.
    """
    matched, upgraded = checked
    # The lock is held until the commit. A password that was replaced during the verification is no longer accepted, and
    # parallel sign-ins of one account count its sessions one after another.
    user = await AccountRepository(uow.session).lock(attempt.user_id) if attempt.user_id is not None else None
    if user is not None and user.password_changed_at != attempt.password_changed_at:
        matched = False
    # The names of an account share a budget of guesses. Where it is spent under other names, even the right password is
    # answered like a wrong one: anything else would tell that the names belong together.
    spent = attempt.account_key is not None and _blocked(await ThrottleRepository(uow.session).get(attempt.account_key))
    if not matched or spent or user is None or user.status is UserStatus.DEACTIVATED:
        await _count_failure(uow, attempt, caller, account_too=not spent)
        raise WrongCredentialsError
    _refuse_blocked(await ThrottleRepository(uow.session).get(attempt.throttle_key))
    if user.status is not UserStatus.ACTIVE:
        raise AccountBannedError
    if upgraded is not None:
        user.password_hash = upgraded
    new_device = not attempt.known_device and await SessionRepository(uow.session).has_any(user.id)
    issued = await open_session(uow, user, caller, replaces=replaces)
    if new_device:
        uow.emit(NewDeviceSignedIn(user_id=str(user.id), session_id=str(issued.session_id)))
    return user, issued


def _counter_of(resources: Resources, user: User | None, identifier: Identifier, known_device: str | None) -> str:
    if user is not None and known_device is not None:
        return f"device:{user.id}:{known_device[:32]}"
    # Each name has a counter of its own, whether an account has it or not: a refusal under the address after failures
    # under the user name would tell that they belong together.
    return "name:" + COUNTERS.text(resources.settings, identifier.throttle_key)


def _account_counter_of(resources: Resources, user: User | None, identifier: Identifier) -> str:
    # An unknown name has one too, so that it takes the same steps and the same time.
    return f"user:{user.id}" if user else "nobody:" + COUNTERS.text(resources.settings, identifier.throttle_key)


def _refuse_blocked(throttle: SignInThrottle | None) -> None:
    blocked = _blocked(throttle)
    if blocked:
        raise TooManyTriesError.wait(int(blocked / timedelta(seconds=1)) + 1)


def _blocked(throttle: SignInThrottle | None) -> timedelta:
    """Return for how much longer a counter blocks; zero if it does not."""
    if throttle is None or throttle.blocked_until is None:
        return timedelta()
    return max(throttle.blocked_until - real_now(), timedelta())


async def _count_failure(uow: UnitOfWork, attempt: SignInAttempt, caller: Caller, *, account_too: bool) -> None:
    delay = await _count(uow, attempt.throttle_key)
    if attempt.account_key is not None and account_too:
        delay = max(delay, await _count(uow, attempt.account_key))
    if attempt.user_id is not None:
        kind = SecurityEventKind.SIGN_IN_DELAYED if delay else SecurityEventKind.SIGN_IN_FAILED
        record_security_event(uow, attempt.user_id, kind, caller)
    if not attempt.known_device:
        await uow.resources.limiter.count(FAILED_BY_ADDRESS, caller.limit_key)


async def _count(uow: UnitOfWork, key: str) -> timedelta:
    """Count a failure and return the delay that follows."""
    now = real_now()
    throttle = await ThrottleRepository(uow.session).lock(key, now)
    if now - throttle.last_at > rules.FAILURES_FORGOTTEN:
        throttle.failures = 0
    throttle.failures += 1
    throttle.last_at = now
    delay = rules.sign_in_delay(throttle.failures)
    if delay:
        throttle.blocked_until = now + delay
    return delay
