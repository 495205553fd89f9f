"""Workflows of the catalogue: use cases of several transactions."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.features.catalog import service
from app.features.catalog.schemas import Searched

SEARCH_VERSION = 3
"""To be raised by a release whose migration changes `search_words`: all rows are then compared once more."""
MAX_BATCHES = 20
"""Batches per run; the rest waits for the next run."""
_FINISHED = "-"
"""Neither a key of a row nor a term."""


async def learn_terms(resources: Resources) -> None:
    """Rebuild the search dictionaries, each in its own transaction."""
    for searched in Searched:
        async with unit_of_work(resources) as uow:
            await service.learn_terms(uow, searched)


async def renew_search(resources: Resources) -> None:
    """Renew stored search columns, and drop terms that are no longer words of any text."""
    for searched in Searched:

        async def renew(uow: UnitOfWork, after: str, searched: Searched = searched) -> str | None:
            last = await service.renew_search(uow, searched, UUID(after))
            return None if last is None else str(last)

        await _renew(resources, searched.value, str(UUID(int=0)), renew)
    await _renew(resources, "terms", "", service.forget_terms)


async def _renew(
    resources: Resources, name: str, start: str, batch: Callable[[UnitOfWork, str], Awaitable[str | None]]
) -> None:
    """Run batches, one per transaction; the position is kept in Redis between runs."""
    place = f"search:renewed:{SEARCH_VERSION}:{name}"
    position = str(await resources.redis.get(place) or start)
    for _batch in range(MAX_BATCHES):
        if position == _FINISHED:
            break
        async with unit_of_work(resources) as uow:
            last = await batch(uow, position)
        position = _FINISHED if last is None else last
        await resources.redis.set(place, position)
