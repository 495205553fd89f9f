"""What the clock does to orders."""

from app.core.resources import Resources
from app.core.uow import unit_of_work
from app.core.worker import periodic
from app.features.orders import service

MOST_BATCHES = 20
"""Of one run; what is left waits for the next."""


@periodic("orders.learn_terms")
async def learn_terms(resources: Resources) -> None:
    """Make the dictionary of search anew."""
    async with unit_of_work(resources) as uow:
        await service.learn_terms(uow)


@periodic("orders.close_stale")
async def close_stale(resources: Resources) -> int:
    """End open orders whose customers did nothing in time, a batch and a transaction at a time."""
    ended = 0
    for _batch in range(MOST_BATCHES):
        async with unit_of_work(resources) as uow:
            batch = await service.end_stale_orders(uow)
        ended += batch
        if not batch:
            break
    return ended
