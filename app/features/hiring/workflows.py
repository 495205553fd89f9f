"""Use cases of direct deals that take several transactions."""

from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.hiring import service

MAX_BATCHES = 20
"""Batches per run; the rest waits for the next run."""


async def expire(resources: Resources) -> int:
    """Close the direct deals that were not answered in time, one batch per transaction."""
    done = 0
    for _batch in range(MAX_BATCHES):
        async with unit_of_work(resources) as uow:
            batch = await service.expire(uow)
        done += batch
        if not batch:
            break
    return done
