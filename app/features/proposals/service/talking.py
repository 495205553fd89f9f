"""What the talk about a proposal needs to know of it, and what the customer's first word does to it."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.unit_of_work import UnitOfWork
from app.features.orders import service as orders
from app.features.proposals import policy, rules
from app.features.proposals.errors import ProposalNotFoundError
from app.features.proposals.repository import ProposalRepository
from app.features.proposals.rules import PROPOSAL_MACHINE, ProposalEvent
from app.features.proposals.service.steps import locked, see, visible
from app.models import Order, Proposal
from app.models.side import Side


@dataclass(frozen=True, slots=True)
class Parties:
    """Who is who around a proposal; `is_live` while something may still come of it, or has."""

    proposal_id: UUID
    order_id: UUID
    customer_id: UUID
    freelancer_id: UUID
    side: Side
    is_live: bool


async def parties_of(session: AsyncSession, actor: Actor, proposal_id: UUID) -> Parties:
    """Return who is who around a proposal to one of its two sides.

    Raises:
        ProposalNotFoundError: The actor is on no side of it.
    """
    proposal = await visible(session, actor, proposal_id)
    order = (await orders.orders_by_id(session, [proposal.order_id]))[proposal.order_id]
    return _parties(actor, order, proposal)


async def note_talk(uow: UnitOfWork, actor: Actor, proposal_id: UUID) -> Parties:
    """Do what the customer's word does: the proposal counts as seen, and the order as answered by its customer."""
    order, proposal = await locked(uow, actor, proposal_id, Side.CUSTOMER)
    proposal.status = PROPOSAL_MACHINE.target(proposal.status, ProposalEvent.SEE) or proposal.status
    see(proposal)
    orders.note_customers_answer(order)
    return _parties(actor, order, proposal)


async def living(session: AsyncSession, proposal_ids: Collection[UUID]) -> set[UUID]:
    """Return those of these proposals of which something may still come, or has; the caller checks who asks."""
    rows = await ProposalRepository(session).some(proposal_ids)
    return {row.id for row in rows if rules.is_live(row.status)}


def _parties(actor: Actor, order: Order, proposal: Proposal) -> Parties:
    side = policy.side_of(actor, order, proposal)
    if side is None:
        raise ProposalNotFoundError
    return Parties(
        proposal_id=proposal.id,
        order_id=order.id,
        customer_id=order.customer_id,
        freelancer_id=proposal.freelancer_id,
        side=side,
        is_live=rules.is_live(proposal.status),
    )
