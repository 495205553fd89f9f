"""Errors of papers."""

from app.core.errors import ConflictError, NotFoundError
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
