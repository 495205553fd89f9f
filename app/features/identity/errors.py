"""What can go wrong with an account."""

from collections.abc import Sequence
from typing import ClassVar

from app.core.errors import (
    ConflictError,
    FieldError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
)
from app.core.i18n import N_


class TakenError(ConflictError):
    """Somebody has one of these already; `errors` names every field that is taken."""

    field: ClassVar[str]
    hint: ClassVar[str]

    def __init__(self, errors: Sequence[FieldError] | None = None) -> None:
        super().__init__(errors=errors or [FieldError(("body", self.field), self.hint)])


class UsernameTakenError(TakenError):
    """Somebody has this name already."""

    code = "username-taken"
    title = N_("This name is taken")
    detail = N_("Choose another name.")
    field = "username"
    hint = N_("This name is taken. Choose another one.")


class EmailTakenError(TakenError):
    """An account with this address exists."""

    code = "email-taken"
    title = N_("This e-mail address is taken")
    detail = N_("Sign in with it, or use another address.")
    field = "email"
    hint = N_("An account with this address exists. Sign in.")


class PhoneTakenError(TakenError):
    """An account with this number exists."""

    code = "phone-taken"
    title = N_("This phone number is taken")
    detail = N_("Sign in with it, or use another number.")
    field = "phone"
    hint = N_("An account with this number exists. Sign in.")


class AccountInputError(InvalidError):
    """Something typed for an account cannot be accepted; `errors` says what and why."""

    code = "account-input"
    title = N_("Please check what you entered")


class WrongCredentialsError(UnauthenticatedError):
    """The name or the password is wrong; which of the two is never told."""

    code = "wrong-credentials"
    title = N_("The name or the password is wrong")
    detail = N_("Check both and try again, or reset the password.")
    keeps_changes = True


class AccountBannedError(ForbiddenError):
    """The password is right and the account is blocked; whoever does not know the password is not told."""

    code = "account-banned"
    title = N_("This account is blocked")
    detail = N_("The operator of this site has blocked it. Write to them if you think this is a mistake.")


class NotSignedInError(UnauthenticatedError):
    """No valid sign-in came with the request."""

    code = "not-signed-in"
    title = N_("Please sign in")
    detail = N_("This needs a signed-in person.")


class SessionEndedError(UnauthenticatedError):
    """The session was ended or ran out."""

    code = "session-ended"
    title = N_("You have been signed out")
    detail = N_("This session has ended. Please sign in again.")


class SessionReplayedError(UnauthenticatedError):
    """A refresh token came back after it had been replaced: somebody else may hold a copy."""

    code = "session-replayed"
    title = N_("You have been signed out")
    detail = N_("An old copy of this sign-in was used, so it was ended to protect the account. Please sign in again.")
    keeps_changes = True


class WrongPasswordError(ForbiddenError):
    """The present password was asked for and is wrong."""

    code = "wrong-password"
    title = N_("The password is wrong")
    detail = N_("Enter your present password.")
    keeps_changes = True


class ReauthenticationRequiredError(ForbiddenError):
    """This needs the password again because it was entered too long ago."""

    code = "reauthentication-required"
    title = N_("Please enter your password again")
    detail = N_("This change needs your password once more.")


class NotPermittedError(ForbiddenError):
    """The person is known and has not the role for this."""

    code = "not-permitted"
    title = N_("You may not do this")


class NewAccountLimitError(RateLimitedError):
    """A new or unconfirmed account has done as much as it may within a day."""

    code = "new-account-limit"
    title = N_("A new account starts with fewer a day")
    detail = N_(
        "The limit of a new account for this is {limit} a day, until {until:%Y-%m-%d %H:%M} UTC. "
        "The next one is possible from {next:%Y-%m-%d %H:%M} UTC."
    )
    unconfirmed = N_(
        "The limit of an account without a confirmed e-mail address or phone for this is {limit} a day. "
        "Confirm one of them in the settings. The next one is possible from {next:%Y-%m-%d %H:%M} UTC."
    )
    """What is said in place of `detail` where a confirmation is what lifts the limit."""


class BadChallengeError(InvalidError):
    """The link or the code is wrong, used, replaced by a newer one, or too old."""

    code = "challenge-not-valid"
    title = N_("This link or code is not valid any more")
    detail = N_("It may have been used, replaced by a newer one, or be too old. Ask for a new one.")
    keeps_changes = True


class NothingToConfirmError(ConflictError):
    """There is no such contact, or it is confirmed already."""

    code = "nothing-to-confirm"
    title = N_("There is nothing to confirm")
    detail = N_("It is confirmed already, or it is not set.")


class SessionNotFoundError(NotFoundError):
    """There is no such session of this person."""

    code = "session-not-found"
    title = N_("There is no such session")


class PasswordServiceError(UnavailableError):
    """New passwords cannot be compared with breached ones right now, and this installation insists on it."""

    code = "password-service-unavailable"
    title = N_("The password cannot be checked right now")
    detail = N_("Please try again in a few minutes.")
