"""Use cases of contracts that take several transactions."""

from functools import partial

from app.core.resources import Resources
from app.core.unit_of_work import repeated, unit_of_work
from app.features.contracts import service

MAX_BATCHES = 20
"""Maximum number of batches per run; the next run continues."""


async def sweep_timers(resources: Resources) -> int:
    """Fire the timers whose time is over, each in its own transaction, because it locks a deal."""
    fired = 0
    for _batch in range(MAX_BATCHES):
        async with unit_of_work(resources) as uow:
            due = await service.due_timers(uow)
        done = 0
        for timer_id in due:
            done += await repeated(resources, partial(service.fire_timer, timer_id=timer_id))
        fired += done
        if not done:
            break
    return fired
