"""Use cases of operators: find accounts, end sessions, ban, lift bans, set roles, create administrators."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import account_names
from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.clock import real_now
from app.core.config import Settings
from app.core.security.passwords import password_hasher
from app.core.unit_of_work import UnitOfWork
from app.features.authentication import service as authentication
from app.features.authentication.service import Caller, record_security_event
from app.features.identity.events import AccountBanned, AccountUnbanned
from app.features.identity.service.registration import NewAccount, create_account
from app.models.security_event import SecurityEventKind
from app.models.session import SessionEnd
from app.models.user import Role, User, UserStatus


@dataclass(frozen=True, slots=True)
class Person:
    """An account as operators see it, in any status."""

    id: UUID
    username: str
    status: UserStatus


async def find_person(session: AsyncSession, typed: str, region: str) -> Person | None:
    """Return the account with this user name, e-mail address or phone number, in any status."""
    user = await authentication.find_user(session, **account_names.identify(typed, region).keys)
    return Person(user.id, user.username, user.status) if user is not None else None


async def find_named(session: AsyncSession, username: str) -> Person | None:
    """Return the account with this user name, in any status."""
    user = await authentication.find_user(session, username_key=account_names.fold(username))
    return Person(user.id, user.username, user.status) if user is not None else None


async def usernames_with_password(
    session: AsyncSession, settings: Settings, usernames: Iterable[str], password: str
) -> list[str]:
    """Return those of the named accounts that can be signed in to with this password."""
    hasher, found = password_hasher(settings.bcrypt_rounds), list[str]()
    for username in usernames:
        user = await authentication.find_user(session, username_key=account_names.fold(username))
        if user is not None and user.status is not UserStatus.BANNED:
            matched, _new_hash = await hasher.verify(password, user.password_hash)
            found += [user.username] if matched else []
    return found


async def end_all_sessions(uow: UnitOfWork, actor: Actor, user_id: UUID, *, reason: str = "") -> int:
    """End all sessions of an account and return how many; the owner may sign in again."""
    user = await authentication.lock_user(uow.session, user_id)
    if user is None:
        return 0
    user.token_version += 1
    ended = await authentication.end_sessions(uow.session, user.id, SessionEnd.ENDED_BY_OPERATOR, real_now())
    record_security_event(uow, user.id, SecurityEventKind.SESSIONS_ENDED_BY_OPERATOR, Caller(), data={"ended": ended})
    record_audit(uow.session, actor, "account.end_sessions", user.id, new={"sessions_ended": ended}, reason=reason)
    return ended


async def ban(uow: UnitOfWork, actor: Actor, user_id: UUID, *, reason: str) -> int | None:
    """Ban an account and end its sessions; return how many, or None if it is missing or already banned.

    The owner receives the reason as written. Emits `AccountBanned`.
    """
    user = await authentication.lock_user(uow.session, user_id)
    if user is None or user.status is UserStatus.BANNED:
        return None
    before, user.status = user.status, UserStatus.BANNED
    user.token_version += 1
    ended = await authentication.end_sessions(uow.session, user.id, SessionEnd.BANNED, real_now())
    record_security_event(uow, user.id, SecurityEventKind.BANNED, Caller(), data={"ended": ended, "reason": reason})
    record_audit(
        uow.session,
        actor,
        "account.ban",
        user.id,
        old={"status": before.value},
        new={"status": user.status.value, "sessions_ended": ended},
        reason=reason,
    )
    uow.emit(AccountBanned(user_id=str(user.id), reason=reason))
    return ended


async def lift_ban(uow: UnitOfWork, actor: Actor, user_id: UUID, *, reason: str = "") -> UserStatus | None:
    """Lift a ban and return the restored status; None if the account is not banned. Emits `AccountUnbanned`.

    An account that its owner had closed stays closed. Ended sessions are not restored.
    """
    user = await authentication.lock_user(uow.session, user_id)
    if user is None or user.status is not UserStatus.BANNED:
        return None
    before = user.status
    user.status = UserStatus.DEACTIVATED if user.deactivated_at is not None else UserStatus.ACTIVE
    record_security_event(uow, user.id, SecurityEventKind.BAN_LIFTED, Caller())
    old, new = {"status": before.value}, {"status": user.status.value}
    record_audit(uow.session, actor, "account.unban", user.id, old=old, new=new, reason=reason)
    uow.emit(AccountUnbanned(user_id=str(user.id)))
    return user.status


async def set_role(uow: UnitOfWork, actor: Actor, user_id: UUID, role: Role, *, reason: str = "") -> bool:
    """Change the role of an account, which ends all its sessions; return False if it has the role already."""
    user = await authentication.lock_user(uow.session, user_id)
    if user is None or user.role is role:
        return False
    before, user.role = user.role, role
    user.token_version += 1
    record_security_event(
        uow, user.id, SecurityEventKind.ROLE_CHANGED, Caller(), data={"from": before.value, "to": role.value}
    )
    old, new = {"role": before.value}, {"role": role.value}
    record_audit(uow.session, actor, "account.set_role", user.id, old=old, new=new, reason=reason)
    return True


async def create_administrator(uow: UnitOfWork, actor: Actor, account: NewAccount, *, reason: str = "") -> User:
    """Create an account with the administrator role. Emits `UserRegistered`.

    Raises:
        UsernameTakenError, EmailTakenError, PhoneTakenError: Another account has the value.
    """
    user = await create_account(uow, account, role=Role.ADMIN)
    record_audit(uow.session, actor, "account.create", user.id, new={"role": Role.ADMIN.value}, reason=reason)
    return user
