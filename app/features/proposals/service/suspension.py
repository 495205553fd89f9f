"""Withdrawing the proposals of a freelancer whose account is not active, and restoring them."""

from uuid import UUID

from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.identity import service as identity
from app.features.orders import service as orders
from app.features.proposals.events import ProposalSent, ProposalWithdrawn
from app.features.proposals.repository import ProposalRepository
from app.features.proposals.service.guards import end_offer, event_parties
from app.models import OrderStatus, ProposalStatus
from app.models.proposal import NEGOTIATED, UNDECIDED
from app.models.side import Side

_STILL_WANTED = frozenset({OrderStatus.OPEN, OrderStatus.PAUSED, OrderStatus.MODERATION})
"""States of an order to which a restored proposal returns."""


async def suspend_proposals(uow: UnitOfWork, freelancer_id: UUID) -> int:
    """Withdraw the undecided proposals of a person without an active account; emits `ProposalWithdrawn` for each."""
    if await identity.is_active(uow.session, freelancer_id):
        return 0
    repository = ProposalRepository(uow.session)
    done = 0
    for proposal_id in await repository.ids_of_freelancer(freelancer_id, suspended=False):
        found = await repository.get_for_update(proposal_id, freelancer_id)
        if found is None or found[0].status not in UNDECIDED:
            continue
        proposal, order = found[:2]
        await end_offer(uow, proposal, Side.FREELANCER)
        proposal.suspended_status = proposal.status.value
        proposal.status = ProposalStatus.WITHDRAWN
        proposal.decided_at = proposal.updated_at = utc_now()
        orders.uncount_proposal(order)
        uow.emit(ProposalWithdrawn(**event_parties(order, proposal)))
        done += 1
    return done


async def restore_proposals(uow: UnitOfWork, freelancer_id: UUID) -> int:
    """Restore the proposals that were withdrawn with the account, if it is active again; emits `ProposalSent` for each.

    A proposal with an open offer returns to the short list, because its offer has ended. Proposals to orders that have
    ended stay withdrawn.
    """
    if not await identity.is_active(uow.session, freelancer_id):
        return 0
    repository = ProposalRepository(uow.session)
    done = 0
    for proposal_id in await repository.ids_of_freelancer(freelancer_id, suspended=True):
        found = await repository.get_for_update(proposal_id, freelancer_id)
        if found is None or found[0].suspended_status is None:
            continue
        proposal, order = found[:2]
        before = ProposalStatus(found[0].suspended_status)
        proposal.suspended_status = None
        if order.status not in _STILL_WANTED:
            continue
        proposal.status = ProposalStatus.SHORTLISTED if before in NEGOTIATED else before
        proposal.decided_at, proposal.updated_at = None, utc_now()
        orders.count_restored_proposal(order)
        uow.emit(ProposalSent(**event_parties(order, proposal)))
        done += 1
    return done
