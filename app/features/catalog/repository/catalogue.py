"""Queries for the catalogue."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import TableValuedAlias, cast, column, func, inspect, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import Base
from app.features.catalog.schemas import CategoryData, SkillData
from app.models import Category, Skill, SkillAlias

_CATEGORY = ("slug", "parent_id", "name_en", "name_ru", "position")
_SKILL = ("slug", "category_id", "name_en", "name_ru", "synonyms")


def _records(rows: Sequence[dict[str, Any]], table: type[Base], names: Sequence[str]) -> TableValuedAlias:
    # One parameter for all rows: with one for each value the statement has thousands and is compiled every time.
    columns = [column(name, inspect(table).columns[name].type) for name in names]
    given = func.jsonb_to_recordset(cast(rows, JSONB)).table_valued(*columns, name="given")
    return given.render_derived(name="given", with_types=True)


class CatalogRepository:
    """Queries for categories and skills."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def categories(self) -> Sequence[Category]:
        """Return all categories in display order."""
        statement = select(Category).order_by(Category.position, Category.id)
        return (await self._session.execute(statement)).scalars().all()

    async def skills(self) -> Sequence[Skill]:
        """Return all skills, ordered by category."""
        statement = select(Skill).join(Category, Category.id == Skill.category_id).order_by(Category.position, Skill.id)
        return (await self._session.execute(statement)).scalars().all()

    async def aliases(self) -> dict[str, str]:
        """Return the slugs of merged skills, each with the slug of the skill that replaced it."""
        statement = select(SkillAlias.slug, Skill.slug).join(Skill, Skill.id == SkillAlias.skill_id)
        return {row[0]: row[1] for row in await self._session.execute(statement)}

    async def lock_skills(self, slugs: Sequence[str]) -> dict[str, Skill]:
        """Lock skills by their slugs, always in the same order to avoid deadlocks."""
        statement = select(Skill).where(Skill.slug.in_(slugs)).order_by(Skill.id).with_for_update()
        return {row.slug: row for row in (await self._session.execute(statement)).scalars()}

    async def merge(self, old: Skill, into: Skill) -> None:
        """Redirect the slugs of a skill to another skill, and delete the skill."""
        redirect = update(SkillAlias).where(SkillAlias.skill_id == old.id).values(skill_id=into.id)
        await self._session.execute(redirect)
        slug = old.slug
        await self._session.delete(old)
        await self._session.flush()
        self._session.add(SkillAlias(slug=slug, skill_id=into.id))
        await self._session.flush()

    async def put_categories(self, items: Sequence[CategoryData], parents: dict[str, int]) -> dict[str, int]:
        """Insert or update the categories of one level and return their ids by slug; `parents` are ids by slug."""
        if not items:
            return {}
        rows = [
            {
                "slug": item.slug,
                "parent_id": parents[item.parent] if item.parent else None,
                "name_en": item.name_en,
                "name_ru": item.name_ru,
                "position": position,
            }
            for position, item in enumerate(items, start=1000 if items[0].parent else 1)
        ]
        put = insert(Category).from_select(_CATEGORY, select(_records(rows, Category, _CATEGORY)))
        renew = put.on_conflict_do_update(
            index_elements=[Category.slug],
            set_={name: put.excluded[name] for name in ("parent_id", "name_en", "name_ru", "position")},
        ).returning(Category.slug, Category.id)
        return {row.slug: row.id for row in await self._session.execute(renew)}

    async def put_skills(self, items: Sequence[SkillData], category_ids: dict[str, int]) -> None:
        """Insert or update skills, except those edited by an operator; `category_ids` are ids by slug."""
        if not items:
            return
        rows = [
            {
                "slug": item.slug,
                "category_id": category_ids[item.category],
                "name_en": item.name_en,
                "name_ru": item.name_ru,
                "synonyms": item.synonyms,
            }
            for item in items
        ]
        put = insert(Skill).from_select(_SKILL, select(_records(rows, Skill, _SKILL)))
        await self._session.execute(
            put.on_conflict_do_update(
                index_elements=[Skill.slug],
                set_={name: put.excluded[name] for name in ("category_id", "name_en", "name_ru", "synonyms")},
                where=Skill.edited.is_(False),
            )
        )
