"""What accounts show: to their owner, and to the rooms that write to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor, Role
from app.core.clock import utc_now
from app.core.i18n import _, use_locale
from app.core.pagination import DEFAULT_LIMIT, Slice, decode_cursor, encode_cursor
from app.core.resources import Resources
from app.core.uow import UnitOfWork
from app.features.identity import repository, rules
from app.features.identity.repository import SessionView
from app.features.identity.schemas import SecurityEventRead, SessionRead, UserRead
from app.features.identity.service.contacts import code_of, link_token
from app.gateways.sms import sms_sender_of
from app.models.challenge import ChallengePurpose
from app.models.user import User, UserStatus


def _readable(email: str | None) -> str:
    return rules.ascii_email(email) if email else ""


def user_read_of(view: SessionView) -> UserRead:
    """Show the owner of a session to themselves."""
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
    """Show an account to its owner."""
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


async def my_sessions(session: AsyncSession, view: SessionView) -> list[SessionRead]:
    """Return one's own living sessions, the newest first."""
    user = await repository.get_user(session, view.user_id)
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
        for item in await repository.live_sessions(session, user, utc_now())
    ]


async def history(
    session: AsyncSession, user_id: UUID, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Slice[SecurityEventRead]:
    """Return one's own security history, the newest first.

    Raises:
        BadCursorError: The cursor is not of this list.
    """
    after: tuple[datetime, UUID] | None = None
    if cursor is not None:
        after = rules.place_of(*decode_cursor(cursor, str, str))
    rows = await repository.security_events(session, user_id, after=after, limit=limit + 1)
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
        next_cursor=encode_cursor(shown[-1].created_at.isoformat(), str(shown[-1].id)) if more else None,
    )


@dataclass(frozen=True, slots=True)
class Contact:
    """How a person is reached and addressed."""

    user_id: UUID
    username: str
    display_name: str
    locale: str
    email: str | None
    email_confirmed: bool
    phone: str | None
    phone_confirmed: bool
    active: bool


def _contact(user: User) -> Contact:
    return Contact(
        user_id=user.id,
        username=user.username,
        display_name=user.display_name or user.username,
        locale=user.locale,
        email=user.email,
        email_confirmed=user.email_confirmed_at is not None,
        phone=user.phone,
        phone_confirmed=user.phone_confirmed_at is not None,
        active=user.status is UserStatus.ACTIVE,
    )


async def contact_of(session: AsyncSession, user_id: UUID) -> Contact | None:
    """Return how a person is reached; for rooms that write to people, never for other people's eyes."""
    user = await repository.get_user(session, user_id)
    return _contact(user) if user is not None else None


async def find_actor(session: AsyncSession, username: str) -> Actor | None:
    """Return the person of this user name as verbs know them; for the operator's commands, active accounts only."""
    user = await repository.find_user(session, username_key=rules.fold(username))
    if user is None or user.status is not UserStatus.ACTIVE:
        return None
    return Actor(id=user.id, username=user.username, roles=frozenset({Role.USER, user.role}), locale=user.locale)


async def usernames(session: AsyncSession, user_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the names under which people are shown to others."""
    return await repository.get_names(session, user_ids)


def remember_names(session: AsyncSession, names: Iterable[tuple[UUID, str]]) -> None:
    """Keep names that came with another statement, so that `usernames` does not read them again in this session."""
    repository.remember_names(session, names)


@dataclass(frozen=True, slots=True)
class Letter:
    """A link and a code to send, derived for this sending and stored nowhere."""

    contact: Contact
    purpose: ChallengePurpose
    to_email: str | None
    to_phone: str | None
    token: str
    code: str
    expires_at: datetime
    code_expires_at: datetime


async def letter_for(session: AsyncSession, resources: Resources, challenge_id: UUID) -> Letter | None:
    """Return what to send for a challenge; None when it was answered, replaced or is too old meanwhile."""
    challenge = await repository.get_challenge(session, challenge_id)
    if challenge is None or challenge.closed_at is not None or challenge.expires_at <= utc_now():
        return None
    user = await repository.get_user(session, challenge.user_id)
    if user is None or user.status is not UserStatus.ACTIVE:
        return None
    is_phone = not rules.looks_like_email(challenge.target)
    return Letter(
        contact=_contact(user),
        purpose=challenge.purpose,
        to_email=None if is_phone else challenge.target,
        to_phone=challenge.target if is_phone else None,
        token=link_token(resources.settings, challenge),
        code=code_of(resources.settings, challenge),
        expires_at=challenge.expires_at,
        code_expires_at=challenge.code_expires_at,
    )


async def pending_changes(session: AsyncSession, user_id: UUID) -> dict[str, str]:
    """Return the address and the number that wait for their confirmation."""
    found = await repository.open_challenges(session, user_id, utc_now())
    names = {ChallengePurpose.CHANGE_EMAIL: "email", ChallengePurpose.CHANGE_PHONE: "phone"}
    return {names[item.purpose]: item.target for item in found if item.purpose in names}


async def text_code(uow: UnitOfWork, challenge_id: UUID) -> None:
    """Send the code of a challenge to its number, in the person's language; nothing goes to an address here."""
    letter = await letter_for(uow.session, uow.resources, challenge_id)
    if letter is None or letter.to_phone is None:
        return
    with use_locale(letter.contact.locale):
        text = _("{code} is your ipLance code. It works for ten minutes. Tell it to nobody.").format(code=letter.code)
    await sms_sender_of(uow.resources).send(letter.to_phone, text)
