"""Queries for reports."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import constraint_of
from app.features.reports.errors import AlreadyReportedError
from app.models.report import OPEN_REPORT, Report, ReportStatus, ReportSubject


class ReportRepository:
    """Queries for reports."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def insert(self, report: Report) -> None:
        """Insert a new report.

        Raises:
            AlreadyReportedError: The user has an open report about the same item.
        """
        self._session.add(report)
        try:
            await self._session.flush()
        except IntegrityError as wrong:
            if constraint_of(wrong) == OPEN_REPORT:
                raise AlreadyReportedError from wrong
            raise

    async def get(self, report_id: UUID) -> Report | None:
        """Return the report, or None."""
        return (await self._session.execute(select(Report).where(Report.id == report_id))).scalar_one_or_none()

    async def get_for_update(self, report_id: UUID) -> Report | None:
        """Lock the report until the transaction ends and return it, or None."""
        statement = select(Report).where(Report.id == report_id).with_for_update()
        return (await self._session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()

    async def open_of(self, reporter_id: UUID, kind: ReportSubject, subject_id: UUID) -> UUID | None:
        """Return the id of a user's open report about an item, or None."""
        statement = select(Report.id).where(
            Report.reporter_id == reporter_id,
            Report.subject_kind == kind,
            Report.subject_id == subject_id,
            Report.status == ReportStatus.OPEN,
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def sent_by(self, reporter_id: UUID, before: UUID | None, limit: int) -> Sequence[Report]:
        """Return the reports a user sent, newest first."""
        statement = select(Report).where(Report.reporter_id == reporter_id)
        if before is not None:
            statement = statement.where(Report.id < before)
        return (await self._session.execute(statement.order_by(Report.id.desc()).limit(limit))).scalars().all()

    async def decided_against(self, reported_id: UUID, before: UUID | None, limit: int) -> Sequence[Report]:
        """Return the reports once upheld against a user, including reversed decisions, newest first."""
        statement = select(Report).where(Report.reported_id == reported_id, Report.rule.is_not(None))
        if before is not None:
            statement = statement.where(Report.id < before)
        return (await self._session.execute(statement.order_by(Report.id.desc()).limit(limit))).scalars().all()

    async def waiting(self, limit: int) -> Sequence[Report]:
        """Return the reports that wait for a decision, earliest deadline first."""
        statement = select(Report).where(Report.due_at.is_not(None)).order_by(Report.due_at, Report.id).limit(limit)
        return (await self._session.execute(statement)).scalars().all()

    async def count_waiting(self, overdue_at: datetime) -> tuple[int, int]:
        """Count the reports that wait for a decision, and those of them past their deadline."""
        late = func.count().filter(Report.due_at < overdue_at)
        statement = select(func.count(), late).where(Report.due_at.is_not(None))
        row = (await self._session.execute(statement)).one()
        return row[0], row[1]
