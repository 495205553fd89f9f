"""The customer's decisions, and what becomes of proposals whose order ends without one."""

from dataclasses import dataclass
from uuid import UUID

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.orders import service as orders
from app.features.orders.errors import OrderNotFoundError
from app.features.proposals import policy, rules
from app.features.proposals.errors import (
    OfferPendingError,
    ProposalNotFoundError,
    ProposalStateError,
    UnknownProposalsError,
    WrongSideError,
)
from app.features.proposals.events import ProposalAccepted
from app.features.proposals.repository import OfferRepository, ProposalRepository
from app.features.proposals.rules import PROPOSAL_MACHINE, ProposalEvent
from app.features.proposals.schemas import ProposalDecline, ProposalsDecline, ProposalsDeclined
from app.features.proposals.service.guards import (
    check_version,
    decline,
    end_offer,
    event_parties,
    get_visible_proposal,
    lock_proposal,
    record_view,
    step,
)
from app.models import DeclineReason, Offer, OfferSide, OfferStatus, Order, OrderStatus, Proposal, ProposalStatus
from app.models.side import Side


@dataclass(frozen=True, slots=True)
class Choice:
    """What both sides agreed on: a locked order, its chosen proposal, and the accepted offer that holds the terms."""

    order: Order
    proposal: Proposal
    offer: Offer


async def choose(uow: UnitOfWork, actor: Actor, proposal_id: UUID, version: int | None = None) -> Choice:
    """Choose a proposal as it stands; the others are declined with the reason that another was chosen.

    Announces `ProposalAccepted`, and `ProposalDeclined` for each of the others. Of several tries at once, for one
    proposal or for many, exactly one succeeds: the order's row is locked and its state asked first. The caller awards
    the order in the same transaction.
    """
    order, proposal = await get_visible_proposal(uow.session, actor, proposal_id)
    order = await orders.lock_order(uow, order.id)
    if policy.side_of(actor, order, proposal) is not Side.CUSTOMER:
        raise WrongSideError
    chosen = await ProposalRepository(uow.session).get_for_update(proposal_id)
    if chosen is None:
        raise ProposalNotFoundError
    step(order, chosen, ProposalEvent.ACCEPT)
    check_version(chosen, version)
    offers = OfferRepository(uow.session)
    if await offers.open_of_order(order.id) is not None:
        raise OfferPendingError
    agreed = Offer(
        order_id=order.id,
        order_version=order.version,
        proposal_id=chosen.id,
        number=await offers.next_number(chosen.id),
        made_by=OfferSide.FREELANCER,
        status=OfferStatus.ACCEPTED,
        price_amount=chosen.price_amount,
        currency=chosen.currency,
        term_days=chosen.term_days,
        milestones=chosen.milestones,
        created_at=chosen.updated_at,
        decided_at=utc_now(),
    )
    await offers.insert(agreed)
    record_view(chosen)
    await settle(uow, order, chosen, Side.CUSTOMER)
    return Choice(order, chosen, agreed)


async def settle(uow: UnitOfWork, order: Order, chosen: Proposal, by: Side) -> None:
    """Mark a locked proposal as accepted and decline the others of its locked order."""
    waiting = await ProposalRepository(uow.session).waiting_for_update(order.id)
    chosen.status = ProposalStatus.ACCEPTED
    chosen.decided_at = chosen.updated_at = utc_now()
    uow.emit(ProposalAccepted(**event_parties(order, chosen), by=by.value))
    for other in waiting:
        if other.id != chosen.id:
            decline(uow, order, other, DeclineReason.ANOTHER_CHOSEN)


async def decline_proposal(uow: UnitOfWork, actor: Actor, proposal_id: UUID, command: ProposalDecline) -> Proposal:
    """Say no to a proposal with a reason; announces `ProposalDeclined`."""
    order, proposal = await lock_proposal(uow, actor, proposal_id, Side.CUSTOMER)
    step(order, proposal, ProposalEvent.DECLINE)
    record_view(proposal)
    await end_offer(uow, proposal, Side.CUSTOMER)
    proposal.decline_note = command.note or None
    decline(uow, order, proposal, command.reason)
    orders.extend_on_decision(uow, order)
    return proposal


async def decline_proposals(
    uow: UnitOfWork, actor: Actor, order_id: UUID, command: ProposalsDecline
) -> ProposalsDeclined:
    """Say no to several proposals of one's own order for one reason; those decided already stay as they are.

    Announces `ProposalDeclined` for each.

    Raises:
        UnknownProposalsError: One is not of this order.
        ProposalStateError: The order is not open.
    """
    order = await orders.lock_order(uow, order_id)
    if order.customer_id != actor.id:
        raise OrderNotFoundError
    wanted = list(dict.fromkeys(command.proposals))
    rows = {row.id: row for row in await ProposalRepository(uow.session).some_for_update(order_id, wanted)}
    if len(rows) != len(wanted):
        raise UnknownProposalsError
    if order.status is not OrderStatus.OPEN:
        raise ProposalStateError
    undecided = [key for key in wanted if PROPOSAL_MACHINE.target(rows[key].status, ProposalEvent.DECLINE)]
    for key in undecided:
        await end_offer(uow, rows[key], Side.CUSTOMER)
        record_view(rows[key])
        rows[key].decline_note = command.note or None
        decline(uow, order, rows[key], command.reason)
    orders.extend_on_decision(uow, order)
    return ProposalsDeclined(declined=undecided, left=[key for key in wanted if key not in undecided])


async def lapse_proposals(uow: UnitOfWork, order_id: UUID) -> int:
    """Decline what is still undecided on an order that ended without a choice; announces each."""
    order = await orders.lock_order(uow, order_id)
    reason = rules.LAPSE_REASONS.get(order.status)
    if reason is None:  # opened again, or awarded, before this message was handled
        return 0
    waiting = await ProposalRepository(uow.session).waiting_for_update(order.id)
    for proposal in waiting:
        await end_offer(uow, proposal, Side.CUSTOMER)
        decline(uow, order, proposal, reason)
    return len(waiting)
