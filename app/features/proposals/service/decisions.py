"""Use cases that decide proposals: choose, decline, and lapse when the order ends without a choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.money import Currency, Money
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectTerms:
    """Terms that two people agreed on directly, without a listed order."""

    made_by: Side
    """The side that proposed them; the other one has accepted."""
    made_at: datetime
    title: str
    description: str
    currency: Currency
    message: str
    milestones: list[dict[str, Any]]
    """Each with its title, amount in minor units, and days."""

    @property
    def price(self) -> Money:
        """The whole price."""
        return Money(sum(part["amount"] for part in self.milestones), self.currency)

    @property
    def term_days(self) -> int:
        """The whole delivery time."""
        return sum(part["days"] for part in self.milestones)


async def add_chosen(uow: UnitOfWork, order: Order, freelancer_id: UUID, terms: DirectTerms) -> Choice:
    """Add the chosen proposal and the accepted offer of an order that was agreed on directly.

    Emits `ProposalAccepted`, which says that it is direct.
    """
    now = utc_now()
    proposal = Proposal(
        id=new_id(),
        order_id=order.id,
        order_version=order.version,
        freelancer_id=freelancer_id,
        status=ProposalStatus.ACCEPTED,
        price_amount=terms.price.amount,
        currency=terms.currency,
        term_days=terms.term_days,
        letter=terms.message or terms.title,
        milestones=terms.milestones,
        created_at=terms.made_at,
        updated_at=now,
        decided_at=now,
        seen_at=now,
    )
    await ProposalRepository(uow.session).insert(proposal)
    content = {
        "order_id": order.id,
        "order_version": order.version,
        "made_by": OfferSide(terms.made_by.value),
        "status": OfferStatus.ACCEPTED,
        "price_amount": terms.price.amount,
        "currency": terms.currency,
        "term_days": terms.term_days,
        "milestones": terms.milestones,
        "message": terms.message,
        "created_at": terms.made_at,
        "decided_at": now,
    }
    agreed = await OfferRepository(uow.session).insert(proposal.id, content)
    by = Side.FREELANCER if terms.made_by is Side.CUSTOMER else Side.CUSTOMER
    uow.emit(
        ProposalAccepted(
            proposal_id=str(proposal.id),
            order_id=str(order.id),
            customer_id=str(order.customer_id),
            freelancer_id=str(freelancer_id),
            by=by.value,
            direct=True,
        )
    )
    return Choice(order, proposal, agreed)


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
