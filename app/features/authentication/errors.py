"""What can go wrong with signing in and with sessions."""

from app.core.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
)
from app.core.i18n import N_


class AccountInputError(InvalidError):
    """Something typed for an account cannot be accepted; `errors` says what and why."""

    code = "account-input"
    title = N_("Please check what you entered")


class WrongCredentialsError(UnauthenticatedError):
    """The name or the password is wrong; which of the two is never told."""

    code = "wrong-credentials"
    title = N_("The name or the password is wrong")
    detail = N_("Check both and try again, or reset the password.")
    commits_on_error = True


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
    commits_on_error = True


class WrongPasswordError(ForbiddenError):
    """The present password was asked for and is wrong."""

    code = "wrong-password"
    title = N_("The password is wrong")
    detail = N_("Enter your present password.")
    commits_on_error = True


class ReauthenticationRequiredError(ForbiddenError):
    """This needs the password again because it was entered too long ago."""

    code = "reauthentication-required"
    title = N_("Please enter your password again")
    detail = N_("This change needs your password once more.")


class NotPermittedError(ForbiddenError):
    """The person is known and has not the role for this."""

    code = "not-permitted"
    title = N_("You may not do this")


class SessionNotFoundError(NotFoundError):
    """There is no such session of this person."""

    code = "session-not-found"
    title = N_("There is no such session")
