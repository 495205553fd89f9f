"""What `chat` needs of a proposal: its two sides, and the effects of the client's message."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.unit_of_work import UnitOfWork
from app.features.orders import service as orders
from app.features.proposals import policy, rules
from app.features.proposals.errors import ProposalNotFoundError
from app.features.proposals.rules import PROPOSAL_MACHINE, ProposalEvent
from app.features.proposals.service.guards import get_visible_proposal, lock_both, record_view
from app.models import Order, Proposal
from app.models.side import Side


@dataclass(frozen=True, slots=True)
class Parties:
    """The two sides of a proposal and the actor's side. `is_live` is true while it is undecided or accepted.

    `is_chosen` is true once it was accepted.
    """

    proposal_id: UUID
    order_id: UUID
    customer_id: UUID
    freelancer_id: UUID
    side: Side
    is_live: bool
    is_chosen: bool


async def parties_of(session: AsyncSession, actor: Actor, proposal_id: UUID) -> Parties:
    """Return the parties of a proposal to one of its two sides.

    Raises:
        ProposalNotFoundError: The actor is neither the freelancer nor the client.
    """
    order, proposal = await get_visible_proposal(session, actor, proposal_id)
    return _parties(actor, order, proposal)


async def record_customer_message(uow: UnitOfWork, actor: Actor, event_parties: Parties) -> Parties:
    """Mark the proposal as seen and record that the client responded, because the client writes a message.

    Locks the order, then the proposal, and returns the parties with their current state.

    Raises:
        ProposalNotFoundError: The actor is not the client.
    """
    order, proposal = await lock_both(uow, actor, event_parties.proposal_id)
    if policy.side_of(actor, order, proposal) is not Side.CUSTOMER:
        raise ProposalNotFoundError
    proposal.status = PROPOSAL_MACHINE.target(proposal.status, ProposalEvent.SEE) or proposal.status
    record_view(proposal)
    orders.record_customer_response(order)
    return _parties(actor, order, proposal)


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
        is_chosen=rules.is_chosen(proposal.status),
    )
