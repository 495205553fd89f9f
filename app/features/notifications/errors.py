"""What can go wrong with notices."""

from app.core.errors import NotFoundError
from app.core.i18n import N_


class NoticeNotFoundError(NotFoundError):
    """There is no such notice among the reader's own."""

    code = "notice-not-found"
    title = N_("There is no such notice")


class CaughtMailNotFoundError(NotFoundError):
    """There is no such mail, or this instance sends its mail for real."""

    code = "caught-mail-not-found"
    title = N_("There is no such mail")
