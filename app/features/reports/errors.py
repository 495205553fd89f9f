"""How reports fail."""

from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from app.core.i18n import N_


class ReportNotFoundError(NotFoundError):
    """No such report for this reader: absent, or of other people."""

    code = "report-not-found"
    title = N_("There is no such report")
    detail = N_("The report was not found. It is seen by who sent it, and by the person it was decided against.")


class ReportedItemNotFoundError(NotFoundError):
    """The thing that is reported is not there for this reader."""

    code = "reported-thing-not-found"
    title = N_("There is nothing here to report")
    detail = N_("It was not found. It may have been removed meanwhile.")


class OwnContentError(ForbiddenError):
    """Nobody reports what is their own."""

    code = "own-thing"
    title = N_("This is your own")
    detail = N_("You cannot report what is yours. You can edit it, or take it back.")


class AlreadyReportedError(ConflictError):
    """One open report per person and thing."""

    code = "already-reported"
    title = N_("You have reported this already")
    detail = N_("Your report is being looked at. You will be told how it ends.")


class ReportClosedAlreadyError(ConflictError):
    """The report is decided, or an objection was made already."""

    code = "report-closed"
    title = N_("This report has moved on")
    detail = N_("The report is no longer in a state that allows this. Open it again to see where it stands.")


class InvalidReportError(InvalidError):
    """Fields that are missing or too long."""

    code = "invalid-report"
    title = N_("Please check the report")
    detail = N_("Some fields need your attention.")
