"""User accounts: identity, contact details, and the number that invalidates all sessions."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Index,
    Text,
    case,
    func,
    literal_column,
    select,
    text,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, aliased, mapped_column

from app.core.account_names import LOOK_ALIKES
from app.core.database import Base
from app.core.ids import new_id


class Role(StrEnum):
    """A user's permissions beyond their own content."""

    USER = "user"
    MODERATOR = "moderator"
    ADMIN = "admin"
    FINANCE = "finance"
    """Sees the finance pages, closes cases and proposes corrections."""
    FINANCE_APPROVER = "finance_approver"
    """The same, and approves what somebody else has proposed."""


class UserStatus(StrEnum):
    """Whether the account may be used."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    BANNED = "banned"


class User(Base):
    """One account. Uniqueness is checked on the `_key` columns, which are case-folded."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("(email IS NULL) = (email_key IS NULL)", name="email_key"),
        CheckConstraint("email IS NOT NULL OR email_confirmed_at IS NULL", name="email_confirmed"),
        CheckConstraint("phone IS NOT NULL OR phone_confirmed_at IS NULL", name="phone_confirmed"),
        Index("ix_users_away", "id", postgresql_where=text("status <> 'active'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    username: Mapped[str]
    username_key: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str | None]
    email_key: Mapped[str | None] = mapped_column(unique=True)
    email_confirmed_at: Mapped[datetime | None]
    phone: Mapped[str | None] = mapped_column(unique=True)
    phone_confirmed_at: Mapped[datetime | None]
    password_hash: Mapped[str]
    password_changed_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    password_unchecked: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    display_name: Mapped[str] = mapped_column(default="", server_default=text("''"))
    locale: Mapped[str] = mapped_column(default="ru", server_default=text("'ru'"))
    role: Mapped[Role] = mapped_column(default=Role.USER, server_default=text("'user'"))
    status: Mapped[UserStatus] = mapped_column(default=UserStatus.ACTIVE, server_default=text("'active'"))
    token_version: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    deactivated_at: Mapped[datetime | None]


LOOK_ALIKE_USERNAME: ColumnElement[str] = type_coerce(
    func.translate(
        User.username,
        literal_column(f"'{''.join(LOOK_ALIKES)}'"),
        literal_column(f"'{''.join(LOOK_ALIKES.values())}'"),
    ),
    Text,
)
"""`account_names.look_alike_key` of a user name; written out, so that its index is used."""
Index("ix_users_username_look_alike", LOOK_ALIKE_USERNAME)


def public_name_of(person: type[User]) -> ColumnElement[str]:
    """Return `account_names.public_name` of an account as a column."""
    chosen = (person.display_name != literal_column("''")) & (person.display_name != person.username)
    both = func.concat(person.display_name, literal_column("' (@'"), person.username, literal_column("')'"))
    return case((chosen, both), else_=person.username)


def shown_name(
    user_id: ColumnElement[UUID] | InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None],
) -> ColumnElement[str]:
    """Return the name under which others see the person whom a column names, as a column of the same statement."""
    person = aliased(User)
    return select(public_name_of(person)).where(person.id == user_id).correlate_except(person).scalar_subquery()
