"""Sessions and their tokens: open a session, refresh its tokens, check it on every request."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ScalarSelect

from app.core.clock import real_now
from app.core.config import Settings
from app.core.persistence.dataloader import DataLoader
from app.core.request_limit import count_wait
from app.core.resources import ContextState, Resources
from app.core.security.csrf import make_csrf
from app.core.security.signing import Signer
from app.core.security.tokens import Claims, TokenKind
from app.core.unit_of_work import UnitOfWork
from app.features.authentication.errors import SessionEndedError, SessionReplayedError
from app.features.authentication.events import SessionReplayed
from app.features.authentication.repository import (
    AccountRepository,
    SessionRepository,
    SessionView,
    ViewStatement,
    view_of,
)
from app.features.authentication.service.client_info import Caller, record_security_event
from app.models.security_event import SecurityEventKind
from app.models.session import AuthSession, SessionEnd
from app.models.user import User, UserStatus

MAX_REMEMBERED_ROTATIONS = 200
TOKEN_IDS = Signer("refresh-token-id", 16)


@dataclass(frozen=True, slots=True)
class IssuedTokens:
    """The tokens for the browser's cookies and their expiry; only the CSRF token is readable by scripts."""

    session_id: UUID
    access: str
    refresh: str
    csrf: str
    device: str
    access_expires_at: datetime
    session_expires_at: datetime


def _refresh_id(settings: Settings, session_id: UUID, counter: int) -> str:
    """Derive the id of the refresh token of a counter; all tabs that receive the active token receive the same id."""
    return TOKEN_IDS.text(settings, str(session_id), str(counter))


def issue(resources: Resources, opened: AuthSession, device: str, now: datetime) -> IssuedTokens:
    """Issue tokens for the current state of a session."""
    settings = resources.settings
    codec = resources.token_codec
    access_ends = min(now + timedelta(minutes=settings.access_token_expire_minutes), opened.expires_at)
    access = Claims(
        user_id=opened.user_id,
        session_id=opened.id,
        token_id=secrets.token_urlsafe(16),
        kind=TokenKind.ACCESS,
        issued_at=int(now.timestamp()),
        expires_at=int(access_ends.timestamp()),
    )
    refresh_claims = Claims(
        user_id=opened.user_id,
        session_id=opened.id,
        token_id=_refresh_id(settings, opened.id, opened.counter),
        kind=TokenKind.REFRESH,
        issued_at=int(opened.rotated_at.timestamp()),
        expires_at=int(opened.expires_at.timestamp()),
        counter=opened.counter,
    )
    return IssuedTokens(
        session_id=opened.id,
        access=codec.encode(access),
        refresh=codec.encode(refresh_claims),
        csrf=make_csrf(settings, opened.id),
        device=device,
        access_expires_at=access_ends,
        session_expires_at=opened.expires_at,
    )


async def open_session(uow: UnitOfWork, user: User, caller: Caller, *, replaces: UUID | None = None) -> IssuedTokens:
    """Open a session for an account on a device; sessions are created only here.

    The browser's previous session ends, so that a session planted by an attacker does not survive a sign-in. Above the
    limit of sessions per account the oldest ones end.
    """
    settings, now = uow.resources.settings, real_now()
    ends_at = now + timedelta(days=settings.session_absolute_days)
    if replaces is not None:
        old = await SessionRepository(uow.session).lock(replaces)
        if old is not None and old.revoked_at is None:
            old.revoked_at, old.revoked_reason = now, SessionEnd.REPLACED
            await uow.session.flush()
    alive = await SessionRepository(uow.session).alive(user, now)
    for oldest in alive[settings.max_sessions - 1 :]:
        oldest.revoked_at, oldest.revoked_reason = now, SessionEnd.TOO_MANY
    # Always a new value: one that somebody else planted in the browser must not become a known device.
    device = secrets.token_urlsafe(16)
    opened = AuthSession(
        user_id=user.id,
        token_version=user.token_version,
        counter=0,
        rotated_at=now,
        recent_rotations=[],
        authenticated_at=now,
        created_at=now,
        last_used_at=now,
        expires_at=min(now + timedelta(days=settings.refresh_token_expire_days), ends_at),
        ends_at=ends_at,
        address=caller.address,
        user_agent=caller.agent,
        device_hash=Caller(device=device).device_hash,
    )
    uow.session.add(opened)
    await uow.session.flush()
    record_security_event(uow, user.id, SecurityEventKind.SIGNED_IN, caller, session_id=opened.id)
    return issue(uow.resources, opened, device, now)


