"""Queries for due times of alerts and for alert e-mails."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.models import AlertEmail, AlertFrequency, AlertSettings, ScheduledAlert

type Turn = tuple[UUID, AlertFrequency]
"""A person and the alert frequency of their searches that found something."""


class AlertEmailRepository:
    """Queries for due times of alerts and for alert e-mails."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def settings_of(self, owners: Collection[UUID]) -> dict[UUID, AlertSettings]:
        """Return the alert settings of those people who have a row, by owner."""
        rows = await self._session.execute(select(AlertSettings).where(AlertSettings.owner_id.in_(owners)))
        return {row.owner_id: row for row in rows.scalars()}

    async def last_alert_emails(self, owners: Collection[UUID]) -> dict[Turn, tuple[str, datetime]]:
        """Return the period and creation time of each person's last alert e-mail of each frequency."""
        rows = await self._session.execute(
            select(
                AlertEmail.owner_id,
                AlertEmail.frequency,
                func.max(AlertEmail.period),
                func.max(AlertEmail.created_at),
            )
            .where(AlertEmail.owner_id.in_(owners))
            .group_by(AlertEmail.owner_id, AlertEmail.frequency)
        )
        return {(owner, frequency): (period, moment) for owner, frequency, period, moment in rows}

    async def set_dues(self, dues: Mapping[Turn, datetime]) -> None:
        """Insert due times; existing ones are kept.

        A conflict is resolved by an update that changes nothing. It waits for a transaction that is just sending the
        alert and deleting the row, and then inserts a new row, so that finds which that transaction did not see are not
        lost.
        """
        if not dues:
            return
        rows = [{"owner_id": turn[0], "frequency": turn[1], "due_at": dues[turn]} for turn in sorted(dues)]
        kept = {"due_at": ScheduledAlert.due_at}
        statement = insert(ScheduledAlert).values(rows)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["owner_id", "frequency"], set_=kept)
        )

    async def claim_due(self, now: datetime) -> ScheduledAlert | None:
        """Return the earliest due time that has passed and lock its row; rows locked by another worker are skipped."""
        statement = (
            select(ScheduledAlert)
            .where(ScheduledAlert.due_at <= now)
            .order_by(ScheduledAlert.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def drop_due(self, due: ScheduledAlert) -> None:
        """Delete a due time."""
        await self._session.execute(
            delete(ScheduledAlert).where(
                ScheduledAlert.owner_id == due.owner_id, ScheduledAlert.frequency == due.frequency
            )
        )

    async def drop_dues(self, owner_id: UUID) -> None:
        """Delete all due times of a person."""
        await self._session.execute(delete(ScheduledAlert).where(ScheduledAlert.owner_id == owner_id))

    async def add(self, owner_id: UUID, frequency: AlertFrequency, period: str, now: datetime) -> UUID | None:
        """Insert an alert e-mail and return its id, or None if the period already has one."""
        values = {"id": new_id(), "owner_id": owner_id, "frequency": frequency, "period": period, "created_at": now}
        statement = insert(AlertEmail).values(values).on_conflict_do_nothing().returning(AlertEmail.id)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def delete(self, letter_id: UUID) -> None:
        """Delete an alert e-mail that has no orders."""
        await self._session.execute(delete(AlertEmail).where(AlertEmail.id == letter_id))

    async def find(self, letter_id: UUID) -> AlertEmail | None:
        """Return an alert e-mail."""
        return await self._session.get(AlertEmail, letter_id)

    async def prune(self, before: datetime, limit: int) -> int:
        """Delete a batch of alert e-mails created before `before`; return how many were deleted."""
        old = select(AlertEmail.id).where(AlertEmail.created_at < before).order_by(AlertEmail.created_at).limit(limit)
        gone = await self._session.execute(delete(AlertEmail).where(AlertEmail.id.in_(old)).returning(AlertEmail.id))
        return len(gone.scalars().all())
