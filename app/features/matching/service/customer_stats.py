"""Counting what customers did, soon after they did it and once for however much they did."""

from uuid import UUID

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.unit_of_work import UnitOfWork
from app.features.matching.repository import CountingRepository
from app.features.profiles import service as profiles

COUNT_TASK = "matching.count_customers"
BATCH = 100
"""Customers counted in one transaction."""


async def mark_customer_stats_stale(uow: UnitOfWork, customer_id: UUID) -> None:
    """Note that a customer published, closed or decided something; counting follows after the commit."""
    await profiles.mark_customers(uow, [customer_id])
    uow.trigger_task(COUNT_TASK)


async def count_stale_customers(uow: UnitOfWork) -> int:
    """Count one batch of marked customers anew and return how many there were."""
    ids = await profiles.take_stale_customers(uow, BATCH)
    if ids:
        await profiles.store_customer_stats(uow, await CountingRepository(uow.session).count(ids))
    return len(ids)


async def mark_all_customers(uow: UnitOfWork, after: UUID | None) -> UUID | None:
    """Mark a batch of everybody who ever published; return the last one, or None when there are no more."""
    ids = await CountingRepository(uow.session).customers_after(after, 10 * BATCH)
    await profiles.mark_customers(uow, ids)
    return ids[-1] if ids else None


async def recount_all_customers(uow: UnitOfWork, actor: Actor, *, reason: str = "") -> UUID | None:
    """Have everybody who ever published counted anew: mark the first batch, as `mark_all_customers` marks the next."""
    record_audit(uow.session, actor, "customer_facts.recompute", "customer_facts", reason=reason)
    return await mark_all_customers(uow, None)
