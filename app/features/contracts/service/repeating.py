"""What a new deal with the same person takes from an earlier contract."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.money import Currency
from app.features.contracts import policy
from app.features.contracts.repository import ContractReadRepository, EarlierRow
from app.models import MilestoneStatus
from app.models.side import Side

MAX_PARTS = 20
"""As many milestones as terms may have; changes of the work can add more to a contract."""


@dataclass(frozen=True, slots=True)
class TermsToRepeat:
    """The terms of an earlier contract, as they stood at its end."""

    side: Side
    """The side that the reader had."""
    username: str
    """The user name of the other party."""
    title: str
    description: str
    currency: Currency
    milestones: list[dict[str, Any]]
    """Each with its title, amount in minor units, days and checklist."""


async def terms_to_repeat(
    session: AsyncSession, actor: Actor, contract_id: UUID | None, username: str
) -> TermsToRepeat | None:
    """Return the terms of a contract of the actor, to begin a new one with them.

    Args:
        session: The session to read with.
        actor: The reader.
        contract_id: The contract; None takes the last one in which the person named worked for the actor.
        username: The user name of that person, with or without a leading @.
    """
    name = username.strip().removeprefix("@")
    if contract_id is None and not name:
        return None
    row = await ContractReadRepository(session).earlier(actor.id, contract_id, name)
    side = policy.side_of(actor, row.contract) if row is not None else None
    if row is None or side is None:
        return None
    other = row.freelancer if side is Side.CUSTOMER else row.customer
    return TermsToRepeat(side, other, row.title, row.description, row.contract.currency, _parts(row))


def _parts(row: EarlierRow) -> list[dict[str, Any]]:
    contract = row.contract
    kept = [part for part in row.milestones if part.status is not MilestoneStatus.CANCELLED] or row.milestones
    if kept:
        return [
            {"title": part.title, "amount": part.amount, "days": part.days, "checklist": list(part.checklist)}
            for part in kept[:MAX_PARTS]
        ]
    whole = {"title": row.title, "amount": contract.price_amount, "days": contract.term_days}
    return [{**part, "checklist": []} for part in contract.milestones or [whole]]
