"""The customer's decisions, and what becomes of proposals whose order ends without one."""

from uuid import UUID

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.machine import Side
from app.core.uow import UnitOfWork
from app.features.orders import service as orders
from app.features.proposals import policy, rules
from app.features.proposals.errors import NotYourStepError, ProposalNotFoundError
from app.features.proposals.events import ProposalAccepted
from app.features.proposals.repository import ProposalRepository
from app.features.proposals.rules import ProposalEvent
from app.features.proposals.schemas import ProposalDecline
from app.features.proposals.service.steps import check_version, decline, locked, parties, see, step, visible
from app.models import DeclineReason, Proposal


async def accept_proposal(uow: UnitOfWork, actor: Actor, proposal_id: UUID, version: int | None = None) -> Proposal:
    """Choose a proposal: the order closes to others, who are declined with the reason that another was chosen.

    Announces `ProposalAccepted`, and `ProposalDeclined` for each of the others. Of several tries at once, for one
    proposal or for many, exactly one succeeds: the order's row is locked and its state asked first.
    """
    proposal = await visible(uow.session, actor, proposal_id)
    order = await orders.lock_order(uow, proposal.order_id)
    if policy.side_of(actor, order, proposal) is not Side.CUSTOMER:
        raise NotYourStepError
    waiting = await ProposalRepository(uow.session).waiting_for_update(order.id)
    chosen = await ProposalRepository(uow.session).get_for_update(proposal_id)
    if chosen is None:
        raise ProposalNotFoundError
    target = step(order, chosen, ProposalEvent.ACCEPT)
    check_version(chosen, version)
    await orders.award_order(uow, actor, order.id)
    chosen.status = target
    see(chosen)
    chosen.decided_at = chosen.updated_at = utc_now()
    uow.emit(ProposalAccepted(**parties(order, chosen)))
    for other in waiting:
        if other.id != chosen.id:
            decline(uow, order, other, DeclineReason.ANOTHER_CHOSEN)
    return chosen


async def decline_proposal(uow: UnitOfWork, actor: Actor, proposal_id: UUID, command: ProposalDecline) -> Proposal:
    """Say no to a proposal with a reason; announces `ProposalDeclined`."""
    order, proposal = await locked(uow, actor, proposal_id, Side.CUSTOMER)
    step(order, proposal, ProposalEvent.DECLINE)
    see(proposal)
    proposal.decline_note = command.note or None
    decline(uow, order, proposal, command.reason)
    orders.renew_by_decision(uow, order)
    return proposal


async def lapse_proposals(uow: UnitOfWork, order_id: UUID) -> int:
    """Decline what is still undecided on an order that ended without a choice; announces each."""
    order = await orders.lock_order(uow, order_id)
    reason = rules.LAPSE_REASONS.get(order.status)
    if reason is None:  # opened again, or awarded, before this message was handled
        return 0
    waiting = await ProposalRepository(uow.session).waiting_for_update(order.id)
    for proposal in waiting:
        decline(uow, order, proposal, reason)
    return len(waiting)
