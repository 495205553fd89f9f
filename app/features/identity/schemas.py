"""The shapes of accounts on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.core.i18n import N_
from app.models.security_event import SecurityEventKind


def _plain(text: str) -> str:
    if "\x00" in text:
        raise ValueError(N_("Leave out the invisible character."))
    return text


type Line = Annotated[str, Field(max_length=320), AfterValidator(_plain)]
type Secret = Annotated[str, Field(max_length=512)]
type Code = Annotated[str, Field(max_length=16), AfterValidator(_plain)]
type LinkToken = Annotated[str, Field(max_length=200), AfterValidator(_plain)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Registration(_Input):
    """A new account: a name, a password, and an e-mail address or a phone number or both."""

    username: Line
    password: Secret
    email: Line | None = None
    phone: Line | None = None


class SignInForm(_Input):
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


class ProfileChange(_Input):
    """What a person changes about how they are shown and addressed."""

    display_name: Annotated[str, Field(max_length=80), AfterValidator(_plain)] | None = None
    locale: Annotated[str, Field(pattern="^(ru|en)$")] | None = None


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


class PasswordProof(_Input):
    """The present password; it may be left out within a few minutes of entering it."""

    current_password: Secret | None = None


class Reauthentication(_Input):
    """The present password, to open the changes that need it."""

    password: Secret


class Done(BaseModel):
    """It is done."""

    done: bool = True


class ChallengeAnswer(_Input):
    """The proof from a mail or a text message: the link's token, or the code while signed in."""

    token: LinkToken | None = None
    code: Code | None = None


class CodeAnswer(_Input):
    """The code from a text message."""

    code: Code


class ResetRequest(_Input):
    """Who forgot the password: a name, an address or a number."""

    identifier: Line


class ResetConfirmation(_Input):
    """A new password with the proof: the link's token, or the code together with who asked."""

    password: Secret
    token: LinkToken | None = None
    identifier: Line | None = None
    code: Code | None = None


class PasswordChange(_Input):
    """A new password and the present one."""

    current_password: Secret
    new_password: Secret
    end_other_sessions: bool = True


class EmailChange(PasswordProof):
    """A new address; it counts once it is confirmed."""

    email: Line


class PhoneChange(PasswordProof):
    """A new number; it counts once it is confirmed."""

    phone: Line


class PendingChange(BaseModel):
    """The change waits for its confirmation until then."""

    pending: str
    expires_at: datetime


class PasswordToJudge(_Input):
    """A password somebody is typing, with what they typed for their names."""

    password: Secret
    username: Line | None = None
    email: Line | None = None


class PasswordStrength(BaseModel):
    """How strong a password is: `score` from 0 (guessed at once) to 4, and why it would be refused."""

    score: int
    acceptable: bool
    problems: list[str]


class SecurityEventRead(BaseModel):
    """One entry of an account's security history."""

    id: UUID
    kind: SecurityEventKind
    device: str
    address: str
    created_at: datetime
