"""Errors of accounts."""

from collections.abc import Sequence
from typing import ClassVar

from app.core.errors import (
    ConflictError,
    FieldError,
    ForbiddenError,
    InvalidError,
    RateLimitedError,
    UnavailableError,
)
from app.core.i18n import N_


class TakenError(ConflictError):
    """A unique field has the value of another account; `errors` lists every such field."""

    field: ClassVar[str]
    hint: ClassVar[str]

    def __init__(self, errors: Sequence[FieldError] | None = None) -> None:
        super().__init__(errors=errors or [FieldError(("body", self.field), self.hint)])


class UsernameTakenError(TakenError):
    """Another account has this user name."""

    code = "username-taken"
    title = N_("This name is taken")
    detail = N_("Choose another name.")
    field = "username"
    hint = N_("This name is taken. Choose another one.")


class EmailTakenError(TakenError):
    """Another account has this e-mail address."""

    code = "email-taken"
    title = N_("This e-mail address is taken")
    detail = N_("Sign in with it, or use another address.")
    field = "email"
    hint = N_("An account with this address exists. Sign in.")


class PhoneTakenError(TakenError):
    """Another account has this phone number."""

    code = "phone-taken"
    title = N_("This phone number is taken")
    detail = N_("Sign in with it, or use another number.")
    field = "phone"
    hint = N_("An account with this number exists. Sign in.")


class NewAccountLimitError(RateLimitedError):
    """A new or unconfirmed account has reached its limit for 24 hours."""

    code = "new-account-limit"
    title = N_("Daily limit for new accounts reached")
    detail = N_(
        "The limit of a new account for this is {limit} a day, until {until:%Y-%m-%d %H:%M} UTC. "
        "The next one is possible from {next:%Y-%m-%d %H:%M} UTC."
    )
    unconfirmed = N_(
        "The limit of an account without a confirmed e-mail address or phone for this is {limit} a day. "
        "Confirm one of them in the settings. The next one is possible from {next:%Y-%m-%d %H:%M} UTC."
    )
    """Used instead of `detail` when confirming a contact would raise the limit."""


class ContactNotConfirmedError(ForbiddenError):
    """The account has neither a confirmed e-mail address nor a confirmed phone number."""

    code = "contact-not-confirmed"
    title = N_("Confirm your e-mail address or phone number first")
    detail = N_(
        "Invitations and first messages are sent to people as mails, so they need a confirmed account. "
        "Confirm your e-mail address or phone number in Settings → Security, then send this again."
    )


class BadChallengeError(InvalidError):
    """The link or code is wrong, used, replaced by a newer one, or expired."""

    code = "challenge-not-valid"
    title = N_("This link or code is no longer valid")
    detail = N_("It may have been used, replaced by a newer one, or be too old. Ask for a new one.")
    commits_on_error = True


class AccountInUseError(ConflictError):
    """Money of the account or a contract of it has not come to its end."""

    code = "account-in-use"
    title = N_("The account cannot be closed yet")
    detail = N_("The account cannot be closed yet. {reasons}")


class NothingToConfirmError(ConflictError):
    """The contact is missing or already confirmed."""

    code = "nothing-to-confirm"
    title = N_("There is nothing to confirm")
    detail = N_("It is confirmed already, or it is not set.")


class PasswordServiceError(UnavailableError):
    """The service of breached passwords does not answer, and the settings require its check."""

    code = "password-service-unavailable"
    title = N_("The password cannot be checked right now")
    detail = N_("Please try again in a few minutes.")


class RatingBusyError(UnavailableError):
    """Too many passwords are being rated."""

    code = "rating-busy"
    title = N_("The strength cannot be shown right now")
    detail = N_("Choose a long password that you use nowhere else; it is checked when you send the form.")
