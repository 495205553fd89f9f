"""Periodic tasks of the catalogue."""

from app.core.messaging.worker import periodic
from app.core.resources import Resources
from app.features.catalog import workflows


@periodic("catalog.learn_terms")
async def learn_terms(resources: Resources) -> None:
    """Rebuild the search dictionaries."""
    await workflows.learn_terms(resources)


@periodic("catalog.renew_search")
async def renew_search(resources: Resources) -> None:
    """Renew the stored search columns after a change of how words are cleaned."""
    await workflows.renew_search(resources)
