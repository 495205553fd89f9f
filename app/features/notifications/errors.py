"""Errors of notifications."""

from app.core.errors import NotFoundError
from app.core.i18n import N_


class NoticeNotFoundError(NotFoundError):
    """The reader has no such notification."""

    code = "notice-not-found"
    title = N_("There is no such notification")
    detail = N_("Newer news about the same thing may have taken its place: open your notifications again.")


class CaughtMailNotFoundError(NotFoundError):
    """There is no such e-mail, or this instance really sends its e-mail."""

    code = "caught-mail-not-found"
    title = N_("There is no such e-mail")
