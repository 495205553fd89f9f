"""How milestones are called where money of theirs is shown: in wallets, payments, and at the provider."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.features.contracts.repository import ContractReadRepository


async def milestone_titles(session: AsyncSession, milestone_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the title of the order with number and title of each milestone; one that is the whole order has its own.

    Callers pass milestones of which they know that the reader is a party.
    """
    rows = await ContractReadRepository(session).milestone_titles(milestone_ids) if milestone_ids else []
    return {row.id: row.order if row.title == row.order else f"{row.order} · {row.number}. {row.title}" for row in rows}
