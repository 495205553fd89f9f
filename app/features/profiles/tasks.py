"""Event consumers of profiles."""

from app.core.messaging.worker import consumer
from app.core.unit_of_work import UnitOfWork
from app.features.catalog.events import SkillsMerged
from app.features.profiles import service


@consumer("profiles.on_skills_merged", SkillsMerged)
async def on_skills_merged(uow: UnitOfWork, event: SkillsMerged, _message_id: int) -> None:
    """Replace the merged skill in all profiles."""
    await service.replace_skill(uow, event.old, event.new)
