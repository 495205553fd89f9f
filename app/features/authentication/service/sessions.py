"""Use cases of a user's sessions: sign out, end sessions, confirm the password again."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import real_now
from app.core.resources import Resources
from app.core.security.tokens import Claims
from app.core.unit_of_work import UnitOfWork
from app.features.authentication.errors import (
    NotSignedInError,
    SessionNotFoundError,
)
from app.features.authentication.repository import (
    AccountRepository,
    SessionRepository,
    SessionView,
    ThrottleRepository,
    ViewStatement,
    view_of,
)
from app.features.authentication.service.client_info import Caller, record_security_event
from app.models.security_event import SecurityEventKind
from app.models.session import SessionEnd

_PLAIN_VIEW = ViewStatement()


async def sign_out(uow: UnitOfWork, tokens: list[Claims], caller: Caller) -> None:
    """End the sessions of these tokens, expired ones included: first in PostgreSQL, after the commit in Redis."""
    now = real_now()
    for session_id in sorted({claims.session_id for claims in tokens}):
        opened = await SessionRepository(uow.session).lock(session_id)
        if opened is not None and opened.revoked_at is None:
            opened.revoked_at, opened.revoked_reason = now, SessionEnd.SIGNED_OUT
            record_security_event(uow, opened.user_id, SecurityEventKind.SIGNED_OUT, caller, session_id=session_id)
    revoked = [(claims.token_id, claims.expires_at) for claims in tokens]
    if revoked:
        uow.after_commit(lambda: uow.resources.blacklist.add(*revoked))


async def end_session(uow: UnitOfWork, user_id: UUID, session_id: UUID, caller: Caller) -> None:
    """End one of the user's sessions.

    Raises:
        SessionNotFoundError: The session is missing, has ended or expired, or belongs to another user.
    """
    now = real_now()
    opened = await SessionRepository(uow.session).lock(session_id)
    # Expired sessions are not listed; ending one would add a false entry to the security history.
    if opened is None or opened.user_id != user_id or opened.revoked_at is not None or opened.expires_at <= now:
        raise SessionNotFoundError
    opened.revoked_at, opened.revoked_reason = now, SessionEnd.ENDED_BY_OWNER
    record_security_event(uow, user_id, SecurityEventKind.SESSION_ENDED, caller, session_id=session_id)


async def end_others(uow: UnitOfWork, user_id: UUID, keep: UUID, caller: Caller) -> int:
    """End all sessions of the user except `keep`; return how many."""
    ended = await SessionRepository(uow.session).end(user_id, SessionEnd.ENDED_BY_OWNER, real_now(), keep=keep)
    record_security_event(
        uow, user_id, SecurityEventKind.OTHER_SESSIONS_ENDED, caller, session_id=keep, data={"ended": ended}
    )
    return ended


async def password_hash_of(session: AsyncSession, user_id: UUID) -> str:
    """Return the password hash of an account.

    Raises:
        NotSignedInError: The account no longer exists.
    """
    user = await AccountRepository(session).get(user_id)
    if user is None:
        raise NotSignedInError
    return user.password_hash


async def reauthenticate(uow: UnitOfWork, view: SessionView, caller: Caller) -> None:
    """Record that the password was just entered; the caller has verified it."""
    opened = await SessionRepository(uow.session).lock(view.id)
    if opened is not None:
        opened.authenticated_at = real_now()
        record_security_event(uow, view.user_id, SecurityEventKind.REAUTHENTICATED, caller, session_id=view.id)


def has_recent_password(resources: Resources, view: SessionView) -> bool:
    """Tell whether the password was entered recently, so that it need not be requested again."""
    return real_now() - view.authenticated_at <= timedelta(minutes=resources.settings.reauthentication_minutes)


async def touch(uow: UnitOfWork, session_id: UUID, now: datetime) -> None:
    """Set the time of the last use of a session."""
    await SessionRepository(uow.session).touch(session_id, now)


async def actor_of_session(session: AsyncSession, session_id: UUID) -> Actor | None:
    """Return the user of a session; None where it has ended or its account is not active."""
    for row in await SessionRepository(session).views(_PLAIN_VIEW, [session_id]):
        view = view_of(row)
        if view.is_alive(real_now()):
            return Actor(id=view.user_id, username=view.username, session_id=view.id, locale=view.locale)
    return None


async def end_sessions(
    session: AsyncSession, user_id: UUID, reason: SessionEnd, now: datetime, *, keep: UUID | None = None
) -> int:
    """End the active sessions of an account, except `keep`; return how many."""
    return await SessionRepository(session).end(user_id, reason, now, keep=keep)


async def keep_session(uow: UnitOfWork, session_id: UUID, token_version: int) -> None:
    """Keep one session valid after the token version of its account was raised."""
    kept = await SessionRepository(uow.session).lock(session_id)
    if kept is not None:
        kept.token_version = token_version


async def prune(uow: UnitOfWork, before: datetime) -> int:
    """Delete sessions and counters that ended before the given time; return the number of rows."""
    sessions = await SessionRepository(uow.session).prune(before)
    return sessions + await ThrottleRepository(uow.session).prune(before)
