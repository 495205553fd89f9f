"""Rules for the deadlines and the allowed decisions of reports; pure functions."""

from datetime import datetime, timedelta
from uuid import UUID

from app.models.report import Report, ReportStatus, ReportSubject

REVIEW_TIME = timedelta(hours=72)
"""The time limit for a decision on a report or an objection, as stated on the pages."""


def due(since: datetime) -> datetime:
    """Return the deadline for a decision."""
    return since + REVIEW_TIME


def may_close(report: Report, status: ReportStatus) -> bool:
    """Tell whether the report can be decided: when it is open, and once more after an objection."""
    return status is not ReportStatus.OPEN and report.due_at is not None


def may_object(report: Report) -> bool:
    """Tell whether the reported user may object: once, to a decision against them."""
    return report.status is ReportStatus.UPHELD and report.objection is None


HREFS: dict[ReportSubject, str] = {
    ReportSubject.ORDER: "/orders/{id}",
    ReportSubject.PROPOSAL: "/proposals/{id}",
    ReportSubject.PROFILE: "/@{title}",
    ReportSubject.CONVERSATION: "/messages/{id}",
    ReportSubject.DIRECT_DEAL: "/deals/{id}",
}


def href_of(kind: ReportSubject, thing_id: UUID, title: str) -> str:
    """Return the path of a reported item; for a profile, `title` is the user name."""
    return HREFS[kind].format(id=thing_id, title=title)
