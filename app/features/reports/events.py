"""Events of reports."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSent(DomainEvent):
    """A report was sent."""

    topic: ClassVar[str] = "reports.report_sent"
    report_id: str
    subject_kind: str
    subject_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportClosed(DomainEvent):
    """An operator decided a report; `before` distinguishes a first decision from one after an objection."""

    topic: ClassVar[str] = "reports.report_closed"
    report_id: str
    reporter_id: str
    reported_id: str
    before: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAppealed(DomainEvent):
    """The reported user objected to the decision."""

    topic: ClassVar[str] = "reports.report_objected"
    report_id: str
    reported_id: str
