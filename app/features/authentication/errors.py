"""Errors of sign-in and sessions."""

from app.core.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
)
from app.core.i18n import N_


class AccountInputError(InvalidError):
    """Account data is not acceptable; `errors` lists the fields."""

    code = "account-input"
    title = N_("Please check what you entered")


class WrongCredentialsError(UnauthenticatedError):
    """The identifier or the password is wrong; the error does not tell which."""

    code = "wrong-credentials"
    title = N_("The name or the password is wrong")
    detail = N_("Check both and try again, or reset the password.")
    commits_on_error = True


class AccountBannedError(ForbiddenError):
    """The account is banned; raised only after the password was verified."""

    code = "account-banned"
    title = N_("This account is blocked")
    detail = N_("The operator of this site has blocked it. Write to them if you think this is a mistake.")


class NotSignedInError(UnauthenticatedError):
    """The request has no valid session."""

    code = "not-signed-in"
    title = N_("Please sign in")
    detail = N_("This needs a signed-in person.")


class SessionEndedError(UnauthenticatedError):
    """The session was ended or has expired."""

    code = "session-ended"
    title = N_("You have been signed out")
    detail = N_("This session has ended. Please sign in again.")


class SessionReplayedError(UnauthenticatedError):
    """A replaced refresh token was used again, so somebody else may have a copy."""

    code = "session-replayed"
    title = N_("You have been signed out")
    detail = N_("An old copy of this sign-in was used, so it was ended to protect the account. Please sign in again.")
    commits_on_error = True


class WrongPasswordError(ForbiddenError):
    """The current password is required and the one sent is wrong."""

    code = "wrong-password"
    title = N_("The password is wrong")
    detail = N_("Enter your present password.")
    commits_on_error = True


class ReauthenticationRequiredError(ForbiddenError):
    """The action requires a recently entered password."""

    code = "reauthentication-required"
    title = N_("Please enter your password again")
    detail = N_("This change needs your password once more.")


class NotPermittedError(ForbiddenError):
    """The user lacks the required role."""

    code = "not-permitted"
    title = N_("You may not do this")


class SessionNotFoundError(NotFoundError):
    """The user has no such active session."""

    code = "session-not-found"
    title = N_("There is no such session")
