"""Queries for orders that wait for matching and for what saved searches found."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.models import AlertFrequency, HiddenCustomer, Order, QueuedOrder, SavedSearch, SearchMatch
from app.models.order import IS_LISTED


class MatchRepository:
    """Queries for the matching queue and for matches of orders with saved searches."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def queue(self, order_id: UUID, now: datetime) -> None:
        """Add an order to the matching queue; if it is already queued, matching starts again from the first search."""
        statement = insert(QueuedOrder).values(order_id=order_id, queued_at=now)
        again = {"after": None, "queued_at": now}
        await self._session.execute(statement.on_conflict_do_update(index_elements=["order_id"], set_=again))

    async def claim(self) -> QueuedOrder | None:
        """Return the order that has waited longest and lock its row; rows locked by another worker are skipped."""
        statement = select(QueuedOrder).order_by(QueuedOrder.queued_at).limit(1).with_for_update(skip_locked=True)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def finish(self, waiting: QueuedOrder) -> None:
        """Remove an order from the queue."""
        await self._session.delete(waiting)

    async def known(self, order_id: UUID, searches: Collection[UUID]) -> set[UUID]:
        """Return those of the searches that have already found the order."""
        statement = select(SearchMatch.search_id).where(
            SearchMatch.order_id == order_id, SearchMatch.search_id.in_(searches)
        )
        return set((await self._session.execute(statement)).scalars())

    async def already_announced(self, order_id: UUID, owners: Collection[UUID]) -> set[UUID]:
        """Return those of the people who have already got an alert e-mail with the order."""
        statement = select(SearchMatch.owner_id).where(
            SearchMatch.owner_id.in_(owners), SearchMatch.order_id == order_id, SearchMatch.alert_email_id.is_not(None)
        )
        return set((await self._session.execute(statement)).scalars())

    async def add(
        self, searches: Sequence[SavedSearch], order_id: UUID, now: datetime, silent: Collection[UUID]
    ) -> None:
        """Insert matches of searches with an order. Those of `silent` searches are not announced."""
        rows = [
            {
                "search_id": search.id,
                "order_id": order_id,
                "owner_id": search.owner_id,
                "found_at": now,
                "announced_at": now if search.id in silent else None,
            }
            for search in searches
        ]
        if rows:
            await self._session.execute(insert(SearchMatch).on_conflict_do_nothing(), rows)

    async def pending(self, owner_id: UUID) -> set[AlertFrequency]:
        """Return the frequencies of the person's searches that have matches not yet announced."""
        statement = (
            select(SavedSearch.frequency)
            .join(SearchMatch, SearchMatch.search_id == SavedSearch.id)
            .where(SearchMatch.owner_id == owner_id, SearchMatch.announced_at.is_(None))
            .distinct()
        )
        return set((await self._session.execute(statement)).scalars())

    async def claim_unannounced(self, owner_id: UUID, frequency: AlertFrequency, now: datetime) -> set[UUID]:
        """Mark matches of the person's searches of a frequency as announced; return the orders to put into the e-mail.

        Orders are left out that are no longer listed, that an earlier e-mail to this person contained, or whose client
        the person has hidden.
        """
        searches = select(SavedSearch.id).where(SavedSearch.owner_id == owner_id, SavedSearch.frequency == frequency)
        taken = await self._session.execute(
            update(SearchMatch)
            .where(
                SearchMatch.owner_id == owner_id,
                SearchMatch.announced_at.is_(None),
                SearchMatch.search_id.in_(searches),
            )
            .values(announced_at=now)
            .returning(SearchMatch.order_id)
        )
        orders = set(taken.scalars())
        if not orders:
            return orders
        before = aliased(SearchMatch)
        named = select(before.order_id).where(
            before.owner_id == owner_id, before.order_id.in_(orders), before.alert_email_id.is_not(None)
        )
        hidden = select(HiddenCustomer.customer_id).where(HiddenCustomer.owner_id == owner_id)
        worth = select(Order.id).where(
            Order.id.in_(orders), IS_LISTED, Order.id.not_in(named), Order.customer_id.not_in(hidden)
        )
        return set((await self._session.execute(worth)).scalars())

    async def assign_to_email(self, letter_id: UUID, owner_id: UUID, orders: Collection[UUID], now: datetime) -> None:
        """Assign announced matches of these orders to an e-mail, so that other searches do not announce them again."""
        await self._session.execute(
            update(SearchMatch)
            .where(SearchMatch.owner_id == owner_id, SearchMatch.order_id.in_(orders), SearchMatch.announced_at == now)
            .values(alert_email_id=letter_id)
        )

    async def mark_announced(self, owner_id: UUID, search_id: UUID | None, now: datetime) -> None:
        """Mark all matches of one search as announced; of all the person's searches if `search_id` is None."""
        one = true() if search_id is None else SearchMatch.search_id == search_id
        await self._session.execute(
            update(SearchMatch)
            .where(SearchMatch.owner_id == owner_id, SearchMatch.announced_at.is_(None), one)
            .values(announced_at=now)
        )

    async def forget(self, search_id: UUID) -> None:
        """Delete the matches of a search whose filters have changed."""
        await self._session.execute(delete(SearchMatch).where(SearchMatch.search_id == search_id))

    async def orders_in_email(self, letter_id: UUID) -> Sequence[tuple[UUID, UUID, str]]:
        """Return (order id, search id, search name) for each open order of an alert e-mail, newest order first."""
        statement = (
            select(SearchMatch.order_id, SavedSearch.id, SavedSearch.name)
            .join(SavedSearch, SavedSearch.id == SearchMatch.search_id)
            .join(Order, Order.id == SearchMatch.order_id)
            .where(SearchMatch.alert_email_id == letter_id, IS_LISTED)
            .order_by(Order.published_at.desc(), Order.id.desc(), SavedSearch.id)
        )
        return [(order_id, search_id, name) for order_id, search_id, name in await self._session.execute(statement)]

    async def prune(self, before: datetime, limit: int) -> int:
        """Delete a batch of matches found before `before`; return how many were deleted."""
        old = (
            select(SearchMatch.search_id, SearchMatch.order_id)
            .where(SearchMatch.found_at < before, SearchMatch.announced_at.is_not(None))
            .order_by(SearchMatch.found_at)
            .limit(limit)
            .subquery()
        )
        gone = await self._session.execute(
            delete(SearchMatch)
            .where(SearchMatch.search_id == old.c.search_id, SearchMatch.order_id == old.c.order_id)
            .returning(SearchMatch.order_id)
        )
        return len(gone.scalars().all())
