"""Queries for fee policies."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.money import Currency
from app.models import Category, FeePolicy


class FeePolicyRepository:
    """Queries for fee policies, which are only added."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def begun(self, at: datetime, currency: Currency | None = None) -> Sequence[FeePolicy]:
        """Return every version that began until this time."""
        statement = select(FeePolicy).where(FeePolicy.valid_from <= at)
        if currency is not None:
            statement = statement.where(FeePolicy.currency == currency)
        return (await self._session.execute(statement)).scalars().all()

    async def versions(self, limit: int) -> Sequence[FeePolicy]:
        """Return the newest versions, those that begin later included."""
        statement = select(FeePolicy).order_by(FeePolicy.valid_from.desc(), FeePolicy.id.desc()).limit(limit)
        return (await self._session.execute(statement)).scalars().all()

    async def categories(self, ids: Collection[int]) -> dict[int, Category]:
        """Return these categories by their ids."""
        if not ids:
            return {}
        found = await self._session.execute(select(Category).where(Category.id.in_(ids)))
        return {row.id: row for row in found.scalars()}

    async def lineage(self, slug: str) -> tuple[int, ...]:
        """Return the ids of a category and of the one above it; none where the slug is unknown."""
        found = (await self._session.execute(select(Category).where(Category.slug == slug))).scalar_one_or_none()
        return () if found is None else tuple(id_ for id_ in (found.id, found.parent_id) if id_ is not None)

    async def category_ids(self, slugs: Collection[str]) -> dict[str, int]:
        """Return the ids of categories by their slugs."""
        if not slugs:
            return {}
        found = await self._session.execute(select(Category.slug, Category.id).where(Category.slug.in_(slugs)))
        return {row.slug: row.id for row in found}

    async def insert(self, policy: FeePolicy) -> None:
        """Insert a version."""
        self._session.add(policy)
        await self._session.flush()
