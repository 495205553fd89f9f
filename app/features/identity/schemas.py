"""The shapes of accounts on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from app.features.authentication.schemas import AccountInput, Line, PasswordConfirmation, Secret, plain

type Code = Annotated[str, Field(max_length=16), AfterValidator(plain)]
type LinkToken = Annotated[str, Field(max_length=200), AfterValidator(plain)]


class Registration(AccountInput):
    """A new account: a name, a password, and an e-mail address or a phone number or both."""

    username: Line
    password: Secret
    email: Line | None = None
    phone: Line | None = None


class ProfileChange(AccountInput):
    """What a person changes about how they are shown and addressed."""

    display_name: Annotated[str, Field(max_length=80), AfterValidator(plain)] | None = None
    locale: Annotated[str, Field(pattern="^(ru|en)$")] | None = None


class ChallengeAnswer(AccountInput):
    """The proof from a mail or a text message: the link's token, or the code while signed in."""

    token: LinkToken | None = None
    code: Code | None = None


class CodeAnswer(AccountInput):
    """The code from a text message."""

    code: Code


class ResetRequest(AccountInput):
    """Who forgot the password: a name, an address or a number."""

    identifier: Line


class ResetConfirmation(AccountInput):
    """A new password with the proof: the link's token, or the code together with who asked."""

    password: Secret
    token: LinkToken | None = None
    identifier: Line | None = None
    code: Code | None = None


class PasswordChange(AccountInput):
    """A new password and the present one."""

    current_password: Secret
    new_password: Secret
    end_other_sessions: bool = True


class EmailChange(PasswordConfirmation):
    """A new address; it counts once it is confirmed."""

    email: Line


class PhoneChange(PasswordConfirmation):
    """A new number; it counts once it is confirmed."""

    phone: Line


class PendingChange(BaseModel):
    """The change waits for its confirmation until then."""

    pending: str
    expires_at: datetime


class PasswordToRate(AccountInput):
    """A password somebody is typing, with what they typed for their names."""

    password: Secret
    username: Line | None = None
    email: Line | None = None


class PasswordStrength(BaseModel):
    """How strong a password is: `score` from 0 (guessed at once) to 4, and why it would be refused."""

    score: int
    acceptable: bool
    problems: list[str]
