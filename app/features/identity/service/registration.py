"""Use cases of accounts: register, update, close, prune."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.core import account_names
from app.core.account_names import Canonical
from app.core.clock import real_now, utc_now
from app.core.config import Settings
from app.core.errors import FieldError
from app.core.i18n import N_, current_locale
from app.core.ids import new_id
from app.core.resources import Resources
from app.core.security.passwords import password_hasher
from app.core.security.rate_limits import Rate
from app.core.unit_of_work import UnitOfWork
from app.features.authentication import service as authentication
from app.features.authentication.errors import AccountInputError, NotSignedInError
from app.features.authentication.service import Caller, IssuedTokens, open_session, record_security_event
from app.features.identity import rules
from app.features.identity.events import AccountDeactivated, UserRegistered
from app.features.identity.repository import ChallengeRepository
from app.features.identity.schemas import Registration
from app.features.identity.service.closing import require_closable
from app.features.identity.service.contacts import announce_released, confirm_first_contact, lapse_unconfirmed, users_of
from app.features.identity.service.new_emails import parse_new_email, refuse_unreachable_mailbox
from app.features.identity.service.password_policy import check_password_policy
from app.models.auth_challenge import ChallengePurpose
from app.models.security_event import SecurityEventKind
from app.models.session import SessionEnd
from app.models.user import Role, User, UserStatus

KEPT_AFTER_END = timedelta(days=90)
REGISTER_BY_ADDRESS = Rate("register", 60, 3600)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A validated registration with a hashed password."""

    username: Canonical
    email: Canonical | None
    phone: str | None
    password_hash: str
    unchecked: bool
    locale: str


def _read(
    form: Registration, settings: Settings, *, allow_reserved: bool
) -> tuple[Canonical, Canonical | None, str | None]:
    errors: list[FieldError] = []
    name: Canonical | None = None
    mail: Canonical | None = None
    number: str | None = None
    try:
        name = rules.username(form.username, allow_reserved=allow_reserved)
    except account_names.InvalidValue as refused:
        errors.append(refused.error)
    try:
        mail = parse_new_email(form.email or "", settings) if (form.email or "").strip() else None
    except account_names.InvalidValue as refused:
        errors.append(refused.error)
    try:
        number = account_names.phone(form.phone or "", settings.phone_region) if (form.phone or "").strip() else None
    except account_names.InvalidValue as refused:
        errors.append(refused.error)
    if not (form.email or "").strip() and not (form.phone or "").strip():
        errors.append(FieldError(("body", "email"), N_("Give an e-mail address or a phone number.")))
    if errors or name is None:
        raise AccountInputError(errors=errors)
    return name, mail, number


async def prepare(
    resources: Resources, form: Registration, caller: Caller, *, allow_reserved: bool = False
) -> NewAccount:
    """Validate a registration and hash its password; runs outside of any transaction.

    Raises:
        AccountInputError: A field is invalid.
        PasswordServiceError: The service of breached passwords does not answer, and the settings require its check.
        TooManyTriesError: Too many registrations from one address.
    """
    await resources.limiter.hit(REGISTER_BY_ADDRESS, caller.limit_key)
    settings = resources.settings
    name, mail, number = _read(form, settings, allow_reserved=allow_reserved)
    if mail is not None:
        await refuse_unreachable_mailbox(resources, mail.shown)
    words = rules.personal_words(name.shown, mail.shown if mail else None, number)
    unchecked = await check_password_policy(resources, form.password, words, loc="password")
    hashed = await password_hasher(settings.bcrypt_rounds).hash(form.password)
    return NewAccount(name, mail, number, hashed, unchecked, current_locale())


