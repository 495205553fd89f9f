"""Use cases of the clock of a demonstration."""

from datetime import timedelta

from app.core.clock import real_now, turned_forward, utc_now
from app.core.persistence.trial_clock import TrialClockRepository
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.demonstration import rules
from app.features.demonstration.errors import ClockNotTurnableError, ClockStepError
from app.features.demonstration.events import ClockTurned
from app.features.demonstration.schemas import ClockRead


def read_clock(resources: Resources) -> ClockRead:
    """Return the time of this process, which follows the database by a second at most.

    Raises:
        ClockNotTurnableError: The instance is in production.
    """
    if not resources.settings.is_trial:
        raise ClockNotTurnableError
    turned = turned_forward()
    return ClockRead(now=utc_now(), real_now=real_now(), turned_seconds=round(turned.total_seconds()))


async def turn(uow: UnitOfWork, step: timedelta) -> timedelta:
    """Turn the clock forward; return by how much it is turned in all. Emits `ClockTurned`.

    Raises:
        ClockNotTurnableError: The instance is in production.
        ClockStepError: The step is too short or too long, or the clock is turned too far.
    """
    if not uow.resources.settings.is_trial:
        raise ClockNotTurnableError
    clock = TrialClockRepository(uow.session)
    before = await clock.lock()
    if not rules.is_allowed(step, before):
        raise ClockStepError
    await clock.turn(step)
    turned = before + step
    uow.emit(ClockTurned(turned_seconds=round(turned.total_seconds())))
    return turned
