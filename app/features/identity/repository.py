"""Every query about accounts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, ScalarSelect, Uuid, any_, bindparam, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.dialects.postgresql.asyncpg import dialect as AsyncpgDialect  # noqa: N812 - it is a class
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Role
from app.core.database import constraint_of
from app.core.errors import DomainError
from app.features.identity.errors import EmailTakenError, PhoneTakenError, TakenError, UsernameTakenError
from app.models.challenge import AuthChallenge, ChallengePurpose
from app.models.security_event import SecurityEvent
from app.models.session import AuthSession, SessionEnd
from app.models.throttle import SignInThrottle
from app.models.user import User, UserStatus

# Which uniqueness means what; the name comes from the driver's error field.
TAKEN: dict[str, type[TakenError]] = {
    "uq_users_username_key": UsernameTakenError,
    "uq_users_email_key": EmailTakenError,
    "uq_users_phone": PhoneTakenError,
}


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session with its owner, read in one go: all that a request needs to know about who is acting."""

    id: UUID
    user_id: UUID
    revoked_at: datetime | None
    expires_at: datetime
    authenticated_at: datetime
    last_used_at: datetime
    same_epoch: bool
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
        alive = self.revoked_at is None and self.same_epoch and self.expires_at > now
        return alive and self.status == UserStatus.ACTIVE


