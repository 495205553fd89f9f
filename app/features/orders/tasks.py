"""What the clock does to orders, and what they do when other rooms announce something."""

from collections.abc import Awaitable, Callable

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.features.catalog.events import SkillsMerged
from app.features.orders import service

MOST_BATCHES = 20
"""Of one run; what is left waits for the next."""


@consumer("orders.on_skills_merged", SkillsMerged)
async def on_skills_merged(uow: UnitOfWork, event: SkillsMerged, _message_id: int) -> None:
    """Let orders that asked for the one skill ask for the other."""
    await service.replace_skill(uow, event.old, event.new)


@periodic("orders.close_stale")
async def close_stale(resources: Resources) -> int:
    """Move on orders with which nobody did anything in time, a batch and a transaction at a time."""
    return await _in_batches(resources, service.end_stale_orders)


@periodic("orders.remind")
async def remind(resources: Resources) -> int:
    """Remind customers whose open orders soon expire."""
    return await _in_batches(resources, service.remind_of_ends)


async def _in_batches(resources: Resources, verb: Callable[[UnitOfWork], Awaitable[int]]) -> int:
    done = 0
    for _batch in range(MOST_BATCHES):
        async with unit_of_work(resources) as uow:
            batch = await verb(uow)
        done += batch
        if not batch:
            break
    return done
