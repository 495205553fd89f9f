"""Turns the clock of a demonstration: in the database, then in this process and at the provider of trial payments."""

from datetime import timedelta

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.clock import keep_turned, utc_now
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.demonstration import service
from app.gateways.payments import turn_provider_clock


async def turn_clock(resources: Resources, actor: Actor, step: timedelta) -> bool | None:
    """Turn the clock forward; what is due happens as soon as a worker has taken the event.

    Returns:
        Whether the provider of trial payments has the same time now; None where there is none. One that did not answer
        follows at the next turn.

    Raises:
        ClockNotTurnableError: The instance is in production.
        ClockStepError: The step is too short or too long, or the clock is turned too far.
    """
    async with unit_of_work(resources) as uow:
        turned = await service.turn(uow, step)
        old, new = (round(value.total_seconds()) for value in (turned - step, turned))
        record_audit(uow.session, actor, "clock.turn", "trial_clock", old={"seconds": old}, new={"seconds": new})
    keep_turned(turned)
    return await turn_provider_clock(resources.settings, utc_now())
