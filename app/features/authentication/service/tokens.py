"""Sessions and their tokens: opening, checking on every request, and going on with a refresh."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ScalarSelect

from app.core.clock import utc_now
from app.core.config import Settings
from app.core.persistence.dataloader import DataLoader
from app.core.resources import ContextState, Resources
from app.core.security.csrf import make_csrf
from app.core.security.signing import Signer
from app.core.security.tokens import Claims, TokenKind
from app.core.unit_of_work import UnitOfWork
from app.features.authentication.errors import SessionEndedError, SessionReplayedError
from app.features.authentication.events import SessionReplayed
from app.features.authentication.repository import (
    CredentialRepository,
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
    """What a browser gets: two tokens it cannot read, the CSRF token it can, and how long they live."""

    session_id: UUID
    access: str
    refresh: str
    csrf: str
    device: str
    access_expires_at: datetime
    session_expires_at: datetime


def _refresh_id(settings: Settings, session_id: UUID, counter: int) -> str:
    """Name the refresh token of a counter; tabs that are handed the active one all get the same name."""
    return TOKEN_IDS.text(settings, str(session_id), str(counter))


def issue(resources: Resources, opened: AuthSession, device: str, now: datetime) -> IssuedTokens:
    """Make the tokens of a session as it stands."""
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
    """Sign a person in on a device: the one place where sessions are made.

    What was signed in on this browser before ends, so that a planted session is worth nothing; over the limit of
    sessions the oldest ends.
    """
    settings, now = uow.resources.settings, utc_now()
    ends_at = now + timedelta(days=settings.session_absolute_days)
    if replaces is not None:
        old = await SessionRepository(uow.session).lock(replaces)
        if old is not None and old.revoked_at is None:
            old.revoked_at, old.revoked_reason = now, SessionEnd.REPLACED
            await uow.session.flush()
    alive = await SessionRepository(uow.session).alive(user, now)
    for oldest in alive[settings.max_sessions - 1 :]:
        oldest.revoked_at, oldest.revoked_reason = now, SessionEnd.TOO_MANY
    device = caller.device if caller.device_hash else None
    if device is None:
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
    """Go on with a session: the newest refresh token is exchanged for the next one.

    One that was replaced a moment ago (many tabs, a lost answer) gets the active one again; an older one means that
    somebody else holds a copy, so the session ends, the owner is told, and it is written down.

    Raises:
        SessionEndedError: The session is over.
        SessionReplayedError: It just ended because of this token.
    """
    settings, now = uow.resources.settings, utc_now()
    if await uow.resources.blacklist.holds(claims.token_id):
        raise SessionEndedError
    opened = await SessionRepository(uow.session).lock(claims.session_id)
    if opened is None or opened.user_id != claims.user_id or claims.counter > opened.counter:
        raise SessionEndedError
    user = await CredentialRepository(uow.session).get(opened.user_id)
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
    """The check that every request with a token passes. PostgreSQL is asked each time, Redis can only say no.

    Questions of one moment share one round trip to each, so a check costs less than one query; nothing is cached, so
    a session that ended is dead with the next request on every worker, whatever became of Redis. `counts` are read in
    the same statement: scalar selects about the owner, `User.id`.
    """

    def __init__(self, resources: Resources, *counts: ScalarSelect[int]) -> None:
        self._resources = resources
        self._blacklist = resources.blacklist
        self._statement = ViewStatement(*counts)
        self._views = DataLoader(self._load)

    async def check(self, claims: Claims) -> SessionView:
        """Return the living session of a verified token.

        Raises:
            SessionEndedError: It ended, or its owner may not act.
        """
        asked = self._views.ask(claims.session_id)
        dead = await self._blacklist.holds(claims.token_id)
        view = await asked
        if dead or view is None or view.user_id != claims.user_id or not view.is_alive(utc_now()):
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
    """Return the process's check."""
    return _GATE.of(resources)
