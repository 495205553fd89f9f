"""What can be done with the catalogue: load it, read it as one value, find skills while somebody types."""

import time
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.resources import Resources
from app.core.uow import UnitOfWork
from app.features.catalog.errors import DamagedCatalogueError
from app.features.catalog.repository import CatalogRepository
from app.features.catalog.rules import Catalogue, CategoryEntry, SkillEntry, Tags, other_layout
from app.features.catalog.schemas import CatalogData

__all__ = ["Catalogue", "CategoryEntry", "SkillEntry", "Tags", "load_catalogue", "other_layout", "read_catalogue"]

_KEPT = "catalogue"
_FRESH_SECONDS = 60.0


async def read_catalogue(session: AsyncSession, resources: Resources) -> Catalogue:
    """Return the whole catalogue; a process reads it once a minute."""
    kept = cast("tuple[float, Catalogue] | None", resources.extras.get(_KEPT))
    if kept and time.monotonic() - kept[0] < _FRESH_SECONDS:
        return kept[1]
    repository = CatalogRepository(session)
    categories = tuple(
        CategoryEntry(row.id, row.slug, row.parent_id, row.name_en, row.name_ru)
        for row in await repository.categories()
    )
    skills = tuple(
        SkillEntry(row.slug, row.category_id, row.name_en, row.name_ru, tuple(row.synonyms))
        for row in await repository.skills()
    )
    catalogue = Catalogue(categories, skills)
    if categories:  # an instance that is still being set up is asked again
        resources.extras[_KEPT] = (time.monotonic(), catalogue)
    return catalogue


async def load_catalogue(uow: UnitOfWork, data: CatalogData) -> int:
    """Insert or renew categories and skills by their slugs and return how many are new; nothing is removed."""
    top = [item for item in data.categories if item.parent is None]
    known = {item.slug for item in data.categories}
    for slug, home in [(item.slug, item.parent) for item in data.categories if item.parent]:
        if home not in {item.slug for item in top}:
            raise DamagedCatalogueError(params={"slug": slug})
    for skill in data.skills:
        if skill.category not in known:
            raise DamagedCatalogueError(params={"slug": skill.slug})
    repository = CatalogRepository(uow.session)
    before = {("c", row.slug) for row in await repository.categories()}
    before |= {("s", row.slug) for row in await repository.skills()}
    keys = await repository.put_categories(top, {})
    keys |= await repository.put_categories([item for item in data.categories if item.parent], keys)
    await repository.put_skills(data.skills, keys)
    uow.resources.extras.pop(_KEPT, None)
    given = {("c", item.slug) for item in data.categories} | {("s", item.slug) for item in data.skills}
    return len(given - before)
