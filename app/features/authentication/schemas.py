"""Requests and responses of sign-in and sessions."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.core.i18n import N_
from app.models.security_event import SecurityEventKind


def plain(text: str) -> str:
    """Refuse NUL characters, which PostgreSQL cannot store."""
    if "\x00" in text:
        raise ValueError(N_("Leave out the invisible character."))
    return text


type Line = Annotated[str, Field(max_length=320), AfterValidator(plain)]
type Secret = Annotated[str, Field(max_length=512)]


class AccountInput(BaseModel):
    """Base class of requests about accounts; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class SignInForm(AccountInput):
    """A password and one identifier of an account. `username` accepts every kind of identifier."""

    password: Secret
    username: Line | None = None
    email: Line | None = None
    phone: Line | None = None
    identifier: Line | None = None


class UserRead(BaseModel):
    """The signed-in user; `email` and `phone` are empty strings, never null, when there is none."""

    id: UUID
    username: str
    email: str
    phone: str
    display_name: str
    locale: str
    role: str
    email_confirmed: bool
    phone_confirmed: bool
    created_at: datetime


class Refreshed(BaseModel):
    """The session was renewed."""

    refreshed: bool = True
    access_expires_at: datetime
    session_expires_at: datetime


class SignedOut(BaseModel):
    """The session has ended."""

    signed_out: bool = True


class SessionRead(BaseModel):
    """One active session of a user, on one device."""

    id: UUID
    current: bool
    device: str
    user_agent: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


class SessionList(BaseModel):
    """The active sessions of a user."""

    items: list[SessionRead]


class SessionsEnded(BaseModel):
    """The number of sessions that were ended."""

    ended: int


class PasswordConfirmation(AccountInput):
    """The current password; optional for a few minutes after it was entered."""

    current_password: Secret | None = None


class Reauthentication(AccountInput):
    """The current password."""

    password: Secret


class Done(BaseModel):
    """The request was successful."""

    done: bool = True


class SecurityEventRead(BaseModel):
    """One entry of an account's security history."""

    id: UUID
    kind: SecurityEventKind
    device: str
    address: str
    created_at: datetime
