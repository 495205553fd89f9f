"""Every query about sessions, wrong tries, the security history, and whom a password belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, ScalarSelect, Uuid, any_, bindparam, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.dialects.postgresql.asyncpg import dialect as AsyncpgDialect  # noqa: N812 - it is a class
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.security_event import SecurityEvent
from app.models.session import AuthSession, SessionEnd
from app.models.sign_in_throttle import SignInThrottle
from app.models.user import Role, User, UserStatus


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session with its owner, read in one go: all that a request needs to know about who is acting."""

    id: UUID
    user_id: UUID
    revoked_at: datetime | None
    expires_at: datetime
    authenticated_at: datetime
    last_used_at: datetime
    same_token_version: bool
    username: str
    email: str | None
    phone: str | None
    display_name: str
    locale: str
    role: Role
    status: UserStatus
    email_confirmed_at: datetime | None
    phone_confirmed_at: datetime | None
    created_at: datetime
    counts: tuple[int, ...] = ()
    """What the statement counted besides, in the order asked."""

    def is_alive(self, now: datetime) -> bool:
        """Tell whether the session may still act."""
        alive = self.revoked_at is None and self.same_token_version and self.expires_at > now
        return alive and self.status == UserStatus.ACTIVE


_VIEW = (
    select(
        AuthSession.id,
        AuthSession.user_id,
        AuthSession.revoked_at,
        AuthSession.expires_at,
        AuthSession.authenticated_at,
        AuthSession.last_used_at,
        (AuthSession.token_version == User.token_version).label("same_token_version"),
        User.username,
        User.email,
        User.phone,
        User.display_name,
        User.locale,
        User.role,
        User.status,
        User.email_confirmed_at,
        User.phone_confirmed_at,
        User.created_at,
    )
    .join(User, User.id == AuthSession.user_id)
    .where(AuthSession.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
)
_dialect: Any = AsyncpgDialect
_PLAIN = len(_VIEW.selected_columns)


class ViewStatement:
    """The read of sessions with their owners, and with counts of theirs: scalar selects that refer to `User.id`."""

    def __init__(self, *counts: ScalarSelect[int]) -> None:
        self.statement = _VIEW.add_columns(*counts)
        self.text = str(self.statement.compile(dialect=_dialect()))
        """The statement for the raw read pool, compiled once."""


def view_of(row: Sequence[Any]) -> SessionView:
    """Make a view of a row, whichever way it was read."""
    values = list(row)
    values[12], values[13] = Role(values[12]), UserStatus(values[13])
    values[_PLAIN:] = [tuple(values[_PLAIN:])]
    return SessionView(*values)


class CredentialRepository:
    """Accounts, as far as signing in to them goes."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(
        self, *, username_key: str | None = None, email_key: str | None = None, phone: str | None = None
    ) -> User | None:
        """Look an account up by exactly one of its names, never by a pattern."""
        condition: ColumnElement[bool]
        if email_key is not None:
            condition = User.email_key == email_key
        elif phone is not None:
            condition = User.phone == phone
        else:
            condition = User.username_key == username_key
        return (await self._session.execute(select(User).where(condition))).scalar_one_or_none()

    async def get(self, user_id: UUID) -> User | None:
        """Return an account."""
        return await self._session.get(User, user_id)

    async def lock(self, user_id: UUID) -> User | None:
        """Return an account that nobody else changes until this transaction ends."""
        statement = select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)
        return (await self._session.execute(statement)).scalar_one_or_none()


class SessionRepository:
    """Sessions, with the accounts they belong to."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def views(self, view: ViewStatement, ids: Sequence[UUID]) -> Sequence[Sequence[Any]]:
        """Return the rows of some sessions, for `view_of`."""
        return (await self._session.execute(view.statement, {"ids": list(ids)})).all()

    async def lock(self, session_id: UUID) -> AuthSession | None:
        """Return a session that nobody else changes until this transaction ends."""
        statement = (
            select(AuthSession)
            .where(AuthSession.id == session_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def alive(self, user: User, now: datetime) -> Sequence[AuthSession]:
        """Return the sessions of an account that may still act, the newest first."""
        statement = (
            select(AuthSession)
            .where(
                AuthSession.user_id == user.id,
                AuthSession.token_version == user.token_version,
                AuthSession.revoked_at.is_(None),
                AuthSession.expires_at > now,
            )
            .order_by(AuthSession.created_at.desc(), AuthSession.id.desc())
        )
        return (await self._session.execute(statement)).scalars().all()

    async def end(self, user_id: UUID, reason: SessionEnd, now: datetime, *, keep: UUID | None = None) -> int:
        """End the sessions of an account, all or all but one, and return how many."""
        statement = (
            update(AuthSession)
            .where(AuthSession.user_id == user_id, AuthSession.revoked_at.is_(None), AuthSession.expires_at > now)
            .values(revoked_at=now, revoked_reason=reason)
            .returning(AuthSession.id)
            .execution_options(synchronize_session=False)
        )
        if keep is not None:
            statement = statement.where(AuthSession.id != keep)
        return len((await self._session.execute(statement)).all())

    async def touch(self, session_id: UUID, now: datetime) -> None:
        """Note that a session was used."""
        statement = update(AuthSession).where(AuthSession.id == session_id).values(last_used_at=now)
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def knows_device(self, user_id: UUID, device_hash: str) -> bool:
        """Tell whether this person signed in on this device before and the device was not given up for stolen."""
        statement = select(AuthSession.id).where(
            AuthSession.user_id == user_id,
            AuthSession.device_hash == device_hash,
            AuthSession.revoked_reason.is_distinct_from(SessionEnd.REPLAYED),
        )
        return (await self._session.execute(statement.limit(1))).scalar_one_or_none() is not None

    async def has_any(self, user_id: UUID) -> bool:
        """Tell whether this person ever signed in."""
        statement = select(AuthSession.id).where(AuthSession.user_id == user_id).limit(1)
        return (await self._session.execute(statement)).scalar_one_or_none() is not None

    async def prune(self, before: datetime) -> int:
        """Delete sessions that ended before then, and return how many rows went."""
        ended = func.coalesce(AuthSession.revoked_at, AuthSession.expires_at)
        statement = delete(AuthSession).where(ended < before).returning(AuthSession.id)
        return len((await self._session.execute(statement.execution_options(synchronize_session=False))).all())


class ThrottleRepository:
    """Counters of wrong tries."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, key: str) -> SignInThrottle | None:
        """Return a counter of wrong tries."""
        return await self._session.get(SignInThrottle, key, populate_existing=True)

    async def lock(self, key: str, now: datetime) -> SignInThrottle:
        """Return a counter of wrong tries, made if it is new, held until this transaction ends."""
        fresh = insert(SignInThrottle).values(key=key, failures=0, last_at=now).on_conflict_do_nothing()
        await self._session.execute(fresh)
        statement = (
            select(SignInThrottle)
            .where(SignInThrottle.key == key)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalar_one()

    async def prune(self, before: datetime) -> int:
        """Delete counters that nobody added to since then, and return how many rows went."""
        statement = delete(SignInThrottle).where(SignInThrottle.last_at < before).returning(SignInThrottle.key)
        return len((await self._session.execute(statement.execution_options(synchronize_session=False))).all())


class SecurityEventRepository:
    """The security history of accounts."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def newest(
        self, user_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[SecurityEvent]:
        """Return the newest entries of an account's history, from below a place in it."""
        statement = (
            select(SecurityEvent)
            .where(SecurityEvent.user_id == user_id)
            .order_by(SecurityEvent.created_at.desc(), SecurityEvent.id.desc())
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(tuple_(SecurityEvent.created_at, SecurityEvent.id) < after)
        return (await self._session.execute(statement)).scalars().all()
