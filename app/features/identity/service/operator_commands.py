"""What an operator does to accounts: find one, end its sessions, ban it, lift the ban, make administrators."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import identifiers
from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.authentication import service as authentication
from app.features.authentication.service import Caller, record_security_event
from app.features.identity.events import AccountBanned, AccountUnbanned
from app.features.identity.repository import UserRepository
from app.features.identity.service.registration import NewAccount, create_account
from app.models.security_event import SecurityEventKind
from app.models.session import SessionEnd
from app.models.user import Role, User, UserStatus


@dataclass(frozen=True, slots=True)
class Person:
    """An account as an operator's command knows it, whatever its state."""

    id: UUID
    username: str
    status: UserStatus


async def find_person(session: AsyncSession, typed: str, region: str) -> Person | None:
    """Return whom a user name, an address or a number belongs to, closed and banned accounts included."""
    user = await authentication.find_user(session, **identifiers.identify(typed, region).keys)
    return Person(user.id, user.username, user.status) if user is not None else None


async def find_named(session: AsyncSession, username: str) -> Person | None:
    """Return whom a user name belongs to, and nothing else than a user name."""
    user = await authentication.find_user(session, username_key=identifiers.fold(username))
    return Person(user.id, user.username, user.status) if user is not None else None


async def end_all_sessions(uow: UnitOfWork, actor: Actor, user_id: UUID, *, reason: str = "") -> int:
    """End all sessions of a person, and return how many; they may sign in again."""
    user = await UserRepository(uow.session).lock(user_id)
    if user is None:
        return 0
    user.token_version += 1
    ended = await authentication.end_sessions(uow.session, user.id, SessionEnd.ENDED_BY_OPERATOR, utc_now())
    record_security_event(uow, user.id, SecurityEventKind.SESSIONS_ENDED_BY_OPERATOR, Caller(), data={"ended": ended})
    record_audit(uow.session, actor, "account.end_sessions", user.id, new={"sessions_ended": ended}, reason=reason)
    return ended


async def ban(uow: UnitOfWork, actor: Actor, user_id: UUID, *, reason: str) -> int | None:
    """Let nobody sign in to the account and end its sessions; return how many, None when it is banned already.

    The reason is told to the owner as it is written here. Emits AccountBanned.
    """
    user = await UserRepository(uow.session).lock(user_id)
    if user is None or user.status is UserStatus.BANNED:
        return None
    before, user.status = user.status, UserStatus.BANNED
    user.token_version += 1
    ended = await authentication.end_sessions(uow.session, user.id, SessionEnd.BANNED, utc_now())
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
    """Make the account what it was before the ban, and return that; None when it is not banned. Emits AccountUnbanned.

    What its owner had closed stays closed, and no session comes back.
    """
    user = await UserRepository(uow.session).lock(user_id)
    if user is None or user.status is not UserStatus.BANNED:
        return None
    before = user.status
    user.status = UserStatus.DEACTIVATED if user.deactivated_at is not None else UserStatus.ACTIVE
    record_security_event(uow, user.id, SecurityEventKind.BAN_LIFTED, Caller())
    old, new = {"status": before.value}, {"status": user.status.value}
    record_audit(uow.session, actor, "account.unban", user.id, old=old, new=new, reason=reason)
    uow.emit(AccountUnbanned(user_id=str(user.id)))
    return user.status


async def set_role(uow: UnitOfWork, actor: Actor, user_id: UUID, role: Role, *, reason: str = "") -> None:
    """Give a person another role; every session of theirs ends with it."""
    user = await UserRepository(uow.session).lock(user_id)
    if user is None or user.role is role:
        return
    before, user.role = user.role, role
    user.token_version += 1
    record_security_event(
        uow, user.id, SecurityEventKind.ROLE_CHANGED, Caller(), data={"from": before.value, "to": role.value}
    )
    old, new = {"role": before.value}, {"role": role.value}
    record_audit(uow.session, actor, "account.set_role", user.id, old=old, new=new, reason=reason)


async def create_administrator(uow: UnitOfWork, actor: Actor, account: NewAccount, *, reason: str = "") -> User:
    """Make an account with the role of an administrator; emits UserRegistered.

    Raises:
        UsernameTakenError, EmailTakenError, PhoneTakenError: Somebody has it.
    """
    user = await create_account(uow, account, role=Role.ADMIN)
    record_audit(uow.session, actor, "account.create", user.id, new={"role": Role.ADMIN.value}, reason=reason)
    return user
