"""Workflows of the catalogue: use cases of several transactions."""

from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.catalog import service
from app.features.catalog.schemas import Searched


async def learn_terms(resources: Resources) -> None:
    """Rebuild the search dictionaries, each in its own transaction."""
    for searched in Searched:
        async with unit_of_work(resources) as uow:
            await service.learn_terms(uow, searched)
