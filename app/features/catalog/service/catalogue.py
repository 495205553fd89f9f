"""Use cases of the catalogue: load, read, merge and rename skills, change synonyms."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.resources import ContextState, Resources
from app.core.unit_of_work import UnitOfWork
from app.features.catalog.errors import DamagedCatalogueError, SkillNameTakenError, UnknownSkillError
from app.features.catalog.events import SkillsMerged
from app.features.catalog.repository import CatalogRepository
from app.features.catalog.rules import Catalogue, CategoryEntry, SkillEntry, fold
from app.features.catalog.schemas import CatalogData
from app.models import Skill

_FRESH_SECONDS = 60.0


@dataclass(slots=True)
class _Cache:
    """The catalogue cached by this process."""

    catalogue: Catalogue | None = None
    read_at: float = 0.0


_CACHE = ContextState(lambda _resources: _Cache())


async def read_catalogue(session: AsyncSession, resources: Resources) -> Catalogue:
    """Return the whole catalogue; each process reads it at most once a minute."""
    kept = _CACHE.of(resources)
    if kept.catalogue and time.monotonic() - kept.read_at < _FRESH_SECONDS:
        return kept.catalogue
    repository = CatalogRepository(session)
    categories = tuple(
        CategoryEntry(row.id, row.slug, row.parent_id, row.name_en, row.name_ru)
        for row in await repository.categories()
    )
    skills = tuple(
        SkillEntry(row.slug, row.category_id, row.name_en, row.name_ru, tuple(row.synonyms))
        for row in await repository.skills()
    )
    catalogue = Catalogue(categories, skills, await repository.aliases())
    if categories:  # an empty catalogue is not cached, because the instance is still being set up
        kept.catalogue, kept.read_at = catalogue, time.monotonic()
    return catalogue


async def load_catalogue(uow: UnitOfWork, actor: Actor, data: CatalogData, *, reason: str = "") -> int:
    """Insert or update categories and skills by their slugs and return how many are new; nothing is removed."""
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
    gone = await repository.aliases()
    await repository.put_skills([item for item in data.skills if item.slug not in gone], keys)
    _CACHE.of(uow.resources).catalogue = None
    given = {("c", item.slug) for item in data.categories} | {("s", item.slug) for item in data.skills}
    added = len(given - before)
    new = {"categories": len(data.categories), "skills": len(data.skills), "added": added}
    record_audit(uow.session, actor, "catalogue.load", "catalogue", new=new, reason=reason)
    return added


async def merge_skills(uow: UnitOfWork, actor: Actor, old: str, new: str, *, reason: str = "") -> Skill:
    """Merge two skills: the names of the old one become names of the new one.

    Emits `SkillsMerged`; its consumers update orders, profiles and saved searches.

    Raises:
        UnknownSkillError: One of them does not exist, or they are the same.
    """
    repository = CatalogRepository(uow.session)
    found = await repository.lock_skills([old, new])
    for slug in (old, new):
        if slug not in found or old == new:
            raise UnknownSkillError(params={"skill": slug})
    gone, kept = found[old], found[new]
    before = {old: _values(gone), new: _values(kept)}
    names = [*kept.synonyms, gone.name_en, gone.name_ru, *gone.synonyms]
    kept.synonyms = _without(names, {fold(kept.name_en), fold(kept.name_ru), kept.slug})
    kept.edited = True
    await repository.merge(gone, kept)
    record_audit(uow.session, actor, "skill.merge", old, old=before, new={new: _values(kept)}, reason=reason)
    uow.emit(SkillsMerged(old=old, new=new))
    _clear_cache(uow)
    return kept


async def rename_skill(
    uow: UnitOfWork, actor: Actor, slug: str, *, name_en: str | None, name_ru: str | None, reason: str = ""
) -> Skill:
    """Rename a skill in one or both languages; the previous name becomes a synonym.

    Raises:
        UnknownSkillError: The skill does not exist.
        SkillNameTakenError: The name belongs to another skill.
    """
    skill = await _editable(uow, slug, [name for name in (name_en, name_ru) if name])
    before, names = _values(skill), [*skill.synonyms, skill.name_en, skill.name_ru]
    skill.name_en, skill.name_ru = name_en or skill.name_en, name_ru or skill.name_ru
    skill.synonyms = _without(names, {fold(skill.name_en), fold(skill.name_ru), skill.slug})
    record_audit(uow.session, actor, "skill.rename", slug, old=before, new=_values(skill), reason=reason)
    return skill


async def change_synonyms(
    uow: UnitOfWork, actor: Actor, slug: str, *, add: Sequence[str], remove: Sequence[str], reason: str = ""
) -> Skill:
    """Add synonyms to a skill and remove others.

    Raises:
        UnknownSkillError: The skill does not exist.
        SkillNameTakenError: A word belongs to another skill.
    """
    skill = await _editable(uow, slug, add)
    before = _values(skill)
    skill.synonyms = _without([*skill.synonyms, *add], {fold(word) for word in remove})
    record_audit(uow.session, actor, "skill.change_synonyms", slug, old=before, new=_values(skill), reason=reason)
    return skill


def _values(skill: Skill) -> dict[str, object]:
    return {"name_en": skill.name_en, "name_ru": skill.name_ru, "synonyms": list(skill.synonyms)}


async def _editable(uow: UnitOfWork, slug: str, names: Sequence[str]) -> Skill:
    found = await CatalogRepository(uow.session).lock_skills([slug])
    if slug not in found:
        raise UnknownSkillError(params={"skill": slug})
    _clear_cache(uow)
    catalogue = await read_catalogue(uow.session, uow.resources)
    for name in names:
        other = catalogue.resolve(name)
        if other is not None and other.slug != slug:
            raise SkillNameTakenError(params={"name": name, "skill": other.slug})
    found[slug].edited = True
    _clear_cache(uow)
    return found[slug]


def _without(names: Sequence[str], known: set[str]) -> list[str]:
    """Return the new names, without duplicates."""
    kept = {fold(name): " ".join(name.split()) for name in reversed(names) if fold(name)}
    return [kept[key] for key in dict.fromkeys(map(fold, names)) if key in kept and key not in known]


def _clear_cache(uow: UnitOfWork) -> None:
    """Clear this process's cache of the catalogue; other processes read the change within a minute."""
    _CACHE.of(uow.resources).catalogue = None
