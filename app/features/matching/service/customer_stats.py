"""Computation of customer statistics: clients are marked as stale and recounted in batches."""

from uuid import UUID

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.unit_of_work import UnitOfWork
from app.features.matching.repository import CountingRepository
from app.features.profiles import service as profiles

COUNT_TASK = "matching.count_customers"
BATCH = 100
"""Number of clients counted in one transaction."""


async def mark_customer_stats_stale(uow: UnitOfWork, customer_id: UUID) -> None:
    """Mark a client's statistics as stale; they are recounted after the commit."""
    await profiles.mark_customers(uow, [customer_id])
    uow.trigger_task(COUNT_TASK)


async def count_stale_customers(uow: UnitOfWork) -> int:
    """Recount one batch of stale clients; return its size."""
    ids = await profiles.claim_stale_customers(uow, BATCH)
    if ids:
        await profiles.store_customer_stats(uow, await CountingRepository(uow.session).count(ids))
    return len(ids)


async def mark_all_customers(uow: UnitOfWork, after: UUID | None) -> UUID | None:
    """Mark one batch of the clients who have ever published; return the last id, or None when there are no more."""
    ids = await CountingRepository(uow.session).customers_after(after, 10 * BATCH)
    await profiles.mark_customers(uow, ids)
    return ids[-1] if ids else None


async def recount_all_customers(uow: UnitOfWork, actor: Actor, *, reason: str = "") -> UUID | None:
    """Start recounting everybody who has ever published: write an audit row and mark the first batch.

    The caller marks the other batches with `mark_all_customers`, starting after the returned id.
    """
    record_audit(uow.session, actor, "customer_facts.recompute", "customer_facts", reason=reason)
    return await mark_all_customers(uow, None)
