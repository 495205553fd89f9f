"""Use cases of proposals and offers that take several transactions."""

from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.proposals import service

MAX_BATCHES = 20
"""Maximum number of batches per run; the next run continues."""


async def lapse_offers(resources: Resources) -> int:
    """Close offers that were not answered in time; each in its own transaction, because it locks an order."""
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
    """Remind the receiving sides of offers that lapse soon, one batch per transaction."""
    reminded = 0
    for _batch in range(MAX_BATCHES):
        async with unit_of_work(resources) as uow:
            batch = await service.remind_of_offers(uow)
        reminded += batch
        if not batch:
            break
    return reminded
