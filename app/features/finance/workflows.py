"""Use cases of the finance pages that open transactions of their own."""

from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.finance import service


async def announce_expired(resources: Resources) -> None:
    """Tell people about their corrections that nobody has decided about in time; the next run does the rest."""
    async with unit_of_work(resources) as uow:
        await service.announce_expired(uow)
