"""Reads by how much the clock of a trial was turned forward, so that every process has the time of the database.

A web process reads it each second, a worker before each task, a command when it starts. Until then its time is earlier
than the database's, so what is due happens late and never early. Production reads it at start only, to refuse a
database whose clock was turned.
"""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core.clock import keep_turned
from app.core.persistence.trial_clock import TrialClockRepository
from app.core.resources import Resources

log = structlog.get_logger()

LOOK_SECONDS = 1.0


class ClockTurnedError(RuntimeError):
    """The clock of the database was turned forward, and the instance is in production."""


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
