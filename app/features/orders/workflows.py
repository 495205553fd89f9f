"""Workflows of orders: use cases of several transactions."""

from collections.abc import Awaitable, Callable

from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.features.orders import service

MAX_BATCHES = 20
"""Batches per run; the rest waits for the next run."""


async def apply_due_timers(resources: Resources) -> int:
    """Apply due timers to orders, one batch per transaction."""
    return await _in_batches(resources, service.apply_due_timers)


async def suspend_orders(resources: Resources) -> int:
    """Hold the orders of people whose account is not active, one batch per transaction."""
    return await _in_batches(resources, service.suspend_orders)


async def remind_of_expiry(resources: Resources) -> int:
    """Remind customers whose open orders expire soon, one batch per transaction."""
    return await _in_batches(resources, service.remind_of_expiry)


async def _in_batches(resources: Resources, use_case: Callable[[UnitOfWork], Awaitable[int]]) -> int:
    done = 0
    for _batch in range(MAX_BATCHES):
        async with unit_of_work(resources) as uow:
            batch = await use_case(uow)
        done += batch
        if not batch:
            break
    return done
