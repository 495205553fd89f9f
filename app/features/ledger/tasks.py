"""Periodic tasks of the ledger."""

from app.core.messaging.celery import TASK_SECONDS
from app.core.messaging.worker import periodic
from app.core.resources import Resources
from app.features.ledger import workflows


@periodic("ledger.check")
async def check(resources: Resources) -> int:
    """Check the whole ledger; the result is in the metric `iplance_ledger_check`."""
    return int((await workflows.check(resources, seconds=TASK_SECONDS * 3 // 4)).result)
