"""Queries for sessions, sign-in counters, the security history and the accounts of credentials."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, ScalarSelect, Uuid, any_, bindparam, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.dialects.postgresql.asyncpg import dialect as AsyncpgDialect  # noqa: N812 - the alias of a class
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.security_event import SecurityEvent
from app.models.session import AuthSession, SessionEnd
from app.models.sign_in_throttle import SignInThrottle
from app.models.user import Role, User, UserStatus


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session with its account, read in one statement: all that a request needs to identify its user."""

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
    """The additional counts of the statement, in the given order."""

    def is_alive(self, now: datetime) -> bool:
        """Tell whether the session is active."""
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
    """Statement that reads sessions with accounts and optional counts: scalar selects that refer to `User.id`."""

    def __init__(self, *counts: ScalarSelect[int]) -> None:
        self.statement = _VIEW.add_columns(*counts)
        self.text = str(self.statement.compile(dialect=_dialect()))
        """The SQL for the raw read pool, compiled once."""


def view_of(row: Sequence[Any]) -> SessionView:
    """Convert a row of the session statement, from SQLAlchemy or from the raw read pool."""
    values = list(row)
    values[12], values[13] = Role(values[12]), UserStatus(values[13])
    values[_PLAIN:] = [tuple(values[_PLAIN:])]
    return SessionView(*values)


class AccountRepository:
    """Queries for accounts as sign-in needs them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(
        self, *, username_key: str | None = None, email_key: str | None = None, phone: str | None = None
    ) -> User | None:
        """Return the account with exactly this user name, e-mail address or phone number; pass one of them."""
        condition: ColumnElement[bool]
        if email_key is not None:
            condition = User.email_key == email_key
        elif phone is not None:
            condition = User.phone == phone
        else:
            condition = User.username_key == username_key
        return (await self._session.execute(select(User).where(condition))).scalar_one_or_none()

    async def get(self, user_id: UUID) -> User | None:
        """Return the account, or None."""
        return await self._session.get(User, user_id)

    async def lock(self, user_id: UUID) -> User | None:
        """Lock the account until the transaction ends and return it, or None."""
        statement = select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)
        return (await self._session.execute(statement)).scalar_one_or_none()


class SessionRepository:
    """Queries for sessions."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def views(self, view: ViewStatement, ids: Sequence[UUID]) -> Sequence[Sequence[Any]]:
        """Return the rows of these sessions; convert them with `view_of`."""
        return (await self._session.execute(view.statement, {"ids": list(ids)})).all()

    async def lock(self, session_id: UUID) -> AuthSession | None:
        """Lock the session until the transaction ends and return it, or None."""
        statement = (
            select(AuthSession)
            .where(AuthSession.id == session_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def alive(self, user: User, now: datetime) -> Sequence[AuthSession]:
        """Return the active sessions of an account, newest first."""
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
        """End the active sessions of an account, except `keep`; return how many."""
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
        """Set the time of the last use of a session."""
        statement = update(AuthSession).where(AuthSession.id == session_id).values(last_used_at=now)
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def knows_device(self, user_id: UUID, device_hash: str) -> bool:
        """Tell whether the user has used this device before; sessions that ended by a token replay do not count."""
        statement = select(AuthSession.id).where(
            AuthSession.user_id == user_id,
            AuthSession.device_hash == device_hash,
            AuthSession.revoked_reason.is_distinct_from(SessionEnd.REPLAYED),
        )
        return (await self._session.execute(statement.limit(1))).scalar_one_or_none() is not None

    async def has_any(self, user_id: UUID) -> bool:
        """Tell whether the user has any session, active or ended."""
        statement = select(AuthSession.id).where(AuthSession.user_id == user_id).limit(1)
        return (await self._session.execute(statement)).scalar_one_or_none() is not None

    async def prune(self, before: datetime) -> int:
        """Delete sessions that ended before the given time; return the number of rows."""
        ended = func.coalesce(AuthSession.revoked_at, AuthSession.expires_at)
        statement = delete(AuthSession).where(ended < before).returning(AuthSession.id)
        return len((await self._session.execute(statement.execution_options(synchronize_session=False))).all())


class ThrottleRepository:
    """Queries for counters of failed sign-ins."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, key: str) -> SignInThrottle | None:
        """Return the counter, or None."""
        return await self._session.get(SignInThrottle, key, populate_existing=True)

    async def lock(self, key: str, now: datetime) -> SignInThrottle:
        """Lock the counter until the transaction ends and return it; create it if it is missing."""
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
        """Delete counters without failures since the given time; return the number of rows."""
        statement = delete(SignInThrottle).where(SignInThrottle.last_at < before).returning(SignInThrottle.key)
        return len((await self._session.execute(statement.execution_options(synchronize_session=False))).all())


class SecurityEventRepository:
    """Queries for the security history of accounts."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def newest(
        self, user_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[SecurityEvent]:
        """Return the newest entries of an account's security history that follow the cursor position."""
        statement = (
            select(SecurityEvent)
            .where(SecurityEvent.user_id == user_id)
            .order_by(SecurityEvent.created_at.desc(), SecurityEvent.id.desc())
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(tuple_(SecurityEvent.created_at, SecurityEvent.id) < after)
        return (await self._session.execute(statement)).scalars().all()
