"""Use cases of proposals and offers that take several transactions."""

from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.proposals import service

MAX_BATCHES = 20
"""Of one run; what is left waits for the next."""


async def lapse_offers(resources: Resources) -> int:
    """End offers that were not answered in time, each in a transaction of its own: it locks its order."""
    ended = 0
    for _batch in range(MAX_BATCHES):
        async with unit_of_work(resources) as uow:
            over = await service.expired_offers(uow)
        for offer_id in over:
            async with unit_of_work(resources) as uow:
                ended += await service.lapse_offer(uow, offer_id)
        if not over:
            break
    return ended


async def remind_of_offers(resources: Resources) -> int:
    """Remind those before whom an offer lies that it soon lapses, a batch and a transaction at a time."""
    reminded = 0
    for _batch in range(MAX_BATCHES):
        async with unit_of_work(resources) as uow:
            batch = await service.remind_of_offers(uow)
        reminded += batch
        if not batch:
            break
    return reminded
