"""Queries for customer statistics."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.profiles.schemas import CountedStats
from app.models import CustomerStats, User
from app.models.user import UserStatus


class CustomerStatsRepository:
    """Queries for customer statistics: read, mark as stale, store."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, ids: Collection[UUID]) -> Sequence[tuple[UUID, datetime, CustomerStats | None]]:
        """Return active accounts with their creation time, and their statistics if there are any."""
        statement = (
            select(User.id, User.created_at, CustomerStats)
            .outerjoin(CustomerStats, CustomerStats.customer_id == User.id)
            .where(User.id.in_(ids), User.status == UserStatus.ACTIVE)
        )
        return [(row[0], row[1], row[2]) for row in await self._session.execute(statement)]

    async def mark(self, ids: Collection[UUID], now: datetime) -> None:
        """Mark the statistics of these customers as stale; those already stale keep their time."""
        put = insert(CustomerStats).values([{"customer_id": key, "stale_since": now} for key in sorted(ids)])
        first = func.coalesce(CustomerStats.stale_since, put.excluded.stale_since)
        await self._session.execute(
            put.on_conflict_do_update(index_elements=[CustomerStats.customer_id], set_={"stale_since": first})
        )

    async def claim_stale(self, limit: int) -> Sequence[UUID]:
        """Lock and return customers with stale statistics, longest waiting first (SKIP LOCKED)."""
        statement = (
            select(CustomerStats.customer_id)
            .where(CustomerStats.stale_since.is_not(None))
            .order_by(CustomerStats.stale_since, CustomerStats.customer_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def put(self, counted: Collection[CountedStats], now: datetime) -> None:
        """Store the counts of customers whose rows are locked, and clear their stale marks."""
        put = insert(CustomerStats).values(
            [asdict(facts) | {"counted_at": now, "stale_since": None} for facts in counted]
        )
        names = [column.name for column in CustomerStats.__table__.columns if column.name != "customer_id"]
        await self._session.execute(
            put.on_conflict_do_update(
                index_elements=[CustomerStats.customer_id], set_={name: put.excluded[name] for name in names}
            )
        )
