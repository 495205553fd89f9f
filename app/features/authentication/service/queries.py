"""Queries of accounts, and of a signed-in user about their own sessions and security history."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import account_names
from app.core.clock import real_now
from app.core.pagination import DEFAULT_LIMIT, Slice, encode_cursor, last_moment
from app.features.authentication import rules
from app.features.authentication.repository import (
    AccountRepository,
    SecurityEventRepository,
    SessionRepository,
    SessionView,
)
from app.features.authentication.schemas import SecurityEventRead, SessionRead, UserRead
from app.models.user import User


def _readable(email: str | None) -> str:
    return account_names.ascii_email(email) if email else ""


def user_read_of(view: SessionView) -> UserRead:
    """Convert a session to the response about its user."""
    return UserRead(
        id=view.user_id,
        username=view.username,
        email=_readable(view.email),
        phone=view.phone or "",
        display_name=view.display_name,
        locale=view.locale,
        role=view.role.value,
        email_confirmed=view.email_confirmed_at is not None,
        phone_confirmed=view.phone_confirmed_at is not None,
        created_at=view.created_at,
    )


def user_read(user: User) -> UserRead:
    """Convert an account to the response for its owner."""
    return UserRead(
        id=user.id,
        username=user.username,
        email=_readable(user.email),
        phone=user.phone or "",
        display_name=user.display_name,
        locale=user.locale,
        role=user.role.value,
        email_confirmed=user.email_confirmed_at is not None,
        phone_confirmed=user.phone_confirmed_at is not None,
        created_at=user.created_at,
    )


async def find_user(
    session: AsyncSession, *, username_key: str | None = None, email_key: str | None = None, phone: str | None = None
) -> User | None:
    """Return the account with exactly this user name, e-mail address or phone number; pass one of them."""
    return await AccountRepository(session).find(username_key=username_key, email_key=email_key, phone=phone)


async def get_user(session: AsyncSession, user_id: UUID) -> User | None:
    """Return the account, or None."""
    return await AccountRepository(session).get(user_id)


async def lock_user(session: AsyncSession, user_id: UUID) -> User | None:
    """Lock the account until the transaction ends and return it, or None."""
    return await AccountRepository(session).lock(user_id)


async def my_sessions(session: AsyncSession, view: SessionView) -> list[SessionRead]:
    """Return the user's active sessions, newest first."""
    user = await AccountRepository(session).get(view.user_id)
    if user is None:
        return []
    return [
        SessionRead(
            id=item.id,
            current=item.id == view.id,
            device=rules.device_label(item.user_agent),
            user_agent=item.user_agent,
            address=item.address,
            created_at=item.created_at,
            last_used_at=item.last_used_at,
            expires_at=item.expires_at,
        )
        for item in await SessionRepository(session).alive(user, real_now())
    ]


async def history(
    session: AsyncSession, user_id: UUID, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Slice[SecurityEventRead]:
    """Return a page of the user's security history, newest first.

    Raises:
        BadCursorError: The cursor belongs to another list.
    """
    rows = await SecurityEventRepository(session).newest(user_id, after=last_moment(cursor), limit=limit + 1)
    shown = rows[:limit]
    more = len(rows) > limit
    return Slice(
        items=[
            SecurityEventRead(
                id=row.id,
                kind=row.kind,
                device=rules.device_label(row.user_agent),
                address=row.address,
                created_at=row.created_at,
            )
            for row in shown
        ],
        next_cursor=encode_cursor(shown[-1].created_at, shown[-1].id) if more else None,
    )
