"""What the clock does to orders, and what they do when other rooms announce something."""

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.catalog.events import SkillsMerged
from app.features.orders import service, workflows


@consumer("orders.on_skills_merged", SkillsMerged)
async def on_skills_merged(uow: UnitOfWork, event: SkillsMerged, _message_id: int) -> None:
    """Let orders that asked for the one skill ask for the other."""
    await service.replace_skill(uow, event.old, event.new)


@periodic("orders.close_stale")
async def close_stale(resources: Resources) -> int:
    """Move on orders with which nobody did anything in time."""
    return await workflows.apply_due_timers(resources)


@periodic("orders.remind")
async def remind(resources: Resources) -> int:
    """Remind customers whose open orders soon expire."""
    return await workflows.remind_of_expiry(resources)
