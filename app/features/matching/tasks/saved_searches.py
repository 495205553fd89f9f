"""Tasks of saved searches: match new and edited orders, create alert e-mails, delete old data."""

from uuid import UUID

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.catalog.events import SkillsMerged
from app.features.matching import service, workflows
from app.features.orders import events as orders


@consumer("matching.on_order_published", orders.OrderPublished)
async def on_order_published(uow: UnitOfWork, event: orders.OrderPublished, message_id: int) -> None:
    """Queue the new order for matching."""
    del message_id
    await service.enqueue_order(uow, UUID(event.order_id))


@consumer("matching.on_skills_merged", SkillsMerged)
async def on_skills_merged(uow: UnitOfWork, event: SkillsMerged, message_id: int) -> None:
    """Replace the merged skill in saved searches."""
    del message_id
    await service.replace_skill(uow, event.old, event.new)


@consumer("matching.on_order_edited", orders.OrderEdited)
async def on_order_edited(uow: UnitOfWork, event: orders.OrderEdited, message_id: int) -> None:
    """Queue the edited order for matching: it may match only now. Nobody is notified twice of one order."""
    del message_id
    await service.enqueue_order(uow, UUID(event.order_id))


@periodic(service.MATCH_TASK)
async def match_orders(resources: Resources) -> None:
    """Match saved searches with the queued orders, one batch per transaction."""
    await workflows.match_orders(resources)


@periodic("matching.tell")
async def send_due_alerts(resources: Resources) -> None:
    """Create the alert e-mails that are due, each in its own transaction."""
    await workflows.send_due_alerts(resources)


@periodic("matching.prune")
async def prune(resources: Resources) -> None:
    """Delete old matches and alert e-mails in small transactions."""
    await workflows.prune(resources)
