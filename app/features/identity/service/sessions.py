"""What a person does with their sessions: signing out, ending devices, proving themselves again."""

from datetime import datetime, timedelta
from uuid import UUID

from app.core.clock import utc_now
from app.core.resources import Resources
from app.core.security.limits import Rate
from app.core.security.passwords import password_hasher
from app.core.security.tokens import Claims
from app.core.uow import UnitOfWork, unit_of_work
from app.features.identity import repository
from app.features.identity.errors import (
    NotSignedInError,
    ReauthenticationRequiredError,
    SessionNotFoundError,
    WrongPasswordError,
)
from app.features.identity.repository import SessionView
from app.features.identity.service.callers import Caller, note
from app.models.security_event import SecurityEventKind
from app.models.session import SessionEnd
from app.models.user import User

WRONG_PASSWORDS = Rate("password-again", 10, 900)
COMPARED_PASSWORDS = Rate("password-compared", 40, 900)
"""Counted before comparing, so that many guesses at once are no way around the first one."""
TOUCH_AFTER = timedelta(minutes=10)
KEPT_AFTER_END = timedelta(days=90)


async def sign_out(uow: UnitOfWork, tokens: list[Claims], caller: Caller) -> None:
    """End the sessions of these tokens, lapsed ones included: first in PostgreSQL, then in Redis."""
    now = utc_now()
    for session_id in sorted({claims.session_id for claims in tokens}):
        opened = await repository.lock_session(uow.session, session_id)
        if opened is not None and opened.revoked_at is None:
            opened.revoked_at, opened.revoked_reason = now, SessionEnd.SIGNED_OUT
            note(uow, opened.user_id, SecurityEventKind.SIGNED_OUT, caller, session_id=session_id)
    dead = [(claims.token_id, claims.expires_at) for claims in tokens]
    if dead:
        uow.after_commit(lambda: uow.resources.blacklist.add(*dead))


async def end_session(uow: UnitOfWork, user_id: UUID, session_id: UUID, caller: Caller) -> None:
    """End exactly one session of one's own.

    Raises:
        SessionNotFoundError: There is none, it is over already (ended, or run out by itself), or it is somebody else's.
    """
    now = utc_now()
    opened = await repository.lock_session(uow.session, session_id)
    # One that ran out is on no list of devices any more; to "end" it would put a deed into the journal that was none.
    if opened is None or opened.user_id != user_id or opened.revoked_at is not None or opened.expires_at <= now:
        raise SessionNotFoundError
    opened.revoked_at, opened.revoked_reason = now, SessionEnd.ENDED_BY_OWNER
    note(uow, user_id, SecurityEventKind.SESSION_ENDED, caller, session_id=session_id)


async def end_others(uow: UnitOfWork, user_id: UUID, keep: UUID, caller: Caller) -> int:
    """End every session of one's own but this one, and return how many."""
    ended = await repository.end_sessions(uow.session, user_id, SessionEnd.ENDED_BY_OWNER, utc_now(), keep=keep)
    note(uow, user_id, SecurityEventKind.OTHER_SESSIONS_ENDED, caller, session_id=keep, data={"ended": ended})
    return ended


async def prove(resources: Resources, user_id: UUID, password: str) -> str:
    """Compare the present password outside of a transaction and return the hash it was compared with.

    Raises:
        WrongPasswordError: It is wrong.
        TooManyTriesError: It was wrong too often.
    """
    async with resources.read_sessions() as session:
        user = await repository.get_user(session, user_id)
    if user is None:
        raise NotSignedInError
    await resources.limiter.refuse_if_full(WRONG_PASSWORDS, str(user_id))
    await resources.limiter.hit(COMPARED_PASSWORDS, str(user_id))
    matched, _upgraded = await password_hasher(resources.settings.bcrypt_rounds).verify(password, user.password_hash)
    if not matched:
        await resources.limiter.count(WRONG_PASSWORDS, str(user_id))
        raise WrongPasswordError
    return user.password_hash


async def reauthenticate(uow: UnitOfWork, view: SessionView, caller: Caller) -> None:
    """Note that the password was entered just now (after `prove`)."""
    opened = await repository.lock_session(uow.session, view.id)
    if opened is not None:
        opened.authenticated_at = utc_now()
        note(uow, view.user_id, SecurityEventKind.REAUTHENTICATED, caller, session_id=view.id)


async def require_proof(resources: Resources, view: SessionView, password: str | None) -> None:
    """Let a change pass whose owner entered the password a few minutes ago, or sends it now.

    Raises:
        ReauthenticationRequiredError: Neither is so.
        WrongPasswordError: The password sent is wrong.
        TooManyTriesError: It was wrong too often.
    """
    if password:
        await prove(resources, view.user_id, password)
        return
    if not is_fresh(resources, view):
        raise ReauthenticationRequiredError


def is_fresh(resources: Resources, view: SessionView) -> bool:
    """Tell whether the password was entered a few minutes ago, so that it is not asked for again."""
    return utc_now() - view.authenticated_at <= timedelta(minutes=resources.settings.reauthentication_minutes)


async def touch(resources: Resources, view: SessionView, now: datetime) -> None:
    """Note the use of a session, at most every ten minutes, so that reading does not write."""
    if now - view.last_used_at > TOUCH_AFTER:
        async with unit_of_work(resources) as uow:
            await repository.touch_session(uow.session, view.id, now)


async def update_profile(uow: UnitOfWork, user_id: UUID, display_name: str | None, locale: str | None) -> User:
    """Change how a person is shown and addressed.

    Raises:
        NotSignedInError: The account is gone.
    """
    user = await repository.lock_user(uow.session, user_id)
    if user is None:
        raise NotSignedInError
    if display_name is not None:
        user.display_name = " ".join(display_name.split())
    if locale is not None:
        user.locale = locale
    return user


async def prune(uow: UnitOfWork) -> int:
    """Forget what ended long ago; beat calls this."""
    return await repository.prune(uow.session, utc_now() - KEPT_AFTER_END)