async def create_account(uow: UnitOfWork, account: NewAccount, *, role: Role = Role.USER) -> User:
    """Insert the account and open challenges for its contacts. Emits `UserRegistered`.

    Raises:
        UsernameTakenError, EmailTakenError, PhoneTakenError: Another account has the value.
    """
    user = User(
        id=new_id(),
        username=account.username.shown,
        username_key=account.username.key,
        email=account.email.shown if account.email else None,
        email_key=account.email.key if account.email else None,
        phone=account.phone,
        password_hash=account.password_hash,
        password_changed_at=utc_now(),
        password_unchecked=account.unchecked,
        display_name="",
        locale=account.locale,
        role=role,
        status=UserStatus.ACTIVE,
        token_version=0,
        created_at=utc_now(),
    )
    announce_released(uow, await users_of(uow).add(user))
    uow.emit(UserRegistered(user_id=str(user.id)))
    if user.email is not None:
        await confirm_first_contact(uow, user, ChallengePurpose.CONFIRM_EMAIL, user.email)
    if user.phone is not None:
        await confirm_first_contact(uow, user, ChallengePurpose.CONFIRM_PHONE, user.phone)
    return user


async def register(
    uow: UnitOfWork, account: NewAccount, caller: Caller, *, replaces: UUID | None = None
) -> tuple[User, IssuedTokens]:
    """Create the account and sign its owner in.

    Raises:
        UsernameTakenError, EmailTakenError, PhoneTakenError: Another account has the value.
    """
    user = await create_account(uow, account)
    record_security_event(uow, user.id, SecurityEventKind.REGISTERED, caller)
    return user, await open_session(uow, user, caller, replaces=replaces)


async def deactivate(uow: UnitOfWork, user_id: UUID, caller: Caller) -> None:
    """Close the account and end all its sessions. Emits `AccountDeactivated`.

    Raises:
        AccountInUseError: Money of the account or a contract of it has not come to its end.
    """
    user = await authentication.lock_user(uow.session, user_id)
    if user is None or user.status is not UserStatus.ACTIVE:
        return
    await require_closable(uow.session, user.id)
    user.status, user.deactivated_at = UserStatus.DEACTIVATED, utc_now()
    user.token_version += 1
    await authentication.end_sessions(uow.session, user.id, SessionEnd.DEACTIVATED, real_now())
    record_security_event(uow, user.id, SecurityEventKind.DEACTIVATED, caller)
    uow.emit(AccountDeactivated(user_id=str(user.id)))


async def update_profile(uow: UnitOfWork, user_id: UUID, display_name: str | None, locale: str | None) -> User:
    """Change the display name and the language; None keeps the current value.

    Only a changed display name is checked: one that a newer rule refuses stays until its owner changes it.

    Raises:
        AccountInputError: The display name could pass for somebody else or for an address, or it is not a name.
        NotSignedInError: The account no longer exists.
    """
    user = await authentication.lock_user(uow.session, user_id)
    if user is None:
        raise NotSignedInError
    if display_name is not None and display_name != user.display_name:
        user.display_name = await _checked_display_name(uow, user, display_name)
    if locale is not None:
        user.locale = locale
    return user


def problem_of_name(display_name: str) -> str | None:
    """Return why a stored display name would be refused today, in the reader's language; None where it would not."""
    try:
        rules.display_name(display_name)
    except account_names.InvalidValue as refused:
        return refused.error.text()
    return None


async def _checked_display_name(uow: UnitOfWork, user: User, typed: str) -> str:
    try:
        wanted = rules.display_name(typed)
    except account_names.InvalidValue as refused:
        raise AccountInputError(errors=[refused.error]) from refused
    if (
        wanted
        and wanted != user.display_name
        and await users_of(uow).resembles_username(rules.usernames_like(wanted), except_for=user.id)
    ):
        problem = N_("This is the user name of somebody else. Choose another name, or leave it empty.")
        raise AccountInputError(errors=[FieldError(("body", "display_name"), problem)])
    return wanted


async def prune(uow: UnitOfWork) -> int:
    """Delete expired sessions, sign-in counters and challenges after the retention time; return the number of rows.

    E-mail addresses that nobody confirmed in time are removed too.
    """
    before = real_now() - KEPT_AFTER_END
    lapsed = await lapse_unconfirmed(uow)
    return lapsed + await authentication.prune(uow, before) + await ChallengeRepository(uow.session).prune(before)
