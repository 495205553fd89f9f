"""What proposals do when orders announce something, and what the clock does to offers."""

from uuid import UUID

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.features.orders.events import OrderClosed
from app.features.proposals import service

MOST_BATCHES = 20
"""Of one run; what is left waits for the next."""


@consumer("proposals.on_order_closed", OrderClosed)
async def on_order_closed(uow: UnitOfWork, event: OrderClosed, _message_id: int) -> None:
    """Decline the proposals that nobody decided on."""
    await service.lapse_proposals(uow, UUID(event.order_id))


@periodic("proposals.lapse_offers")
async def lapse_offers(resources: Resources) -> int:
    """End offers that were not answered in time, each in a transaction of its own: it locks its order."""
    ended = 0
    for _batch in range(MOST_BATCHES):
        async with unit_of_work(resources) as uow:
            over = await service.offers_over(uow)
        for offer_id in over:
            async with unit_of_work(resources) as uow:
                ended += await service.lapse_offer(uow, offer_id)
        if not over:
            break
    return ended


@periodic("proposals.remind_of_offers")
async def remind_of_offers(resources: Resources) -> int:
    """Remind those before whom an offer lies that it soon lapses."""
    reminded = 0
    for _batch in range(MOST_BATCHES):
        async with unit_of_work(resources) as uow:
            batch = await service.remind_of_offers(uow)
        reminded += batch
        if not batch:
            break
    return reminded
