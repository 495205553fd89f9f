"""Periodic tasks and event consumers of orders."""

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.catalog.events import SkillsMerged
from app.features.orders import service, workflows


@consumer("orders.on_skills_merged", SkillsMerged)
async def on_skills_merged(uow: UnitOfWork, event: SkillsMerged, _message_id: int) -> None:
    """Replace the merged skill in orders."""
    await service.replace_skill(uow, event.old, event.new)


@periodic("orders.close_stale")
async def close_stale(resources: Resources) -> int:
    """Apply due timers to orders."""
    return await workflows.apply_due_timers(resources)


@periodic("orders.remind")
async def remind(resources: Resources) -> int:
    """Remind customers whose open orders expire soon."""
    return await workflows.remind_of_expiry(resources)
