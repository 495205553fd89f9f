"""What saved searches do in the background: they are tried on new orders, and people are told."""

from uuid import UUID

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.catalog.events import SkillsMerged
from app.features.matching import service, workflows
from app.features.orders import events as orders


@consumer("matching.on_order_published", orders.OrderPublished)
async def on_order_published(uow: UnitOfWork, event: orders.OrderPublished, message_id: int) -> None:
    """Let saved searches be tried on the new order."""
    del message_id
    await service.enqueue_order(uow, UUID(event.order_id))


@consumer("matching.on_skills_merged", SkillsMerged)
async def on_skills_merged(uow: UnitOfWork, event: SkillsMerged, message_id: int) -> None:
    """Let searches for the one skill be for the other."""
    del message_id
    await service.replace_skill(uow, event.old, event.new)


@consumer("matching.on_order_edited", orders.OrderEdited)
async def on_order_edited(uow: UnitOfWork, event: orders.OrderEdited, message_id: int) -> None:
    """Try them again: an order may fit only since its edit. Whoever was told is not told again."""
    del message_id
    await service.enqueue_order(uow, UUID(event.order_id))


@periodic(service.MATCH_TASK)
async def match_orders(resources: Resources) -> None:
    """Try saved searches on the orders that wait, a batch and a transaction at a time."""
    await workflows.match_orders(resources)


@periodic("matching.tell")
async def tell(resources: Resources) -> None:
    """Write the letters whose moment has passed, each in a transaction of its own."""
    await workflows.tell(resources)


@periodic("matching.prune")
async def prune(resources: Resources) -> None:
    """Forget what was found long ago, in small transactions."""
    await workflows.prune(resources)
