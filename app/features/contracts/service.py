"""Agreeing on terms, and writing down what was agreed."""

from uuid import UUID

from app.core.actor import Actor
from app.core.unit_of_work import UnitOfWork
from app.features.contracts.repository import ContractRepository
from app.features.orders import service as orders
from app.features.proposals import service as proposals
from app.models import Contract, Offer, Proposal


async def accept_proposal(uow: UnitOfWork, actor: Actor, proposal_id: UUID, version: int | None = None) -> Proposal:
    """Accept a proposal as it stands, for its order's customer; the order closes to others.

    Raises:
        ProposalNotFoundError: The actor is on no side of it.
        WrongSideError: The actor is not the customer.
        ProposalStateError: The proposal or its order is decided already.
        ProposalChangedError: The proposal reads otherwise than in `version`.
        OfferPendingError: An offer of the order waits for its answer.
    """
    choice = await proposals.choose(uow, actor, proposal_id, version)
    await _accept(uow, choice)
    return choice.proposal


async def accept_offer(uow: UnitOfWork, actor: Actor, offer_id: UUID, order_version: int | None = None) -> Offer:
    """Accept an offer, for the side it was made to; the order closes to others.

    Raises:
        OfferNotFoundError: The actor is on no side of it.
        OfferStateError: It does not wait any more.
        WrongSideError: The actor made it.
        OfferLapsedError: Its time is over.
        OrderChangedError: The order reads otherwise than in `order_version`.
    """
    choice = await proposals.choose_offer(uow, actor, offer_id, order_version)
    await _accept(uow, choice)
    return choice.offer


async def _accept(uow: UnitOfWork, choice: proposals.Choice) -> None:
    """Award the order and write the agreed terms down, in the transaction of the choice."""
    order, proposal, offer = choice.order, choice.proposal, choice.offer
    orders.award_order(order)
    await ContractRepository(uow.session).insert(
        Contract(
            order_id=order.id,
            order_version=offer.order_version,
            proposal_id=proposal.id,
            offer_id=offer.id,
            customer_id=order.customer_id,
            freelancer_id=proposal.freelancer_id,
            budget_kind=order.budget_kind,
            price_amount=offer.price_amount,
            currency=offer.currency,
            term_days=offer.term_days,
            milestones=offer.milestones,
            agreed_at=offer.decided_at,
        )
    )
