"""The table that says by how much the clock of a trial was turned forward, and the database's own time with it."""

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, DateTime, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.functions import Function

from app.core.database import Base

THE_ROW = 1


class TrialClock(Base):
    """The only row; a trigger refuses a smaller number, a second row and the removal of the first."""

    __tablename__ = "trial_clock"
    __table_args__ = (
        CheckConstraint(f"id = {THE_ROW}", name="one_row"),
        CheckConstraint("turned_seconds >= 0", name="turned_seconds"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    turned_seconds: Mapped[int] = mapped_column(server_default="0")


class TrialClockRepository:
    """Reads and changes the row."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def turned(self) -> timedelta:
        """Return by how much the clock was turned forward."""
        found = await self._session.scalar(select(TrialClock.turned_seconds))
        return timedelta(seconds=found or 0)

    async def lock(self) -> timedelta:
        """Return the same, and make others who turn it wait for the end of this transaction."""
        found = await self._session.scalar(select(TrialClock.turned_seconds).with_for_update())
        return timedelta(seconds=found or 0)

    async def turn(self, by: timedelta) -> None:
        """Turn the clock forward."""
        seconds = TrialClock.turned_seconds + round(by.total_seconds())
        await self._session.execute(update(TrialClock).values(turned_seconds=seconds))


def database_now() -> Function[datetime]:
    """Return the SQL of the current time: rules and timers compare with it, so that no process is early."""
    return func.app_now(type_=DateTime(timezone=True))
