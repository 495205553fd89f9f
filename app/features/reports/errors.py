"""Errors of reports."""

from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from app.core.i18n import N_


class ReportNotFoundError(NotFoundError):
    """The report does not exist or is not visible to the user."""

    code = "report-not-found"
    title = N_("There is no such report")
    detail = N_("The report was not found. It is seen by who sent it, and by the person it was decided against.")


class ReportedItemNotFoundError(NotFoundError):
    """The reported item does not exist or is not visible to the user."""

    code = "reported-thing-not-found"
    title = N_("There is nothing here to report")
    detail = N_("It was not found. It may have been removed meanwhile.")


class OwnContentError(ForbiddenError):
    """The user tried to report their own content."""

    code = "own-thing"
    title = N_("This is your own content")
    detail = N_("You cannot report what is yours. You can edit it, or take it back.")


class AlreadyReportedError(ConflictError):
    """The user already has an open report about this item."""

    code = "already-reported"
    title = N_("You have already reported this")
    detail = N_("Your report is being looked at. You will be told how it ends.")


class ReportClosedAlreadyError(ConflictError):
    """The report does not allow this step: it is decided, or an objection was made before."""

    code = "report-closed"
    title = N_("The report's status has changed")
    detail = N_("The report is no longer in a state that allows this. Open it again to see where it stands.")


class InvalidReportError(InvalidError):
    """Fields of the report are missing or too long."""

    code = "invalid-report"
    title = N_("Please check the report")
    detail = N_("Some fields need your attention.")
