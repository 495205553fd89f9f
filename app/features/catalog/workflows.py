"""Workflows of the catalogue: use cases of several transactions."""

from uuid import UUID

from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.catalog import service
from app.features.catalog.schemas import Searched

SEARCH_VERSION = 2
"""To be raised by a release whose migration changes `search_words`: all rows are then compared once more."""
MAX_BATCHES = 20
"""Batches per run; the rest waits for the next run."""
_FINISHED = "finished"


async def learn_terms(resources: Resources) -> None:
    """Rebuild the search dictionaries, each in its own transaction."""
    for searched in Searched:
        async with unit_of_work(resources) as uow:
            await service.learn_terms(uow, searched)


async def renew_search(resources: Resources) -> None:
    """Renew stored search columns, one batch per transaction; the position is kept in Redis between runs."""
    for searched in Searched:
        place = f"search:renewed:{SEARCH_VERSION}:{searched.value}"
        position = str(await resources.redis.get(place) or UUID(int=0))
        for _batch in range(MAX_BATCHES):
            if position == _FINISHED:
                break
            async with unit_of_work(resources) as uow:
                last = await service.renew_search(uow, searched, UUID(position))
            position = _FINISHED if last is None else str(last)
            await resources.redis.set(place, position)
