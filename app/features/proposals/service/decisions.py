"""Use cases that decide proposals: choose, decline, and lapse when the order ends without a choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.orders import service as orders
from app.features.orders.errors import OrderNotFoundError
from app.features.proposals import rules
from app.features.proposals.errors import (
    OfferPendingError,
    ProposalStateError,
    UnknownProposalsError,
)
from app.features.proposals.events import ProposalAccepted
from app.features.proposals.repository import OfferRepository, ProposalRepository
from app.features.proposals.rules import PROPOSAL_MACHINE, ProposalEvent
from app.features.proposals.schemas import ProposalDecline, ProposalsDecline
from app.features.proposals.service.guards import (
    check_version,
    decline,
    end_offer,
    event_parties,
    lock_proposal,
    next_status,
    record_view,
)
from app.models import DeclineReason, Offer, OfferSide, OfferStatus, Order, OrderStatus, Proposal, ProposalStatus
from app.models.proposal import NEGOTIATED
from app.models.side import Side


@dataclass(frozen=True, slots=True)
class Choice:
    """The result of choosing: the locked order, the accepted proposal, and the accepted offer with the agreed terms."""

    order: Order
    proposal: Proposal
    offer: Offer


async def choose(uow: UnitOfWork, actor: Actor, proposal_id: UUID, version: int | None = None) -> Choice:
    """Accept a proposal on its current terms and decline the others with the reason `another_chosen`.

    Emits `ProposalAccepted`, and `ProposalDeclined` for each of the others. Of several concurrent calls for one order
    exactly one succeeds, because the order is locked before its state is checked. The caller awards the order in the
    same transaction.

    Raises:
        ProposalNotFoundError: The actor is neither the freelancer nor the client.
        WrongSideError: The actor is not the client.
        ProposalStateError: The proposal or its order is already decided.
        ProposalChangedError: `version` is not the current version of the proposal.
        OfferPendingError: The order has an open offer.
    """
    order, chosen = await lock_proposal(uow, actor, proposal_id, Side.CUSTOMER)
    next_status(order, chosen, ProposalEvent.ACCEPT)
    check_version(chosen, version)
    waiting = await ProposalRepository(uow.session).waiting_for_update(order.id)
    if any(proposal.status in NEGOTIATED for proposal in waiting):
        raise OfferPendingError
    content = {
        "order_id": order.id,
        "order_version": order.version,
        "made_by": OfferSide.FREELANCER,
        "status": OfferStatus.ACCEPTED,
        "price_amount": chosen.price_amount,
        "currency": chosen.currency,
        "term_days": chosen.term_days,
        "milestones": chosen.milestones,
        "created_at": chosen.updated_at,
        "decided_at": utc_now(),
    }
    agreed = await OfferRepository(uow.session).insert(chosen.id, content)
    record_view(chosen)
    settle(uow, order, chosen, Side.CUSTOMER, waiting)
    return Choice(order, chosen, agreed)


def settle(uow: UnitOfWork, order: Order, chosen: Proposal, by: Side, waiting: Sequence[Proposal]) -> None:
    """Mark a locked proposal as accepted and decline the other waiting ones, all undecided ones of its locked order."""
    chosen.status = ProposalStatus.ACCEPTED
    chosen.decided_at = chosen.updated_at = utc_now()
    uow.emit(ProposalAccepted(**event_parties(order, chosen), by=by.value))
    for other in waiting:
        if other.id != chosen.id:
            decline(uow, order, other, DeclineReason.ANOTHER_CHOSEN)


async def decline_proposal(uow: UnitOfWork, actor: Actor, proposal_id: UUID, command: ProposalDecline) -> Proposal:
    """Decline a proposal with a reason. Emits `ProposalDeclined`."""
    order, proposal = await lock_proposal(uow, actor, proposal_id, Side.CUSTOMER)
    next_status(order, proposal, ProposalEvent.DECLINE)
    record_view(proposal)
    await end_offer(uow, proposal, Side.CUSTOMER)
    proposal.decline_note = command.note or None
    decline(uow, order, proposal, command.reason)
    orders.extend_on_decision(uow, order)
    return proposal


async def decline_proposals(uow: UnitOfWork, actor: Actor, order_id: UUID, command: ProposalsDecline) -> list[Proposal]:
    """Decline several proposals of the actor's order with one reason; decided ones are left unchanged.

    Emits `ProposalDeclined` for each declined proposal, and returns these in the given order.

    Raises:
        OrderNotFoundError: The actor is not the order's client.
        UnknownProposalsError: A proposal does not belong to the order.
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
    asked = [rows[key] for key in wanted]
    undecided = [row for row in asked if PROPOSAL_MACHINE.target(row.status, ProposalEvent.DECLINE)]
    for proposal in undecided:
        await end_offer(uow, proposal, Side.CUSTOMER)
        record_view(proposal)
        proposal.decline_note = command.note or None
        decline(uow, order, proposal, command.reason)
    orders.extend_on_decision(uow, order)
    return undecided


async def lapse_proposals(uow: UnitOfWork, order_id: UUID) -> int:
    """Decline the undecided proposals of an order that ended without a choice. Emits `ProposalDeclined` for each."""
    order = await orders.lock_order(uow, order_id)
    reason = rules.LAPSE_REASONS.get(order.status)
    if reason is None:  # reopened or awarded before this message was processed
        return 0
    waiting = await ProposalRepository(uow.session).waiting_for_update(order.id)
    for proposal in waiting:
        await end_offer(uow, proposal, Side.CUSTOMER)
        decline(uow, order, proposal, reason)
    return len(waiting)
