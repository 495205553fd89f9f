"""Queries for accounts: contacts, names, pending changes, and the messages of challenges."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import account_names
from app.core.actor import Actor
from app.core.clock import real_now
from app.core.i18n import _, use_locale
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.authentication import service as authentication
from app.features.identity.repository import ChallengeRepository, UserRepository
from app.features.identity.service.contacts import code_of, link_token
from app.gateways.sms import sms_sender_of
from app.models.auth_challenge import ChallengePurpose
from app.models.user import Role, User, UserStatus


@dataclass(frozen=True, slots=True)
class Contact:
    """The contacts, name and language of an account."""

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
    """Return the contacts of an account, or None. Only for sending messages; never show them to other users."""
    user = await authentication.get_user(session, user_id)
    return _contact(user) if user is not None else None


async def is_active(session: AsyncSession, user_id: UUID) -> bool:
    """Tell whether the account exists and is neither closed nor banned."""
    user = await authentication.get_user(session, user_id)
    return user is not None and user.status is UserStatus.ACTIVE


async def find_actor(session: AsyncSession, username: str) -> Actor | None:
    """Return the actor with this user name, or None if there is no active account. For operator commands only."""
    user = await authentication.find_user(session, username_key=account_names.fold(username))
    if user is None or user.status is not UserStatus.ACTIVE:
        return None
    return Actor(id=user.id, username=user.username, roles=frozenset({Role.USER, user.role}), locale=user.locale)


async def usernames(session: AsyncSession, user_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return public names by user id."""
    return await UserRepository(session).names(user_ids)


async def people_with_roles(session: AsyncSession, roles: Collection[Role]) -> Sequence[UUID]:
    """Return the ids of the active accounts that have one of these roles."""
    return await UserRepository(session).with_roles(roles)


def remember_names(session: AsyncSession, names: Iterable[tuple[UUID, str]]) -> None:
    """Cache names that another statement has read, so that `usernames` does not query them again in this session."""
    UserRepository(session).remember_names(names)


@dataclass(frozen=True, slots=True)
class ChallengeMessage:
    """A link and a code to send; both are derived for each message and not stored."""

    contact: Contact
    purpose: ChallengePurpose
    to_email: str | None
    to_phone: str | None
    token: str
    code: str
    expires_at: datetime
    code_expires_at: datetime


async def challenge_message(session: AsyncSession, resources: Resources, challenge_id: UUID) -> ChallengeMessage | None:
    """Return the message of a challenge; None if it was answered, replaced or has expired."""
    challenge = await ChallengeRepository(session).get(challenge_id)
    if challenge is None or challenge.closed_at is not None or challenge.expires_at <= real_now():
        return None
    user = await authentication.get_user(session, challenge.user_id)
    if user is None or user.status is not UserStatus.ACTIVE:
        return None
    is_phone = not account_names.looks_like_email(challenge.target)
    return ChallengeMessage(
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
    """Return the new contacts that wait for confirmation, by the keys `email` and `phone`."""
    found = await ChallengeRepository(session).open(user_id, real_now())
    names = {ChallengePurpose.CHANGE_EMAIL: "email", ChallengePurpose.CHANGE_PHONE: "phone"}
    return {names[item.purpose]: item.target for item in found if item.purpose in names}


async def send_code_by_sms(uow: UnitOfWork, challenge_id: UUID) -> None:
    """Send the code of a challenge as a text message in the user's language; does nothing for e-mail challenges."""
    message = await challenge_message(uow.session, uow.resources, challenge_id)
    if message is None or message.to_phone is None:
        return
    with use_locale(message.contact.locale):
        text = _("{code} is your ipLance code. It works for ten minutes. Tell it to nobody.").format(code=message.code)
    await sms_sender_of(uow.resources).send(message.to_phone, text)
