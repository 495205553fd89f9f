"""Customer statistics: stored here, computed by `matching`."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.profiles import rules
from app.features.profiles.repository import CustomerStatsRepository
from app.features.profiles.schemas import CountedStats, CustomerStatsRead
from app.models import CustomerStats


async def get_customer_stats(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, CustomerStatsRead]:
    """Return the statistics of these customers in the given order, with one query; unknown ids are left out."""
    wanted = dict.fromkeys(ids)
    if not wanted:
        return {}
    rows = {row[0]: row for row in await CustomerStatsRepository(session).of(wanted)}
    return {key: stats_read(*rows[key]) for key in wanted if key in rows}


async def mark_customers(uow: UnitOfWork, ids: Collection[UUID]) -> None:
    """Mark the statistics of these customers as stale; several actions cause one recount."""
    if ids:
        await CustomerStatsRepository(uow.session).mark(set(ids), utc_now())


async def claim_stale_customers(uow: UnitOfWork, limit: int) -> Sequence[UUID]:
    """Lock and return some customers with stale statistics; concurrent actions mark them again after the commit."""
    return await CustomerStatsRepository(uow.session).claim_stale(limit)


async def store_customer_stats(uow: UnitOfWork, counted: Collection[CountedStats]) -> None:
    """Store the counts of locked customers."""
    if counted:
        await CustomerStatsRepository(uow.session).put(counted, utc_now())


def stats_read(customer_id: UUID, since: datetime, kept: CustomerStats | None) -> CustomerStatsRead:
    """Convert counts to the response; a customer without a row has no activity."""
    counted = CountedStats(customer_id=customer_id)
    if kept is not None:
        counted = CountedStats(**{item.name: getattr(kept, item.name) for item in fields(CountedStats)})
    decided = counted.proposals_answered + counted.proposals_unanswered
    values = asdict(counted)
    if counted.proposals_answered < rules.ENOUGH:
        values["median_answer_seconds"] = None
    return CustomerStatsRead(
        **values,
        member_since=since,
        hire_rate=rules.share(counted.orders_hired, counted.orders_ended),
        answer_rate=rules.share(counted.proposals_answered, decided),
        counted_at=kept.counted_at if kept else None,
    )
