"""Periodic tasks of contracts."""

from app.core.messaging.worker import periodic
from app.core.resources import Resources
from app.features.contracts import workflows


@periodic("contracts.sweep_timers")
async def sweep_timers(resources: Resources) -> int:
    """Fire the timers of deals whose time is over."""
    return await workflows.sweep_timers(resources)
