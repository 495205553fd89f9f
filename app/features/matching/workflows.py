"""Use cases of saved searches and of what is counted of customers that take several transactions."""

import time
from collections.abc import Awaitable, Callable

from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.features.matching import service

RUN_SECONDS = 8.0
"""No new step is begun after this long, so that a run never meets the limit of a task; the next one goes on."""


async def match_orders(resources: Resources) -> None:
    """Try saved searches on the orders that wait, a batch and a transaction at a time."""
    await _while_there_is_work(resources, service.match_batch)


async def tell(resources: Resources) -> None:
    """Write the letters whose moment has passed, each in a transaction of its own."""
    await _while_there_is_work(resources, service.write_next_alert_email)


async def count_customers(resources: Resources) -> None:
    """Count those who did something, a batch and a transaction at a time."""
    await _while_there_is_work(resources, service.count_stale_customers)


async def mark_customers(resources: Resources) -> None:
    """Have everybody counted anew, a batch and a transaction at a time."""
    async with unit_of_work(resources) as uow:
        last = await service.mark_all_customers(uow, None)
    while last is not None:
        async with unit_of_work(resources) as uow:
            last = await service.mark_all_customers(uow, last)


async def prune(resources: Resources) -> None:
    """Forget what was found long ago, in small transactions."""
    gone = 1
    while gone:
        async with unit_of_work(resources) as uow:
            gone = await service.prune(uow)


async def _while_there_is_work(resources: Resources, step: Callable[[UnitOfWork], Awaitable[int]]) -> None:
    began = time.monotonic()
    more = 1
    while more and time.monotonic() - began < RUN_SECONDS:
        async with unit_of_work(resources) as uow:
            more = await step(uow)
