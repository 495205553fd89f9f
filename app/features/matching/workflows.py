"""Use cases of saved searches and customer statistics that take several transactions."""

import time
from collections.abc import Awaitable, Callable

from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.features.matching import service

RUN_SECONDS = 8.0
"""Seconds after which a run starts no further transaction, to stay below the task's time limit; the next run continues.
"""


async def match_orders(resources: Resources) -> None:
    """Match saved searches with the queued orders, one batch per transaction."""
    await _while_there_is_work(resources, service.match_batch)


async def send_due_alerts(resources: Resources) -> None:
    """Create the alert e-mails that are due, each in its own transaction."""
    await _while_there_is_work(resources, service.write_next_alert_email)


async def count_customers(resources: Resources) -> None:
    """Recount the stale clients, one batch per transaction."""
    await _while_there_is_work(resources, service.count_stale_customers)


async def mark_customers(resources: Resources) -> None:
    """Mark all clients for a recount, one batch per transaction."""
    async with unit_of_work(resources) as uow:
        last = await service.mark_all_customers(uow, None)
    while last is not None:
        async with unit_of_work(resources) as uow:
            last = await service.mark_all_customers(uow, last)


async def prune(resources: Resources) -> None:
    """Delete old matches and alert e-mails in small transactions."""
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
