"""Periodic tasks of the finance pages; each tolerates being run twice, late or not at all."""

from app.core.messaging.worker import periodic
from app.core.resources import Resources
from app.features.finance import workflows


@periodic("finance.announce_expired")
async def announce_expired(resources: Resources) -> None:
    """Tell people about their corrections that nobody has decided about in time."""
    await workflows.announce_expired(resources)
