"""The table that says by how much the clock of a trial was turned forward, and the database's own time with it.

Every process of a trial reads it: a web process each second, a worker before each task, a command when it starts. Until
then its time is earlier than the database's, so what is due happens late and never early. Production reads it at start
only, to refuse a database whose clock was turned.
"""

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy import CheckConstraint, DateTime, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.functions import Function

from app.core.clock import keep_turned
from app.core.database import Base
from app.core.resources import Resources

log = structlog.get_logger()

LOOK_SECONDS = 1.0
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


class ClockTurnedError(RuntimeError):
    """The clock of the database was turned forward, and the instance is in production."""


def database_now() -> Function[datetime]:
    """Return the SQL of the current time: rules and timers compare with it, so that no process is early."""
    return func.app_now(type_=DateTime(timezone=True))


async def read_clock(resources: Resources) -> timedelta:
    """Read by how much the clock is turned forward, and keep it for this process; production reads nothing."""
    if not resources.settings.is_trial:
        return timedelta()
    async with resources.read_sessions() as session:
        turned = await TrialClockRepository(session).turned()
    keep_turned(turned)
    return turned


async def refuse_turned_clock(resources: Resources) -> None:
    """Refuse to work in production on a database whose clock was turned forward: deadlines would pass early.

    Raises:
        ClockTurnedError: It was.
    """
    if resources.settings.is_trial:
        return
    async with resources.read_sessions() as session:
        turned = await TrialClockRepository(session).turned()
    if turned:
        raise ClockTurnedError(
            f"The clock of this database was turned forward by {turned} in a trial, so its deadlines are not those of "
            "the world: production starts with a database of its own."
        )


async def follow_clock(resources: Resources) -> None:
    """Read the clock again and again, until the task is cancelled."""
    while resources.settings.is_trial:
        try:
            await read_clock(resources)
        except (SQLAlchemyError, OSError) as error:
            await log.awarning("clock_not_read", error=type(error).__name__)
        await asyncio.sleep(LOOK_SECONDS)
