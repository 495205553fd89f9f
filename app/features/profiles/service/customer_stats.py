"""What is known of a customer by deeds; a higher room counts it and this one keeps it."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.profiles import rules
from app.features.profiles.repository import FactsRepository
from app.features.profiles.schemas import CountedFacts, CustomerFactsRead
from app.models import CustomerFacts


async def customer_facts(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, CustomerFactsRead]:
    """Return what is known of these customers, in one query and in the order asked; who is not there is left out."""
    wanted = dict.fromkeys(ids)
    if not wanted:
        return {}
    rows = {row[0]: row for row in await FactsRepository(session).of(wanted)}
    return {key: facts_read(*rows[key]) for key in wanted if key in rows}


async def mark_customers(uow: UnitOfWork, ids: Collection[UUID]) -> None:
    """Say that these customers did something: their facts are counted anew soon, and once however much they did."""
    if ids:
        await FactsRepository(uow.session).mark(set(ids), utc_now())


async def take_stale_customers(uow: UnitOfWork, limit: int) -> Sequence[UUID]:
    """Lock some customers whose facts no longer hold; what they do meanwhile marks them again after this."""
    return await FactsRepository(uow.session).take_stale(limit)


async def store_facts(uow: UnitOfWork, counted: Collection[CountedFacts]) -> None:
    """Keep what was counted for locked customers."""
    if counted:
        await FactsRepository(uow.session).put(counted, utc_now())


def facts_read(customer_id: UUID, since: datetime, kept: CustomerFacts | None) -> CustomerFactsRead:
    """Turn counts into what may be said; somebody without a row has done nothing yet."""
    counted = CountedFacts(customer_id=customer_id)
    if kept is not None:
        counted = CountedFacts(**{item.name: getattr(kept, item.name) for item in fields(CountedFacts)})
    decided = counted.proposals_answered + counted.proposals_unanswered
    told = asdict(counted)
    if counted.proposals_answered < rules.ENOUGH:
        told["median_answer_seconds"] = None
    return CustomerFactsRead(
        **told,
        member_since=since,
        hire_rate=rules.share(counted.orders_hired, counted.orders_ended),
        answer_rate=rules.share(counted.proposals_answered, decided),
        counted_at=kept.counted_at if kept else None,
    )
