"""The shapes of signing in and of sessions on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.core.i18n import N_
from app.models.security_event import SecurityEventKind


def plain(text: str) -> str:
    """Refuse a character that cannot be stored."""
    if "\x00" in text:
        raise ValueError(N_("Leave out the invisible character."))
    return text


type Line = Annotated[str, Field(max_length=320), AfterValidator(plain)]
type Secret = Annotated[str, Field(max_length=512)]


class AccountInput(BaseModel):
    """What is sent about an account; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class SignInForm(AccountInput):
    """A password and one way to say who signs in; anything may be typed into `username`."""

    password: Secret
    username: Line | None = None
    email: Line | None = None
    phone: Line | None = None
    identifier: Line | None = None


class UserRead(BaseModel):
    """The signed-in person; `email` and `phone` are empty texts, never null, where there is none."""

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
    """The session goes on."""

    refreshed: bool = True
    access_expires_at: datetime
    session_expires_at: datetime


class SignedOut(BaseModel):
    """The session is over."""

    signed_out: bool = True


class SessionRead(BaseModel):
    """One device on which a person is signed in."""

    id: UUID
    current: bool
    device: str
    user_agent: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


class SessionList(BaseModel):
    """The devices on which a person is signed in."""

    items: list[SessionRead]


class SessionsEnded(BaseModel):
    """How many sessions ended."""

    ended: int


class PasswordConfirmation(AccountInput):
    """The present password; it may be left out within a few minutes of entering it."""

    current_password: Secret | None = None


class Reauthentication(AccountInput):
    """The present password, to open the changes that need it."""

    password: Secret


class Done(BaseModel):
    """It is done."""

    done: bool = True


class SecurityEventRead(BaseModel):
    """One entry of an account's security history."""

    id: UUID
    kind: SecurityEventKind
    device: str
    address: str
    created_at: datetime
