"""Periodic tasks of the transparency log."""

from app.core.messaging.worker import periodic
from app.core.resources import Resources
from app.features.transparency import service, workflows


@periodic(service.SEAL_TASK)
async def seal(resources: Resources) -> None:
    """Seal transactions that were committed since the last run."""
    await workflows.seal(resources)


@periodic("transparency.snapshot")
async def snapshot(resources: Resources) -> None:
    """Store the sums of all accounts at the end of yesterday."""
    await workflows.snapshot(resources)


@periodic("transparency.prove_solvency")
async def prove_solvency(resources: Resources) -> None:
    """Sign what is owed to people tonight."""
    await workflows.prove_solvency(resources)
