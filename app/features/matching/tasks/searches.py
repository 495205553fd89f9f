"""What saved searches do in the background: they are tried on new orders, and people are told."""

import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.features.catalog.events import SkillsMerged
from app.features.matching import service
from app.features.orders import events as orders

RUN_SECONDS = 8.0
"""No new step is begun after this long, so that a run never meets the limit of a task; the next one goes on."""


@consumer("matching.on_order_published", orders.OrderPublished)
async def on_order_published(uow: UnitOfWork, event: orders.OrderPublished, message_id: int) -> None:
    """Let saved searches be tried on the new order."""
    del message_id
    await service.queue_order(uow, UUID(event.order_id))


@consumer("matching.on_skills_merged", SkillsMerged)
async def on_skills_merged(uow: UnitOfWork, event: SkillsMerged, message_id: int) -> None:
    """Let searches for the one skill be for the other."""
    del message_id
    await service.replace_skill(uow, event.old, event.new)


@consumer("matching.on_order_edited", orders.OrderEdited)
async def on_order_edited(uow: UnitOfWork, event: orders.OrderEdited, message_id: int) -> None:
    """Try them again: an order may fit only since its edit. Whoever was told is not told again."""
    del message_id
    await service.queue_order(uow, UUID(event.order_id))


async def _while_there_is_work(resources: Resources, step: Callable[[UnitOfWork], Awaitable[bool]]) -> None:
    began = time.monotonic()
    more = True
    while more and time.monotonic() - began < RUN_SECONDS:
        async with unit_of_work(resources) as uow:
            more = await step(uow)


@periodic(service.MATCH_TASK)
async def match_orders(resources: Resources) -> None:
    """Try saved searches on the orders that wait, a batch and a transaction at a time."""
    await _while_there_is_work(resources, service.match_batch)


@periodic("matching.tell")
async def tell(resources: Resources) -> None:
    """Write the letters whose moment has passed, each in a transaction of its own."""
    await _while_there_is_work(resources, service.tell_next)


@periodic("matching.prune")
async def prune(resources: Resources) -> None:
    """Forget what was found long ago, in small transactions."""
    gone = 1
    while gone:
        async with unit_of_work(resources) as uow:
            gone = await service.prune(uow)
