"""Loads what a fresh database needs: the catalogue always, a demonstration world when nobody is there yet."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.core.config import ROOT, Settings
from app.core.resources import Resources, open_resources
from app.core.unit_of_work import unit_of_work
from app.features.catalog import service as catalog
from app.features.catalog.schemas import CatalogData
from app.local.embedded import ServerAddresses
from app.scripts.demo import load_demo


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to load; `load` changes nothing the second time and answers how many rows it added."""

    what: str
    load: Callable[[Resources], Awaitable[int]]


CATALOGUE = ROOT / "app" / "data" / "catalog.json"


async def load_catalogue(resources: Resources) -> int:
    """Load categories and skills, or renew their names."""
    data = CatalogData.model_validate_json(CATALOGUE.read_bytes())
    async with unit_of_work(resources) as uow:
        return await catalog.load_catalogue(uow, data)


async def learn_words(resources: Resources) -> int:
    """Make the dictionary of search where there is none; from then on a worker does."""
    async with unit_of_work(resources) as uow:
        return await catalog.learn_first_terms(uow)


ALWAYS: tuple[Step, ...] = (Step("catalogue", load_catalogue),)
DEMONSTRATION: tuple[Step, ...] = (Step("demonstration", load_demo),)
AT_LAST: tuple[Step, ...] = (Step("words", learn_words),)
"""What is made of whatever was loaded."""


async def seed(settings: Settings, servers: ServerAddresses, *, demo: bool) -> str:
    """Load what is missing, in order; running it again changes nothing."""
    told: list[str] = []
    async with open_resources(settings, database_url=servers.database_url, redis_url=servers.redis_url) as resources:
        for step in (*ALWAYS, *(DEMONSTRATION if demo else ()), *AT_LAST):
            added = await step.load(resources)
            told.append(f"{step.what}: {added} new")
    return ", ".join(told) or "nothing to load"
