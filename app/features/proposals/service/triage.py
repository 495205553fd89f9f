"""Triage by the client: mark as seen, shortlist, notes, comparison."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.orders import service as orders
from app.features.orders.errors import OrderNotFoundError
from app.features.proposals import rules
from app.features.proposals.errors import UnknownProposalsError
from app.features.proposals.events import ProposalShortlisted
from app.features.proposals.repository import ProposalRepository
from app.features.proposals.rules import PROPOSAL_MACHINE, ProposalEvent
from app.features.proposals.schemas import MAX_COMPARED, ProposalNote, ProposalRead
from app.features.proposals.service.guards import event_parties, lock_proposal, named, next_status, record_view
from app.features.proposals.service.queries import present
from app.models import Proposal
from app.models.side import Side


async def mark_seen(uow: UnitOfWork, actor: Actor, order_id: UUID, proposal_ids: Sequence[UUID]) -> int:
    """Mark proposals of the actor's order as seen; return how many were new.

    Reading a page does not mark anything: the page sends a separate request after it was shown. Proposals of other
    orders and those already seen are ignored, so the call is idempotent.

    Raises:
        OrderNotFoundError: The actor is not the order's client.
    """
    order = await orders.lock_order(uow, order_id)
    if order.customer_id != actor.id:
        raise OrderNotFoundError
    rows = await ProposalRepository(uow.session).unseen_for_update(order.id, proposal_ids)
    for proposal in rows:
        proposal.status = PROPOSAL_MACHINE.target(proposal.status, ProposalEvent.SEE) or proposal.status
        record_view(proposal)
    return len(rows)


async def shortlist_proposal(uow: UnitOfWork, actor: Actor, proposal_id: UUID) -> Proposal:
    """Add a proposal to the shortlist. Emits `ProposalShortlisted` the first time.

    Raises:
        TooManyTriesError: The actor has changed shortlists too often within ten minutes.
    """
    await uow.resources.limiter.hit(rules.LISTED_BY_ACCOUNT, str(actor.id))
    order, proposal = await lock_proposal(uow, actor, proposal_id, Side.CUSTOMER)
    proposal.status = next_status(order, proposal, ProposalEvent.SHORTLIST)
    record_view(proposal)
    orders.record_customer_response(order)
    if proposal.shortlisted_at is None:
        proposal.shortlisted_at = utc_now()
        uow.emit(ProposalShortlisted(**event_parties(order, proposal)))
    return proposal


async def unlist_proposal(uow: UnitOfWork, actor: Actor, proposal_id: UUID) -> Proposal:
    """Remove a proposal from the shortlist; limited as adding is. Emits no event."""
    await uow.resources.limiter.hit(rules.LISTED_BY_ACCOUNT, str(actor.id))
    order, proposal = await lock_proposal(uow, actor, proposal_id, Side.CUSTOMER)
    proposal.status = next_status(order, proposal, ProposalEvent.UNLIST)
    return proposal


async def save_proposal_note(uow: UnitOfWork, actor: Actor, proposal_id: UUID, command: ProposalNote) -> Proposal:
    """Save the client's private note on a proposal in any state."""
    _order, proposal = await lock_proposal(uow, actor, proposal_id, Side.CUSTOMER)
    proposal.customer_note = command.text or None
    return proposal


async def proposals_of_order(
    session: AsyncSession, actor: Actor, order_id: UUID, proposal_ids: Sequence[UUID]
) -> list[ProposalRead]:
    """Return those of the given proposals that belong to the actor's own order, newest first.

    Raises:
        OrderNotFoundError: The actor is not the order's client.
    """
    order = await orders.get_order(session, actor, order_id)
    if order.customer_id != actor.id:
        raise OrderNotFoundError
    rows = named(session, await ProposalRepository(session).some_of_order(order.id, proposal_ids))
    return await present(session, actor, sorted(rows, key=lambda row: row.id, reverse=True))


async def compare_proposals(
    session: AsyncSession, actor: Actor, order_id: UUID, proposal_ids: Sequence[UUID]
) -> list[ProposalRead]:
    """Return one to four proposals of the actor's own order, in the given order.

    Raises:
        OrderNotFoundError: The actor is not the order's client.
        UnknownProposalsError: None or more than four are given, or one does not belong to the order.
    """
    order = await orders.get_order(session, actor, order_id)
    if order.customer_id != actor.id:
        raise OrderNotFoundError
    wanted = list(dict.fromkeys(proposal_ids))
    if not 0 < len(wanted) <= MAX_COMPARED:
        raise UnknownProposalsError
    rows = named(session, await ProposalRepository(session).some_of_order(order.id, wanted))
    found = {row.id: row for row in rows}
    if len(found) != len(wanted):
        raise UnknownProposalsError
    return await present(session, actor, [found[proposal_id] for proposal_id in wanted])
