"""Errors of papers."""

from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.core.i18n import N_


class PaperNotFoundError(NotFoundError):
    """There is no such paper."""

    code = "paper-not-found"
    title = N_("There is no such document")


class PaperAlteredError(ConflictError):
    """The file that is made from a stored paper is not the one that was issued."""

    code = "paper-altered"
    title = N_("The document cannot be made again as it was")
    detail = N_("Its checksum differs from the one that was recorded. Use the copy you saved, and inform the operator.")


class PaperBeingMadeError(ConflictError):
    """The file of a paper is not made yet."""

    code = "paper-being-made"
    title = N_("The document is being made")
    detail = N_("Its number is given, and its file is made within a minute. Try again then.")


class PaperNotToSignError(ConflictError):
    """The paper needs no signature of the actor, or has it already."""

    code = "paper-not-to-sign"
    title = N_("The document does not wait for your signature")
    detail = N_("You have signed it already, or documents of this kind are not signed by you.")


class NoEmailToSignError(ConflictError):
    """The account has no confirmed e-mail address that a code could be sent to."""

    code = "no-email-to-sign"
    title = N_("There is no confirmed e-mail address")
    detail = N_("The code for the signature is sent by e-mail. Add an address in the settings and confirm it.")


class WrongSignCodeError(InvalidError):
    """The code is wrong, used, replaced by a newer one, expired, or too many wrong ones were typed."""

    code = "wrong-sign-code"
    title = N_("This code is not valid")
    detail = N_("It may be mistyped, replaced by a newer one, or be too old. Ask for a new one.")
    commits_on_error = True
