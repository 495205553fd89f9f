"""What reports announce."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSent(DomainEvent):
    """Somebody reported something."""

    topic: ClassVar[str] = "reports.report_sent"
    report_id: str
    subject_kind: str
    subject_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportClosed(DomainEvent):
    """The operator decided; `before` tells a first decision from one that answers an objection."""

    topic: ClassVar[str] = "reports.report_closed"
    report_id: str
    reporter_id: str
    reported_id: str
    before: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportObjected(DomainEvent):
    """The person it was decided against has answered."""

    topic: ClassVar[str] = "reports.report_objected"
    report_id: str
    reported_id: str
