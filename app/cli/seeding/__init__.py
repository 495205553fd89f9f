"""Seeding of a fresh database: the catalogue always, demonstration data while there are no accounts."""

from app.cli.seeding.deals import load_deals
from app.cli.seeding.demo import load_demo
from app.core.actor import Actor
from app.core.config import ROOT
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.catalog import service as catalog
from app.features.catalog.schemas import CatalogData

CATALOGUE = ROOT / "app" / "data" / "catalog.json"


async def load_catalogue(resources: Resources, actor: Actor, *, reason: str = "") -> int:
    """Load categories and skills, or update their names; return how many are new."""
    data = CatalogData.model_validate_json(CATALOGUE.read_bytes())
    async with unit_of_work(resources) as uow:
        return await catalog.load_catalogue(uow, actor, data, reason=reason)


async def learn_search_terms(resources: Resources, actor: Actor, *, reason: str = "") -> int:
    """Build the dictionary of search terms if there is none; later a worker updates it. Return its number of words."""
    async with unit_of_work(resources) as uow:
        return await catalog.learn_first_terms(uow, actor, reason=reason)


async def seed(resources: Resources, actor: Actor, *, demo: bool, reason: str = "") -> str:
    """Load what is missing, in order; running it again changes nothing."""
    added = {"catalogue": await load_catalogue(resources, actor, reason=reason)}
    if demo:
        added["demonstration"] = await load_demo(resources, actor, reason=reason)
        added["deals"] = await load_deals(resources, actor, reason=reason)
    added["words"] = await learn_search_terms(resources, actor, reason=reason)
    return ", ".join(f"{what}: {count} new" for what, count in added.items())
