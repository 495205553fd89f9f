"""Pages for editing, withdrawing and declining a proposal, and the list of own proposals."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from app.core.actor import Actor
from app.core.errors import DomainError, InvalidError
from app.core.http.dependencies import FeatureRouter, PostedForm, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.i18n import _
from app.core.text.whole_numbers import read_whole
from app.features.authentication.dependencies import CurrentActor
from app.features.files.dependencies import ProposalFiles
from app.features.files.service import own_files
from app.features.orders import service as orders
from app.features.profiles import service as profiles
from app.features.proposals import service
from app.features.proposals.dependencies import EditableProposal
from app.features.proposals.errors import InvalidProposalError, ProposalChangedError
from app.features.proposals.presenters import (
    PAGE_SIZE,
    form_for_proposal,
    labelled_proposal,
    milestone_rows,
    page_error,
    read_form,
    reasons,
    redirect_too_late,
)
from app.features.proposals.schemas import (
    ProposalDecline,
    ProposalPatch,
    ProposalRead,
)
from app.models import DeclineReason, Proposal
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()


@router.get("/proposals/mine")
async def redirect_to_own_proposals(_actor: CurrentActor) -> Response:
    """Redirect to the list of own proposals."""
    return RedirectResponse("/my/proposals", status_code=308)


@router.get("/my/proposals")
async def list_own_proposals(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """Show a freelancer's own proposals in every state."""
    page = await service.list_own_proposals(session, actor, cursor, PAGE_SIZE)
    context = {
        "proposals": [labelled_proposal(item) for item in page.items],
        "older": f"/my/proposals?{urlencode({'cursor': page.next_cursor})}" if page.next_cursor else None,
        "newer": "/my/proposals" if cursor else None,
    }
    return render(request, "proposals/mine.html", context)


@router.get("/proposals/{proposal_id}")
async def show_proposal(proposal_id: UUID, actor: CurrentActor, session: ReadSession) -> Response:
    """Redirect to the proposal on the order's page."""
    proposal = await service.get_proposal(session, actor, proposal_id)
    return RedirectResponse(f"/orders/{proposal.order.id}#proposal-{proposal.id}", status_code=303)


@router.get("/proposals/{proposal_id}/edit")
async def edit_proposal_form(
    request: Request, proposal_id: UUID, actor: CurrentActor, session: ReadSession
) -> Response:
    """Show the form with the proposal's current values."""
    proposal = await service.get_proposal(session, actor, proposal_id)
    if "edit" not in proposal.actions:
        return redirect_too_late(proposal)
    start = form_for_proposal(proposal)
    return render(request, "proposals/edit.html", await _editor(session, actor, proposal, start))


@router.post("/proposals/{proposal_id}/edit")
async def edit_proposal(
    request: Request,
    proposal_id: UUID,
    actor: CurrentActor,
    form: PostedForm,
    _editable: EditableProposal,
    sent: ProposalFiles,
    uow: Uow,
) -> Response:
    """Save the edited proposal, or show the form again with its errors."""

    async def edit() -> Proposal:
        currency = await service.currency_of_proposal(uow.session, actor, proposal_id)
        given = read_form(form, currency, sent.ids)
        command = ProposalPatch(**given.model_dump(), version=read_whole(form.get("version")))
        return await service.edit_proposal(uow, actor, proposal_id, command)

    edited = await uow.attempt(edit(), InvalidError, ProposalChangedError)
    if isinstance(edited, DomainError):
        proposal = await service.get_proposal(uow.session, actor, proposal_id)
        context = await _editor(uow.session, actor, proposal, FormState.posted(form, page_error(edited)))
        context["files"] = await own_files(uow.session, actor, sent.known)
        return render(request, "proposals/edit.html", context, status_code=422)
    return redirect(f"/orders/{edited.order_id}", _("The changes are saved."), done=f"proposal-{proposal_id}")


@router.get("/proposals/{proposal_id}/withdraw")
async def withdraw_proposal_form(
    request: Request, proposal_id: UUID, actor: CurrentActor, session: ReadSession
) -> Response:
    """Show the confirmation page for withdrawing a proposal."""
    proposal = await service.get_proposal(session, actor, proposal_id)
    if "withdraw" not in proposal.actions:
        return redirect_too_late(proposal)
    return render(request, "proposals/withdraw.html", {"proposal": proposal})


@router.post("/proposals/{proposal_id}/withdraw")
async def withdraw_proposal(proposal_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Withdraw a proposal."""
    proposal = await service.withdraw_proposal(uow, actor, proposal_id)
    return redirect(f"/orders/{proposal.order_id}", _("Your proposal is withdrawn."))


@router.get("/proposals/{proposal_id}/decline")
async def decline_proposal_form(
    request: Request, proposal_id: UUID, actor: CurrentActor, session: ReadSession
) -> Response:
    """Show the form for declining; the reason is shown to the freelancer."""
    proposal = await service.get_proposal(session, actor, proposal_id)
    if "decline" not in proposal.actions:
        return redirect_too_late(proposal)
    start = FormState.start(reason=DeclineReason.OTHER.value)
    return await _decline(request, session, proposal, start)


@router.post("/proposals/{proposal_id}/decline")
async def decline_proposal(
    request: Request, proposal_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow
) -> Response:
    """Decline a proposal."""
    try:
        command = ProposalDecline.model_validate({"reason": form.get("reason"), "note": form.get("note") or ""})
    except ValidationError as wrong:
        error = InvalidProposalError(errors=field_errors([dict(item) for item in wrong.errors()]))
        proposal = await service.get_proposal(uow.session, actor, proposal_id)
        return await _decline(request, uow.session, proposal, FormState.posted(form, error))
    declined = await service.decline_proposal(uow, actor, proposal_id, command)
    return redirect(f"/orders/{declined.order_id}", _("The proposal is declined. The freelancer will be told."))


async def _decline(request: Request, session: ReadSession, proposal: ProposalRead, f: FormState) -> Response:
    people = await profiles.person_cards(session, {proposal.freelancer.id})
    context = {"proposal": proposal, "people": people, "reasons": reasons(), "f": f}
    return render(request, "proposals/decline.html", context, status_code=422 if f.has_errors else 200)


async def _editor(session: ReadSession, actor: Actor, proposal: ProposalRead, f: FormState) -> dict[str, Any]:
    order = await orders.get_order(session, actor, proposal.order.id)
    rows = milestone_rows(f)
    return {"proposal": proposal, "f": f, "questions": order.questions, "rows": rows, "files": proposal.files}
