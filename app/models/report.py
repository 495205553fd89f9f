"""Reports about orders, proposals, profiles, conversations and direct deals, and the operator's decisions."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id

OPEN_REPORT = "uq_reports_open"
"""Name of the constraint that allows one open report per person and subject."""


class ReportSubject(StrEnum):
    """What can be reported."""

    ORDER = "order"
    PROPOSAL = "proposal"
    PROFILE = "profile"
    CONVERSATION = "conversation"
    DIRECT_DEAL = "direct_deal"


class ReportReason(StrEnum):
    """The reason of a report; each stands for a rule of the site."""

    SPAM = "spam"
    FRAUD = "fraud"
    FORBIDDEN = "forbidden"
    ABUSE = "abuse"
    FOREIGN_WORK = "foreign_work"
    OTHER = "other"


class ReportStatus(StrEnum):
    """The state of a report."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


def _values(kind: type[ReportReason]) -> list[str]:
    return [item.value for item in kind]


# Same values as the reason, in a type of its own: two CHECK constraints of one table cannot share a name.
RULE = Enum(
    ReportReason, name="reportrule", native_enum=False, create_constraint=True, length=40, values_callable=_values
)


class Report(Base):
    """A report. `title` and `evidence` store the reported content, which may be edited later."""

    __tablename__ = "reports"
    __table_args__ = (
        CheckConstraint("reporter_id <> reported_id", name="not_oneself"),
        CheckConstraint("char_length(note) <= 2000", name="note_length"),
        CheckConstraint("(status = 'open') = (closed_at IS NULL)", name="closed_has_time"),
        CheckConstraint("(status = 'open') = (verdict IS NULL)", name="closed_has_verdict"),
        CheckConstraint("status <> 'upheld' OR rule IS NOT NULL", name="upheld_names_rule"),
        CheckConstraint("(objection IS NULL) = (objected_at IS NULL)", name="objection_has_time"),
        Index(
            OPEN_REPORT,
            "reporter_id",
            "subject_kind",
            "subject_id",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index("ix_reports_reporter_id_id", "reporter_id", text("id DESC")),
        Index("ix_reports_reported_id_id", "reported_id", text("id DESC"), postgresql_where=text("rule IS NOT NULL")),
        Index("ix_reports_waiting", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    reporter_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    reported_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    subject_kind: Mapped[ReportSubject]
    subject_id: Mapped[UUID]
    title: Mapped[str]
    evidence: Mapped[str] = mapped_column(server_default=text("''"))
    reason: Mapped[ReportReason]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    status: Mapped[ReportStatus] = mapped_column(default=ReportStatus.OPEN, server_default=text("'open'"))
    due_at: Mapped[datetime | None]
    """Deadline of the operator's decision on the report or the appeal; null when nothing is pending."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    closed_at: Mapped[datetime | None]
    rule: Mapped[ReportReason | None] = mapped_column(RULE)
    """The rule that was broken according to the operator; kept when the decision is reversed."""
    verdict: Mapped[str | None]
    objection: Mapped[str | None]
    objected_at: Mapped[datetime | None]
