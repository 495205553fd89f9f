"""Reports: what somebody found wrong with an order, a proposal, a profile or a conversation, and what became of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id

OPEN_REPORT = "uq_reports_open"
"""Name of the constraint that allows one open report per person and thing."""


class ReportSubject(StrEnum):
    """What can be reported."""

    ORDER = "order"
    PROPOSAL = "proposal"
    PROFILE = "profile"
    CONVERSATION = "conversation"


class ReportReason(StrEnum):
    """What is wrong with it; each stands for a rule of the site."""

    SPAM = "spam"
    FRAUD = "fraud"
    FORBIDDEN = "forbidden"
    ABUSE = "abuse"
    FOREIGN_WORK = "foreign_work"
    OTHER = "other"


class ReportStatus(StrEnum):
    """Where a report stands."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


def _values(kind: type[ReportReason]) -> list[str]:
    return [item.value for item in kind]


# The same words as a reason, under a name of its own: two checks of one table cannot share one.
RULE = Enum(
    ReportReason, name="reportrule", native_enum=False, create_constraint=True, length=40, values_callable=_values
)


class Report(Base):
    """One report. `title` and `evidence` keep what the thing said when it was reported: it may be edited meanwhile."""

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
    """Until when the operator looks at it: at the report, then at an objection; nothing waits where it is empty."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    closed_at: Mapped[datetime | None]
    rule: Mapped[ReportReason | None] = mapped_column(RULE)
    """The rule that was broken, by the operator's judgement; kept when the decision is taken back."""
    verdict: Mapped[str | None]
    objection: Mapped[str | None]
    objected_at: Mapped[datetime | None]
