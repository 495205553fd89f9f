"""Periodic tasks of files."""

from app.core.messaging.worker import periodic
from app.core.resources import Resources
from app.features.files import service, workflows


@periodic(service.PROCESS_TASK)
async def process_files(resources: Resources) -> None:
    """Check uploaded files."""
    await workflows.process_files(resources)


@periodic("files.sweep")
async def sweep_files(resources: Resources) -> None:
    """Remove abandoned uploads, unattached files and bytes that are due for deletion."""
    await workflows.sweep_files(resources)


@periodic("files.sweep_strays")
async def remove_orphans(resources: Resources) -> None:
    """Remove objects without a row."""
    await workflows.remove_orphans(resources)


@periodic("files.scrub")
async def scrub_files(resources: Resources) -> None:
    """Verify the objects that were verified longest ago, and stop serving damaged ones."""
    await workflows.scrub_files(resources)
