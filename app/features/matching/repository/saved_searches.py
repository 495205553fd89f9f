"""Queries for saved searches; reads for a person filter by owner."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import AlertFrequency, AlertSettings, HiddenCustomer, Order, Profile, SavedSearch, SearchMatch
from app.models.order import IS_LISTED
from app.models.saved_search import DEFAULT_ZONE

MAX_COUNTED = 100


class SearchRepository:
    """Queries for saved searches and alert settings."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock_owner(self, owner_id: UUID) -> tuple[AlertSettings, Sequence[SavedSearch]]:
        """Lock and return a person's alert settings and saved searches; the settings are created if missing.

        New settings have the time zone of the profile. Rows of one person are locked in this order: settings, searches,
        due times of alerts, matches.
        """
        statement = select(AlertSettings).where(AlertSettings.owner_id == owner_id).with_for_update()
        statement = statement.execution_options(populate_existing=True)
        settings = (await self._session.execute(statement)).scalar_one_or_none()
        if settings is None:
            first = insert(AlertSettings).values(owner_id=owner_id, time_zone=self._first_zone(owner_id))
            await self._session.execute(first.on_conflict_do_nothing())
            settings = (await self._session.execute(statement)).scalar_one()
        searches = select(SavedSearch).where(SavedSearch.owner_id == owner_id).order_by(SavedSearch.id)
        locked = await self._session.execute(searches.with_for_update().execution_options(populate_existing=True))
        return settings, locked.scalars().all()

    async def lock_for_match(self, ids: Collection[UUID]) -> Sequence[SavedSearch]:
        """Return searches as they are now and lock their rows FOR KEY SHARE, so that `lock_owner` and deletion wait."""
        statement = select(SavedSearch).where(SavedSearch.id.in_(ids)).order_by(SavedSearch.id)
        locked = statement.with_for_update(key_share=True, read=True).execution_options(populate_existing=True)
        return (await self._session.execute(locked)).scalars().all() if ids else []

    async def settings(self, owner_id: UUID) -> AlertSettings | None:
        """Return a person's alert settings, or None if there are none."""
        return await self._session.get(AlertSettings, owner_id)

    async def first_zone(self, owner_id: UUID) -> str:
        """Return the initial time zone of a person's settings: that of the profile, else the default."""
        return (await self._session.execute(select(self._first_zone(owner_id)))).scalar_one()

    @staticmethod
    def _first_zone(owner_id: UUID) -> ColumnElement[str]:
        chosen = select(Profile.time_zone).where(Profile.user_id == owner_id).scalar_subquery()
        return func.coalesce(chosen, DEFAULT_ZONE)

    def add(self, search: SavedSearch) -> None:
        """Add a search."""
        self._session.add(search)

    async def find(self, owner_id: UUID, search_id: UUID) -> SavedSearch | None:
        """Return one of the person's own searches."""
        statement = select(SavedSearch).where(SavedSearch.owner_id == owner_id, SavedSearch.id == search_id)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def find_by_filter(self, owner_id: UUID, filter_key: str) -> SavedSearch | None:
        """Return the person's search with these filters."""
        statement = select(SavedSearch).where(SavedSearch.owner_id == owner_id, SavedSearch.filter_key == filter_key)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def bound_by(self, anchor: str) -> Sequence[SavedSearch]:
        """Return everybody's searches with this anchor and lock their rows in the order of ids."""
        statement = select(SavedSearch).where(SavedSearch.anchors.contains([anchor])).order_by(SavedSearch.id)
        return (await self._session.execute(statement.with_for_update())).scalars().all()

    async def count(self, owner_id: UUID) -> int:
        """Count the person's searches."""
        statement = select(func.count()).select_from(SavedSearch).where(SavedSearch.owner_id == owner_id)
        return (await self._session.execute(statement)).scalar_one()

    async def of_owner(self, owner_id: UUID, only: UUID | None = None) -> Sequence[tuple[SavedSearch, int]]:
        """Return the person's searches, newest first, each with the count of open orders found since the last view."""
        found = (
            select(SearchMatch.order_id)
            .join(Order, Order.id == SearchMatch.order_id)
            .where(
                SearchMatch.search_id == SavedSearch.id,
                SearchMatch.found_at > SavedSearch.looked_at,
                IS_LISTED,
            )
            .correlate(SavedSearch)
            .limit(MAX_COUNTED)
            .subquery()
        )
        count = select(func.count()).select_from(found).scalar_subquery()
        statement = select(SavedSearch, count).where(SavedSearch.owner_id == owner_id)
        if only is not None:
            statement = statement.where(SavedSearch.id == only)
        rows = await self._session.execute(statement.order_by(SavedSearch.id.desc()))
        return [(search, int(number)) for search, number in rows]

    async def delete(self, search: SavedSearch) -> None:
        """Delete a search; its matches are deleted with it."""
        await self._session.execute(delete(SavedSearch).where(SavedSearch.id == search.id))

    async def turn_off_alerts(self, owner_id: UUID, search_id: UUID | None) -> None:
        """Set the frequency of one search to `off`; of all the person's searches if `search_id` is None."""
        ours = SavedSearch.owner_id == owner_id
        one = true() if search_id is None else SavedSearch.id == search_id
        await self._session.execute(update(SavedSearch).where(ours, one).values(frequency=AlertFrequency.OFF))

    async def candidates(
        self, anchors: Sequence[str], order: Order, after: UUID | None, limit: int
    ) -> Sequence[SavedSearch]:
        """Return searches with one of the anchors that may match the order, in the order of ids, after `after`.

        Searches are left out whose owner is the order's client or has hidden that client, and those that started after
        the order was published.
        """
        hiding = select(HiddenCustomer.owner_id).where(HiddenCustomer.customer_id == order.customer_id)
        statement = select(SavedSearch).where(
            SavedSearch.anchors.overlap(anchors),
            SavedSearch.owner_id != order.customer_id,
            SavedSearch.owner_id.not_in(hiding),
            SavedSearch.since <= order.published_at,
        )
        if after is not None:
            statement = statement.where(SavedSearch.id > after)
        return (await self._session.execute(statement.order_by(SavedSearch.id).limit(limit))).scalars().all()
