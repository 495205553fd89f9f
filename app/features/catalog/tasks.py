"""What the clock does to the catalogue."""

from app.core.messaging.worker import periodic
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.catalog import service
from app.features.catalog.schemas import Searched


@periodic("catalog.learn_terms")
async def learn_terms(resources: Resources) -> None:
    """Make the dictionaries of search anew."""
    for searched in Searched:
        async with unit_of_work(resources) as uow:
            await service.learn_terms(uow, searched)
