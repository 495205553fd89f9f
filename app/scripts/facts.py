"""Counts anew what every customer's orders and decisions add up to."""

from app.core.config import Settings
from app.core.resources import Resources, open_resources
from app.core.unit_of_work import unit_of_work
from app.features.matching import service
from app.local.embedded import ServerAddresses


async def recount(resources: Resources) -> int:
    """Mark everybody who ever published an order, count them in batches, and return how many were counted."""
    async with unit_of_work(resources) as uow:
        last = await service.mark_all_customers(uow, None)
    while last is not None:
        async with unit_of_work(resources) as uow:
            last = await service.mark_all_customers(uow, last)
    total, count = 0, 1
    while count:
        async with unit_of_work(resources) as uow:
            count = await service.count_stale_customers(uow)
        total += count
    return total


async def recompute(settings: Settings, servers: ServerAddresses) -> int:
    """Do what the command line says."""
    async with open_resources(settings, database_url=servers.database_url, redis_url=servers.redis_url) as resources:
        return await recount(resources)