async def refresh(uow: UnitOfWork, claims: Claims, caller: Caller) -> IssuedTokens:
    """Exchange the newest refresh token of a session for the next one.

    A token that was replaced moments ago (parallel tabs, a lost response) gets the active token again. An older token
    means that somebody else has a copy: the session ends, the owner is notified, and the security history records it.

    Raises:
        SessionEndedError: The session has ended.
        SessionReplayedError: The session was ended because a replaced token was used.
    """
    settings, now = uow.resources.settings, real_now()
    if await uow.resources.blacklist.holds(claims.token_id):
        raise SessionEndedError
    opened = await SessionRepository(uow.session).lock(claims.session_id)
    if opened is None or opened.user_id != claims.user_id or claims.counter > opened.counter:
        raise SessionEndedError
    user = await AccountRepository(uow.session).get(opened.user_id)
    if user is None or user.status is not UserStatus.ACTIVE or user.token_version != opened.token_version:
        raise SessionEndedError
    if opened.revoked_at is not None or opened.expires_at <= now:
        raise SessionEndedError
    moment = now.timestamp()
    age = opened.counter - claims.counter
    if age == 0:
        kept = [past for past in opened.recent_rotations if moment - past <= settings.refresh_grace_seconds]
        opened.recent_rotations = [*kept, moment][-MAX_REMEMBERED_ROTATIONS:]
        opened.counter += 1
        opened.rotated_at = opened.last_used_at = now
        opened.expires_at = min(now + timedelta(days=settings.refresh_token_expire_days), opened.ends_at)
    elif age > len(opened.recent_rotations) or (
        moment - opened.recent_rotations[-age] > settings.refresh_grace_seconds
    ):
        opened.revoked_at, opened.revoked_reason = now, SessionEnd.REPLAYED
        record_security_event(uow, user.id, SecurityEventKind.TOKEN_REPLAYED, caller, session_id=opened.id)
        uow.emit(SessionReplayed(user_id=str(user.id), session_id=str(opened.id)))
        raise SessionReplayedError
    return issue(uow.resources, opened, caller.device or secrets.token_urlsafe(16), now)


class SessionGate:
    """Checks the session of every request with a token: PostgreSQL decides, and Redis can only refuse.

    Concurrent checks share one round trip to each server, so a check costs less than one query. Nothing is cached: a
    session that has ended is refused by every worker from the next request on, even if Redis is unavailable. `counts`
    are read in the same statement: scalar selects that refer to the owner, `User.id`.
    """

    def __init__(self, resources: Resources, *counts: ScalarSelect[int]) -> None:
        self._resources = resources
        self._blacklist = resources.blacklist
        self._statement = ViewStatement(*counts)
        self._views = DataLoader(self._load)

    async def check(self, claims: Claims) -> SessionView:
        """Return the active session of a verified token.

        Raises:
            SessionEndedError: The session has ended, or its account is not active.
        """
        asked = self._views.ask(claims.session_id)
        is_revoked = await self._blacklist.holds(claims.token_id)
        view = await count_wait(asked)
        if is_revoked or view is None or view.user_id != claims.user_id or not view.is_alive(real_now()):
            raise SessionEndedError
        return view

    async def _load(self, ids: Sequence[UUID]) -> Mapping[UUID, SessionView]:
        read_pool = self._resources.raw_read_pool
        if read_pool is not None:
            rows = await read_pool.fetch(self._statement.text, ids)
        else:
            async with self._resources.read_sessions() as session:
                rows = await SessionRepository(session).views(self._statement, ids)
        return {row[0]: view_of(row) for row in rows}


_GATE = ContextState(SessionGate)


def session_gate(resources: Resources) -> SessionGate:
    """Return the session gate of this process."""
    return _GATE.of(resources)
