"""What files need in the background: somebody who looks at them."""

from app.core.messaging.worker import periodic
from app.core.resources import Resources
from app.features.files import service, workflows


@periodic(service.PROCESS_TASK)
async def process_files(resources: Resources) -> None:
    """Look at the files that arrived."""
    await workflows.process_files(resources)


@periodic("files.sweep")
async def sweep_files(resources: Resources) -> None:
    """Remove what nobody needs."""
    await workflows.sweep_files(resources)


@periodic("files.sweep_strays")
async def sweep_strays(resources: Resources) -> None:
    """Remove objects that no row knows."""
    await workflows.sweep_strays(resources)


@periodic("files.scrub")
async def scrub_files(resources: Resources) -> None:
    """Read the objects that were compared longest ago, and hand out no more what is not what it was."""
    await workflows.scrub_files(resources)
