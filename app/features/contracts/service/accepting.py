"""Use cases that accept a proposal or an offer: the agreed terms are stored, and the deal begins."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.config import Settings
from app.core.unit_of_work import UnitOfWork
from app.features.contracts.repository import ContractRepository
from app.features.contracts.service.beginning import begin_deal
from app.features.fees import service as fees
from app.features.legal import service as legal
from app.features.orders import service as orders
from app.features.proposals import service as proposals
from app.models import Contract, Offer


async def accept_proposal(
    uow: UnitOfWork, actor: Actor, proposal_id: UUID, version: int | None = None
) -> proposals.Choice:
    """Accept a proposal on its current terms, as the client of its order, and award the order.

    Raises:
        ProposalNotFoundError: The actor is neither the freelancer nor the client.
        WrongSideError: The actor is not the client.
        ProposalStateError: The proposal or its order is already decided.
        ProposalChangedError: `version` is not the current version of the proposal.
        OfferPendingError: An offer for the order is waiting for an answer.
    """
    choice = await proposals.choose(uow, actor, proposal_id, version)
    await _accept(uow, choice)
    return choice


async def accept_offer(uow: UnitOfWork, actor: Actor, offer_id: UUID, order_version: int | None = None) -> Offer:
    """Accept an offer, as the side that received it, and award the order.

    Raises:
        OfferNotFoundError: The actor is neither the freelancer nor the client.
        OfferStateError: The offer is no longer open.
        WrongSideError: The actor made the offer.
        OfferLapsedError: The time to answer is over.
        OrderChangedError: `order_version` is not the current version of the order.
    """
    choice = await proposals.choose_offer(uow, actor, offer_id, order_version)
    await _accept(uow, choice)
    return choice.offer


async def accept_direct(
    uow: UnitOfWork,
    customer_id: UUID,
    freelancer_id: UUID,
    terms: proposals.DirectTerms,
    checklists: Sequence[list[str]],
) -> Contract:
    """Make the contract of terms that two people agreed on directly, without a listed order.

    A contract refers to an order, a proposal and an offer. They are added with it, already awarded and accepted, so
    that everything that follows, such as papers, conversations, reports and exports, knows one kind of contract.

    Args:
        uow: The unit of work. The caller has checked that both have agreed, once.
        customer_id: The client.
        freelancer_id: The freelancer.
        terms: What was agreed.
        checklists: The lines of each milestone of the terms.
    """
    words = {"title": terms.title, "description": terms.description}
    order = await orders.add_agreed_order(uow, customer_id, freelancer_id, **words, price=terms.price)
    choice = await proposals.add_chosen(uow, order, freelancer_id, terms)
    return await _begin(uow, choice, checklists, by_invitation=True)


async def without_details(session: AsyncSession, settings: Settings, people: set[UUID]) -> set[UUID]:
    """Return who of these people has no legal details, which papers and payouts need; nobody without safe deals."""
    if not settings.has_payments:
        return set()
    return people - (await legal.frozen_kinds(session, settings, people)).keys()


async def list_agreed_amounts(session: AsyncSession) -> list[fees.AgreedAmount]:
    """Return what was agreed in every contract with a total price, oldest first; hourly work has none."""
    return [
        fees.AgreedAmount(
            customer_id=contract.customer_id,
            freelancer_id=contract.freelancer_id,
            currency=contract.currency,
            by_invitation=by_invitation,
            categories=tuple(category for category in categories if category is not None),
            amounts=tuple(part["amount"] for part in contract.milestones) or (contract.price_amount,),
        )
        for contract, by_invitation, *categories in await ContractRepository(session).agreed()
    ]


async def _accept(uow: UnitOfWork, choice: proposals.Choice) -> None:
    """Award the order, insert the contract and begin its deal, in the transaction that accepted the proposal."""
    orders.award_order(choice.order)
    await _begin(uow, choice)


async def _begin(
    uow: UnitOfWork,
    choice: proposals.Choice,
    checklists: Sequence[list[str]] = (),
    *,
    by_invitation: bool = False,
) -> Contract:
    order, proposal, offer = choice.order, choice.proposal, choice.offer
    contract = Contract(
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
    await ContractRepository(uow.session).insert(contract)
    await begin_deal(uow, contract, order, checklists, by_invitation=by_invitation)
    return contract
