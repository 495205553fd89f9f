"""Checks, locks and small helpers shared by the use cases of proposals."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.errors import FieldError
from app.core.unit_of_work import UnitOfWork
from app.features.files.schemas import Subject
from app.features.identity import service as identity
from app.features.orders import service as orders
from app.features.proposals import policy
from app.features.proposals.errors import (
    InvalidProposalError,
    ProposalChangedError,
    ProposalNotFoundError,
    ProposalStateError,
    WrongSideError,
)
from app.features.proposals.events import ProposalDeclined
from app.features.proposals.repository import Named, OfferRepository, ProposalRepository
from app.features.proposals.rules import PROPOSAL_MACHINE, ProposalEvent
from app.models import DeclineReason, OfferStatus, Order, OrderStatus, Proposal, ProposalStatus
from app.models.file import SubjectKind
from app.models.proposal import NEGOTIATED
from app.models.side import Side


async def get_visible_proposal(session: AsyncSession, actor: Actor, proposal_id: UUID) -> tuple[Order, Proposal]:
    """Return a proposal and its order, if the actor is on one of its sides.

    Raises:
        ProposalNotFoundError: It does not exist or the actor is neither the freelancer nor the client.
    """
    found = await ProposalRepository(session).get(proposal_id)
    if found is None:
        raise ProposalNotFoundError
    proposal, order, freelancer, customer = found
    if policy.side_of(actor, order, proposal) is None:
        raise ProposalNotFoundError
    identity.remember_names(session, [(proposal.freelancer_id, freelancer), (order.customer_id, customer)])
    return order, proposal


def named(session: AsyncSession, rows: Iterable[Named]) -> list[Proposal]:
    """Return the proposals and cache the loaded names of their freelancers in the session."""
    found = list(rows)
    identity.remember_names(session, [(proposal.freelancer_id, name) for proposal, name in found])
    return [proposal for proposal, _name in found]


async def lock_proposal(uow: UnitOfWork, actor: Actor, proposal_id: UUID, side: Side) -> tuple[Order, Proposal]:
    """Lock a proposal and its order for an action of one side.

    Raises:
        ProposalNotFoundError: The actor is neither the freelancer nor the client.
        WrongSideError: The action belongs to the other side.
    """
    order, _proposal = await get_visible_proposal(uow.session, actor, proposal_id)
    order, proposal = await lock_both(uow, order.id, proposal_id)
    if policy.side_of(actor, order, proposal) is not side:
        raise WrongSideError
    return order, proposal


async def lock_both(uow: UnitOfWork, order_id: UUID, proposal_id: UUID) -> tuple[Order, Proposal]:
    """Lock an order, then one of its proposals.

    Raises:
        ProposalNotFoundError: The proposal no longer exists.
    """
    order = await orders.lock_order(uow, order_id)
    proposal = await ProposalRepository(uow.session).get_for_update(proposal_id)
    if proposal is None:
        raise ProposalNotFoundError
    return order, proposal


def next_status(order: Order, proposal: Proposal, event: ProposalEvent) -> ProposalStatus:
    """Return the status to which the event leads while the order is open.

    Raises:
        ProposalStateError: The proposal's state has no such transition, or the order is not open.
    """
    target = PROPOSAL_MACHINE.target(proposal.status, event)
    if target is None or order.status is not OrderStatus.OPEN:
        raise ProposalStateError
    return target


async def end_offer(uow: UnitOfWork, proposal: Proposal, side: Side) -> None:
    """Close the open offer of a locked proposal, because `side` ends the proposal itself."""
    if proposal.status in NEGOTIATED:
        mine = (proposal.status is ProposalStatus.OFFERED) is (side is Side.CUSTOMER)
        status = OfferStatus.WITHDRAWN if mine else OfferStatus.DECLINED
        await OfferRepository(uow.session).end_open(proposal.id, status, utc_now())


def decline(uow: UnitOfWork, order: Order, proposal: Proposal, reason: DeclineReason) -> None:
    """Decline a locked proposal. Emits `ProposalDeclined`."""
    proposal.status = ProposalStatus.DECLINED
    proposal.decline_reason = reason
    proposal.decided_at = proposal.updated_at = utc_now()
    uow.emit(ProposalDeclined(**event_parties(order, proposal), reason=reason.value))


def event_parties(order: Order, proposal: Proposal) -> dict[str, str]:
    """Return the ids that every event of a proposal contains."""
    return {
        "proposal_id": str(proposal.id),
        "order_id": str(order.id),
        "customer_id": str(order.customer_id),
        "freelancer_id": str(proposal.freelancer_id),
    }


def files_of(proposal_id: UUID) -> Subject:
    """Return the subject to which the files of a proposal are attached."""
    return Subject(SubjectKind.PROPOSAL, proposal_id)


def content_of(proposal: Proposal) -> dict[str, Any]:
    """Return the content of a proposal as revisions store it."""
    return {
        "price": proposal.price_amount,
        "term_days": proposal.term_days,
        "letter": proposal.letter,
        "milestones": proposal.milestones,
        "answers": proposal.answers,
    }


def raise_if_errors(errors: list[FieldError]) -> None:
    """Raise `InvalidProposalError` with all errors, if there are any."""
    if errors:
        raise InvalidProposalError(errors=errors)


def check_version(proposal: Proposal, version: int | None) -> None:
    """Raise `ProposalChangedError` if `version` is given and is not the current version."""
    if version is not None and version != proposal.version:
        raise ProposalChangedError


def record_view(proposal: Proposal) -> None:
    """Record when the client first saw a locked proposal. Every action of the client implies it."""
    if proposal.seen_at is None:
        proposal.seen_at = utc_now()
