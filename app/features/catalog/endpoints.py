"""JSON endpoints of the catalogue."""

from typing import Annotated

from fastapi import Query

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession
from app.core.i18n import current_locale
from app.core.text.whole_numbers import WholeNumber
from app.features.catalog import service
from app.features.catalog.rules import CategoryEntry, SkillEntry
from app.features.catalog.schemas import (
    CategoryList,
    CategoryRead,
    PlaceKind,
    PlaceList,
    PlaceRead,
    SkillList,
    SkillRead,
)

router = FeatureRouter(tags=["catalogue"])
MAX_FIELDS = 3
"""Maximum number of categories among the suggestions; the rest are skills, of which there are many more."""


@router.get("/categories")
async def list_categories(session: ReadSession, resources: ProcessResources) -> CategoryList:
    """Return all categories as a tree."""
    catalogue = await service.read_catalogue(session, resources)
    locale = current_locale()

    def read(entry: service.CategoryEntry) -> CategoryRead:
        parts = [read(part) for part in catalogue.parts(entry.id)]
        return CategoryRead(
            slug=entry.slug, name=entry.name(locale), name_en=entry.name_en, name_ru=entry.name_ru, parts=parts
        )

    return CategoryList(items=[read(entry) for entry in catalogue.parts(None)])


@router.get("/catalogue/suggestions")
async def suggest_places(
    session: ReadSession,
    resources: ProcessResources,
    q: Annotated[str, Query(max_length=60, description="Beginning of a name. If empty, the list is empty.")] = "",
    limit: Annotated[WholeNumber, Query(ge=1, le=50)] = 8,
) -> PlaceList:
    """Suggest categories and skills whose names start with the query. For skills, typing errors are tolerated."""
    catalogue = await service.read_catalogue(session, resources)
    locale = current_locale()

    def place(kind: PlaceKind, entry: CategoryEntry | SkillEntry, around: int | None) -> PlaceRead:
        home = catalogue.category_by_id(around)
        within = home.name(locale) if home else None
        return PlaceRead(filter=kind, slug=entry.slug, name=entry.name(locale), within=within)

    fields = catalogue.suggest_categories(q, min(limit, MAX_FIELDS))
    skills = catalogue.suggest(q, limit - len(fields)) if q.strip() else []
    found = [place("category", entry, entry.parent_id) for entry in fields]
    return PlaceList(items=[*found, *[place("skills", skill, skill.category_id) for skill in skills]])


@router.get("/skills")
async def list_skills(
    session: ReadSession,
    resources: ProcessResources,
    q: Annotated[
        str,
        Query(max_length=60, description="Beginning of a name or synonym. If empty, the first skills are returned."),
    ] = "",
    limit: Annotated[WholeNumber, Query(ge=1, le=500)] = 10,
) -> SkillList:
    """Suggest skills by the start of a name or synonym. Typing errors are tolerated."""
    catalogue = await service.read_catalogue(session, resources)
    locale = current_locale()
    slugs_by_id = {entry.id: entry.slug for entry in catalogue.categories}
    return SkillList(
        items=[
            SkillRead(
                slug=skill.slug,
                name=skill.name(locale),
                name_en=skill.name_en,
                name_ru=skill.name_ru,
                category=slugs_by_id[skill.category_id],
            )
            for skill in catalogue.suggest(q, limit)
        ]
    )
