"""When a report is due, and which decisions may follow; pure, no I/O."""

from datetime import datetime, timedelta
from uuid import UUID

from app.models.report import Report, ReportStatus, ReportSubject

LOOKED_AT_WITHIN = timedelta(hours=72)
"""What the pages promise, for a report and for an objection."""


def due(since: datetime) -> datetime:
    """Return until when somebody looks at it."""
    return since + LOOKED_AT_WITHIN


def may_close(report: Report, status: ReportStatus) -> bool:
    """Tell whether a decision is possible: on an open report, and once more on one that was objected to."""
    return status is not ReportStatus.OPEN and report.due_at is not None


def may_object(report: Report) -> bool:
    """Tell whether the reported side may answer: once, to a decision against them."""
    return report.status is ReportStatus.UPHELD and report.objection is None


HREFS: dict[ReportSubject, str] = {
    ReportSubject.ORDER: "/orders/{id}",
    ReportSubject.PROPOSAL: "/proposals/{id}",
    ReportSubject.PROFILE: "/@{title}",
    ReportSubject.CONVERSATION: "/messages/{id}",
}


def href_of(kind: ReportSubject, thing_id: UUID, title: str) -> str:
    """Return where a reported thing stands; a profile stands under the user name, which is its title."""
    return HREFS[kind].format(id=thing_id, title=title)
