"""Requests and responses of accounts."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from app.features.authentication.schemas import AccountInput, Line, PasswordConfirmation, Secret, plain

type Code = Annotated[str, Field(max_length=16), AfterValidator(plain)]
type LinkToken = Annotated[str, Field(max_length=200), AfterValidator(plain)]


class Registration(AccountInput):
    """A new account: a user name, a password, and an e-mail address or a phone number or both."""

    username: Line
    password: Secret
    email: Line | None = None
    phone: Line | None = None


class ProfileChange(AccountInput):
    """Changes of the display name and the language."""

    display_name: Annotated[str, Field(max_length=80), AfterValidator(plain)] | None = None
    locale: Annotated[str, Field(pattern="^(ru|en)$")] | None = None


class ChallengeAnswer(AccountInput):
    """The answer to a challenge: the token of the link, or the code while signed in."""

    token: LinkToken | None = None
    code: Code | None = None


class CodeAnswer(AccountInput):
    """The code of a text message."""

    code: Code


class ResetRequest(AccountInput):
    """The account whose password is to be reset: a user name, an e-mail address or a phone number."""

    identifier: Line


class ResetConfirmation(AccountInput):
    """A new password with either the token of the link, or the code and the identifier of the account."""

    password: Secret
    token: LinkToken | None = None
    identifier: Line | None = None
    code: Code | None = None


class PasswordChange(AccountInput):
    """The current password and the new one."""

    current_password: Secret
    new_password: Secret
    end_other_sessions: bool = True


class EmailChange(PasswordConfirmation):
    """A new e-mail address; it takes effect when it is confirmed."""

    email: Line


class PhoneChange(PasswordConfirmation):
    """A new phone number; it takes effect when it is confirmed."""

    phone: Line


class PendingChange(BaseModel):
    """A change that waits for confirmation until `expires_at`."""

    pending: str
    expires_at: datetime


class PasswordToRate(AccountInput):
    """A password to rate, with the user name and e-mail address entered beside it."""

    password: Secret
    username: Line | None = None
    email: Line | None = None


class PasswordStrength(BaseModel):
    """The strength of a password: `score` from 0 (weakest) to 4, and the reasons to refuse it."""

    score: int
    acceptable: bool
    problems: list[str]
