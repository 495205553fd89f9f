"""Builds accounts without computing a password hash each time."""

import itertools
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from typing import Any

from passlib.hash import bcrypt_sha256  # pyright: ignore[reportAttributeAccessIssue] - made on access
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import account_names
from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.unit_of_work import UnitOfWork
from app.models.user import Role, User, UserStatus

PASSWORD = "correct horse battery staple"  # noqa: S105 - of people that exist in tests only
_numbers = itertools.count(1)


@lru_cache
def hashed(password: str) -> str:
    """Hash once per password and run."""
    return str(bcrypt_sha256.using(rounds=4).hash(password))


def build_user(**given: Any) -> User:
    """Return an account that is not stored yet; every field may be given."""
    name = given.pop("username", None) or f"person_{next(_numbers)}_{new_id().hex[-6:]}"
    email = given.pop("email", f"{name}@example.com".lower())
    password = given.pop("password", PASSWORD)
    values: dict[str, Any] = {
        "id": new_id(),
        "username": name,
        "username_key": account_names.fold(name),
        "email": email,
        "email_key": account_names.fold(email) if email else None,
        "email_confirmed_at": utc_now() if email else None,
        "phone": None,
        "password_hash": hashed(password),
        "password_changed_at": utc_now(),
        "display_name": "",
        "locale": "en",
        "role": Role.USER,
        "status": UserStatus.ACTIVE,
        "token_version": 0,
        "created_at": utc_now(),
    }
    return User(**(values | given))


async def make_user(session: AsyncSession, **given: Any) -> User:
    """Return a stored account (within the caller's transaction)."""
    user = build_user(**given)
    session.add(user)
    await session.flush()
    return user


def actor_for(user: User) -> Actor:
    """Return the actor of an account."""
    return Actor(id=user.id, username=user.username, roles=frozenset({Role.USER, user.role}), locale=user.locale)


async def confirm_contacts(uow: Callable[[], AbstractAsyncContextManager[UnitOfWork]]) -> None:
    """Confirm the contacts of all accounts: from then on no other account can have them."""
    async with uow() as work:
        for contact, confirmed in ((User.email, User.email_confirmed_at), (User.phone, User.phone_confirmed_at)):
            await work.session.execute(update(User).where(contact.is_not(None)).values({confirmed: utc_now()}))
