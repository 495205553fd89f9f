"""Pages for accepting a proposal or an offer; both lead to the contract, where the client pays."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession, Uow
from app.core.i18n import _
from app.core.text.whole_numbers import read_whole
from app.core.unit_of_work import UnitOfWork
from app.features.authentication.dependencies import CurrentActor
from app.features.contracts import service
from app.features.orders.errors import OrderChangedError
from app.features.profiles import service as profiles
from app.features.proposals import service as proposals
from app.features.proposals.errors import OfferLapsedError, OfferStateError, ProposalChangedError
from app.features.proposals.presenters import redirect_too_late
from app.web.flash import redirect
from app.web.templating import render

router = FeatureRouter()
UNREAD = 0
"""The version of a form that does not say what its reader has seen: it is never the current one."""


@router.get("/proposals/{proposal_id}/accept")
async def accept_proposal_form(
    request: Request, proposal_id: UUID, actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show the confirmation page for accepting a proposal."""
    proposal = await proposals.get_proposal(session, actor, proposal_id)
    if "accept" not in proposal.actions:
        return redirect_too_late(proposal)
    others = await proposals.count_waiting(session, proposal.order.id) - 1
    people = await profiles.person_cards(session, {proposal.freelancer.id})
    missing = await service.without_details(session, resources.settings, {actor.id, proposal.freelancer.id})
    shown = {
        "proposal": proposal,
        "people": people,
        "others": others,
        "asks_own": actor.id in missing,
        "asks_other": proposal.freelancer.id in missing,
    }
    return render(request, "proposals/accept.html", shown)


@router.post("/proposals/{proposal_id}/accept")
async def accept_proposal(proposal_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow) -> Response:
    """Accept a proposal."""
    choice = await uow.attempt(
        service.accept_proposal(uow, actor, proposal_id, read_whole(form.get("version")) or UNREAD),
        ProposalChangedError,
    )
    if isinstance(choice, DomainError):
        return redirect(f"/proposals/{proposal_id}/accept", choice.text(), "warn")
    return await _to_contract(uow, actor, choice.order.id, _("You have chosen a freelancer. Both sides see it now."))


@router.post("/offers/{offer_id}/accept")
async def accept_offer(offer_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow) -> Response:
    """Accept an offer."""
    accepting = service.accept_offer(uow, actor, offer_id, read_whole(form.get("order_version")) or UNREAD)
    offer = await uow.attempt(accepting, OfferStateError, OfferLapsedError, OrderChangedError)
    if isinstance(offer, DomainError):
        return redirect(f"/offers/{offer_id}", offer.text(), "warn")
    return await _to_contract(uow, actor, offer.order_id, _("You have agreed. Both sides see it now."))


async def _to_contract(uow: UnitOfWork, actor: Actor, order_id: UUID, said: str) -> Response:
    return redirect(f"/contracts/{await service.find_contract(uow.session, actor, order_id)}", said)
