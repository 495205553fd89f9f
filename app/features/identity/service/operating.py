"""What an operator does to somebody's account: finding it, ending its sessions, banning it and lifting the ban."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.identity import repository, rules
from app.features.identity.events import AccountBanned, AccountUnbanned
from app.features.identity.service.callers import Caller, note
from app.models.security_event import SecurityEventKind
from app.models.session import SessionEnd
from app.models.user import UserStatus


@dataclass(frozen=True, slots=True)
class Person:
    """An account as an operator's command knows it, whatever its state."""

    id: UUID
    username: str
    status: UserStatus


async def find_person(session: AsyncSession, typed: str, region: str) -> Person | None:
    """Return whom a user name, an address or a number belongs to, closed and banned accounts included."""
    user = await repository.find_user(session, **rules.identify(typed, region).keys)
    return Person(user.id, user.username, user.status) if user is not None else None


async def find_named(session: AsyncSession, username: str) -> Person | None:
    """Return whom a user name belongs to, and nothing else than a user name."""
    user = await repository.find_user(session, username_key=rules.fold(username))
    return Person(user.id, user.username, user.status) if user is not None else None


async def end_every_session(uow: UnitOfWork, user_id: UUID, caller: Caller) -> int:
    """End all sessions of a person, and return how many; they may sign in again."""
    user = await repository.lock_user(uow.session, user_id)
    if user is None:
        return 0
    user.epoch += 1
    ended = await repository.end_sessions(uow.session, user.id, SessionEnd.ENDED_BY_OPERATOR, utc_now())
    note(uow, user.id, SecurityEventKind.SESSIONS_ENDED_BY_OPERATOR, caller, data={"ended": ended})
    return ended


async def ban(uow: UnitOfWork, user_id: UUID, caller: Caller, *, reason: str) -> int | None:
    """Let nobody sign in to the account and end its sessions; return how many, None when it is banned already.

    The reason is told to the owner as it is written here. Emits AccountBanned.
    """
    user = await repository.lock_user(uow.session, user_id)
    if user is None or user.status is UserStatus.BANNED:
        return None
    user.status = UserStatus.BANNED
    user.epoch += 1
    ended = await repository.end_sessions(uow.session, user.id, SessionEnd.BANNED, utc_now())
    note(uow, user.id, SecurityEventKind.BANNED, caller, data={"ended": ended, "reason": reason})
    uow.emit(AccountBanned(user_id=str(user.id), reason=reason))
    return ended


async def lift_ban(uow: UnitOfWork, user_id: UUID, caller: Caller) -> UserStatus | None:
    """Make the account what it was before the ban, and return that; None when it is not banned. Emits AccountUnbanned.

    What its owner had closed stays closed, and no session comes back.
    """
    user = await repository.lock_user(uow.session, user_id)
    if user is None or user.status is not UserStatus.BANNED:
        return None
    user.status = UserStatus.DEACTIVATED if user.deactivated_at is not None else UserStatus.ACTIVE
    note(uow, user.id, SecurityEventKind.BAN_LIFTED, caller)
    uow.emit(AccountUnbanned(user_id=str(user.id)))
    return user.status
