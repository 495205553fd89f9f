"""Periodic tasks of payments; each tolerates being run twice, late or not at all."""

from app.core.messaging.worker import periodic
from app.core.resources import Resources
from app.features.payments import service, workflows


@periodic(service.SEND_TASK)
async def send(resources: Resources) -> None:
    """Ask the provider about everything that is due; the rest waits for the next run."""
    await workflows.run_due(resources)


@periodic(service.INBOX_TASK)
async def read_inbox(resources: Resources) -> None:
    """Handle the messages that have arrived."""
    await workflows.read_inbox(resources)


@periodic("payments.lapse_withdrawals")
async def lapse_withdrawals(resources: Resources) -> None:
    """Put withdrawals about which nobody has decided in time into the wallet again."""
    await workflows.lapse_withdrawals(resources)


@periodic("payments.reconcile")
async def reconcile(resources: Resources) -> None:
    """Compare the provider's books of the last days with ours."""
    await workflows.reconcile(resources)
