"""Periodic tasks of papers."""

from app.core.messaging.worker import periodic
from app.core.resources import Resources
from app.features.papers import service, workflows


@periodic(service.MAKE_TASK)
async def make_files(resources: Resources) -> int:
    """Make the files of papers that were issued."""
    return await workflows.make_files(resources)