_NAMES = "iplance.names"
_VIEW = (
    select(
        AuthSession.id,
        AuthSession.user_id,
        AuthSession.revoked_at,
        AuthSession.expires_at,
        AuthSession.authenticated_at,
        AuthSession.last_used_at,
        (AuthSession.epoch == User.epoch).label("same_epoch"),
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
        self._statement = _VIEW.add_columns(*counts)
        self.text = str(self._statement.compile(dialect=_dialect()))
        """The statement for the raw read pool, compiled once."""

    async def run(self, session: AsyncSession, ids: Sequence[UUID]) -> Sequence[Sequence[Any]]:
        """Return the rows through a session."""
        return (await session.execute(self._statement, {"ids": list(ids)})).all()


def view_of(row: Sequence[Any]) -> SessionView:
    """Make a view of a row, whichever way it was read."""
    values = list(row)
    values[12], values[13] = Role(values[12]), UserStatus(values[13])
    values[_PLAIN:] = [tuple(values[_PLAIN:])]
    return SessionView(*values)


async def add_user(session: AsyncSession, user: User) -> None:
    """Insert an account.

    Raises:
        UsernameTakenError, EmailTakenError, PhoneTakenError: The database has one like it; every field that is taken
            is named, also the others than the one the database met first.
    """
    try:
        async with session.begin_nested():
            session.add(user)
            await flush_unique(session)
    except DomainError:
        taken = await _taken(session, user)
        if taken:
            raise taken[0]([error for kind in taken for error in kind().errors]) from None
        raise


async def _taken(session: AsyncSession, user: User) -> list[type[TakenError]]:
    fields = (
        (User.username_key, user.username_key, UsernameTakenError),
        (User.email_key, user.email_key, EmailTakenError),
        (User.phone, user.phone, PhoneTakenError),
    )
    found: list[type[TakenError]] = []
    for column, value, error in fields:
        if value is None:
            continue
        if (await session.execute(select(User.id).where(column == value))).scalar_one_or_none() is not None:
            found.append(error)
    return found


async def flush_unique(session: AsyncSession) -> None:
    """Write what is pending and name the field that is taken.

    Raises:
        UsernameTakenError, EmailTakenError, PhoneTakenError: The database has one like it.
    """
    try:
        await session.flush()
    except IntegrityError as refused:
        taken = TAKEN.get(constraint_of(refused))
        if taken is None:
            raise
        raise taken from refused


async def find_user(
    session: AsyncSession, *, username_key: str | None = None, email_key: str | None = None, phone: str | None = None
) -> User | None:
    """Look an account up by exactly one of its names, never by a pattern."""
    condition: ColumnElement[bool]
    if email_key is not None:
        condition = User.email_key == email_key
    elif phone is not None:
        condition = User.phone == phone
    else:
        condition = User.username_key == username_key
    return (await session.execute(select(User).where(condition))).scalar_one_or_none()


async def get_user(session: AsyncSession, user_id: UUID) -> User | None:
    """Return an account."""
    return await session.get(User, user_id)


async def get_names(session: AsyncSession, user_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the names of people, their user names where they chose no other; one session reads a name once."""
    known: dict[UUID, str] = session.info.setdefault(_NAMES, {})
    unknown = [user_id for user_id in user_ids if user_id not in known]
    if unknown:
        statement = select(User.id, User.display_name, User.username).where(User.id.in_(unknown))
        known.update((row.id, row.display_name or row.username) for row in await session.execute(statement))
    return {user_id: known[user_id] for user_id in user_ids if user_id in known}


def remember_names(session: AsyncSession, names: Iterable[tuple[UUID, str]]) -> None:
    """Keep names that came with another statement for the rest of the session."""
    session.info.setdefault(_NAMES, {}).update(names)


async def lock_user(session: AsyncSession, user_id: UUID) -> User | None:
    """Return an account that nobody else changes until this transaction ends."""
    statement = select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)
    return (await session.execute(statement)).scalar_one_or_none()


async def is_taken(session: AsyncSession, *, email_key: str | None = None, phone: str | None = None) -> bool:
    """Tell whether another account has this address or number."""
    condition = User.email_key == email_key if email_key is not None else User.phone == phone
    return (await session.execute(select(User.id).where(condition))).scalar_one_or_none() is not None


async def lock_session(session: AsyncSession, session_id: UUID) -> AuthSession | None:
    """Return a session that nobody else changes until this transaction ends."""
    statement = (
        select(AuthSession)
        .where(AuthSession.id == session_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def live_sessions(session: AsyncSession, user: User, now: datetime) -> Sequence[AuthSession]:
    """Return the sessions of an account that may still act, the newest first."""
    statement = (
        select(AuthSession)
        .where(
            AuthSession.user_id == user.id,
            AuthSession.epoch == user.epoch,
            AuthSession.revoked_at.is_(None),
            AuthSession.expires_at > now,
        )
        .order_by(AuthSession.created_at.desc(), AuthSession.id.desc())
    )
    return (await session.execute(statement)).scalars().all()


async def end_sessions(
    session: AsyncSession, user_id: UUID, reason: SessionEnd, now: datetime, *, keep: UUID | None = None
) -> int:
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
    return len((await session.execute(statement)).all())


async def touch_session(session: AsyncSession, session_id: UUID, now: datetime) -> None:
    """Note that a session was used."""
    statement = update(AuthSession).where(AuthSession.id == session_id).values(last_used_at=now)
    await session.execute(statement.execution_options(synchronize_session=False))


async def knows_device(session: AsyncSession, user_id: UUID, device_hash: str) -> bool:
    """Tell whether this person signed in on this device before and the device was not given up for stolen."""
    statement = select(AuthSession.id).where(
        AuthSession.user_id == user_id,
        AuthSession.device_hash == device_hash,
        AuthSession.revoked_reason.is_distinct_from(SessionEnd.REPLAYED),
    )
    return (await session.execute(statement.limit(1))).scalar_one_or_none() is not None


async def has_sessions(session: AsyncSession, user_id: UUID) -> bool:
    """Tell whether this person ever signed in."""
    statement = select(AuthSession.id).where(AuthSession.user_id == user_id).limit(1)
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def get_throttle(session: AsyncSession, key: str) -> SignInThrottle | None:
    """Return a counter of wrong tries."""
    return await session.get(SignInThrottle, key, populate_existing=True)


async def lock_throttle(session: AsyncSession, key: str, now: datetime) -> SignInThrottle:
    """Return a counter of wrong tries, made if it is new, held until this transaction ends."""
    fresh = insert(SignInThrottle).values(key=key, failures=0, last_at=now).on_conflict_do_nothing()
    await session.execute(fresh)
    statement = (
        select(SignInThrottle)
        .where(SignInThrottle.key == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.execute(statement)).scalar_one()


async def close_challenges(session: AsyncSession, user_id: UUID, purpose: ChallengePurpose, now: datetime) -> None:
    """Let no older link or code of this purpose work any more."""
    statement = (
        update(AuthChallenge)
        .where(AuthChallenge.user_id == user_id, AuthChallenge.purpose == purpose, AuthChallenge.closed_at.is_(None))
        .values(closed_at=now)
        .execution_options(synchronize_session=False)
    )
    await session.execute(statement)


async def get_challenge(session: AsyncSession, challenge_id: UUID) -> AuthChallenge | None:
    """Return a challenge."""
    return await session.get(AuthChallenge, challenge_id)


async def lock_challenge(session: AsyncSession, challenge_id: UUID) -> AuthChallenge | None:
    """Return a challenge that nobody else answers until this transaction ends."""
    statement = select(AuthChallenge).where(AuthChallenge.id == challenge_id).with_for_update()
    return (await session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def lock_open_challenge(
    session: AsyncSession, user_id: UUID, purposes: Sequence[ChallengePurpose]
) -> AuthChallenge | None:
    """Return the newest open challenge of one of these purposes, held until this transaction ends."""
    statement = (
        select(AuthChallenge)
        .where(
            AuthChallenge.user_id == user_id,
            AuthChallenge.purpose.in_(purposes),
            AuthChallenge.closed_at.is_(None),
        )
        .order_by(AuthChallenge.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def open_challenges(session: AsyncSession, user_id: UUID, now: datetime) -> Sequence[AuthChallenge]:
    """Return the proofs an account is asked for right now."""
    statement = select(AuthChallenge).where(
        AuthChallenge.user_id == user_id, AuthChallenge.closed_at.is_(None), AuthChallenge.expires_at > now
    )
    return (await session.execute(statement)).scalars().all()


async def security_events(
    session: AsyncSession, user_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
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
    return (await session.execute(statement)).scalars().all()


async def prune(session: AsyncSession, before: datetime) -> int:
    """Delete sessions, challenges and counters that ended before then, and return how many rows went."""
    gone = 0
    ended = func.coalesce(AuthSession.revoked_at, AuthSession.expires_at)
    for statement in (
        delete(AuthSession).where(ended < before).returning(AuthSession.id),
        delete(AuthChallenge).where(AuthChallenge.expires_at < before).returning(AuthChallenge.id),
        delete(SignInThrottle).where(SignInThrottle.last_at < before).returning(SignInThrottle.key),
    ):
        gone += len((await session.execute(statement.execution_options(synchronize_session=False))).all())
    return gone
