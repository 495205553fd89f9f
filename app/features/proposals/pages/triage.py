"""Pages of triage by the client: mark as seen, shortlist, notes, comparison, declining several at once."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from app.core.actor import Actor
from app.core.http.dependencies import FeatureRouter, PostedForm, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.i18n import _, ngettext
from app.features.authentication.dependencies import CurrentActor
from app.features.files.dependencies import sent_ids
from app.features.orders import service as orders
from app.features.profiles import service as profiles
from app.features.proposals import service
from app.features.proposals.errors import InvalidProposalError, UnknownProposalsError
from app.features.proposals.presenters import labelled_proposal, reasons
from app.features.proposals.schemas import MAX_DECLINED, ProposalNote, ProposalsDecline, ProposalsSeen
from app.models import DeclineReason
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()


@router.get("/orders/{order_id}/compare")
async def compare_proposals(
    request: Request,
    order_id: UUID,
    actor: CurrentActor,
    session: ReadSession,
    ids: Annotated[list[UUID] | None, Query(max_length=100)] = None,
) -> Response:
    """Show a few proposals side by side."""
    order = await orders.get_order(session, actor, order_id)
    try:
        found = await service.compare_proposals(session, actor, order_id, ids or [])
    except UnknownProposalsError as error:
        return redirect(f"/orders/{order_id}#proposals", error.text(), "warn")
    given = [{pair.question: pair.answer for pair in item.answers} for item in found]
    questions = list(dict.fromkeys(pair.question for item in found for pair in item.answers))
    context = {
        "order": order,
        "people": await profiles.person_cards(session, {item.freelancer.id for item in found}),
        "proposals": [labelled_proposal(item) for item in found],
        "answers": [(question, [answers.get(question, "") for answers in given]) for question in questions],
    }
    return render(request, "proposals/compare.html", context)


@router.get("/orders/{order_id}/decline")
async def decline_several_form(
    request: Request,
    order_id: UUID,
    actor: CurrentActor,
    session: ReadSession,
    ids: Annotated[list[UUID] | None, Query(max_length=MAX_DECLINED)] = None,
) -> Response:
    """Show the selected proposals and the form for one reason."""
    start = FormState.start(reason=DeclineReason.OTHER.value)
    return await _several(request, session, actor, order_id, ids or [], start)


@router.post("/orders/{order_id}/decline")
async def decline_several(
    request: Request, order_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow
) -> Response:
    """Decline the selected proposals."""
    try:
        content = {"proposals": form.getlist("ids"), "reason": form.get("reason"), "note": form.get("note") or ""}
        command = ProposalsDecline.model_validate(content)
    except ValidationError as wrong:
        error = InvalidProposalError(errors=field_errors([dict(item) for item in wrong.errors()]))
        return await _several(
            request, uow.session, actor, order_id, sent_ids(form, "ids"), FormState.posted(form, error)
        )
    count = len(await service.decline_proposals(uow, actor, order_id, command))
    said = ngettext("{count} proposal is declined.", "{count} proposals are declined.", count).format(count=count)
    return redirect(f"/orders/{order_id}#proposals", said)


async def _several(
    request: Request, session: ReadSession, actor: Actor, order_id: UUID, ids: list[UUID], f: FormState
) -> Response:
    order = await orders.get_order(session, actor, order_id)
    found = await service.proposals_of_order(session, actor, order_id, ids)
    chosen = [item for item in found if "decline" in item.actions]
    if not chosen:
        return redirect(f"/orders/{order_id}#proposals", _("Tick the proposals that you want to decline."), "warn")
    people = await profiles.person_cards(session, {item.freelancer.id for item in chosen})
    context = {"order": order, "proposals": chosen, "people": people, "reasons": reasons(), "f": f}
    return render(request, "proposals/decline_several.html", context, status_code=422 if f.has_errors else 200)


@router.post("/orders/{order_id}/seen")
async def mark_proposals_seen(order_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow) -> Response:
    """Mark proposals as seen; sent by the page's script, or by a button without scripts."""
    try:
        command = ProposalsSeen.model_validate({"proposals": form.getlist("proposal")})
    except ValidationError as wrong:
        raise InvalidProposalError(errors=field_errors([dict(item) for item in wrong.errors()])) from wrong
    await service.mark_seen(uow, actor, order_id, command.proposals)
    return redirect(f"/orders/{order_id}#proposals")


@router.post("/proposals/{proposal_id}/shortlist")
async def shortlist_proposal(proposal_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Add a proposal to the shortlist."""
    proposal = await service.shortlist_proposal(uow, actor, proposal_id)
    return redirect(f"/orders/{proposal.order_id}#proposal-{proposal_id}", _("The proposal is on your short list."))


@router.post("/proposals/{proposal_id}/unlist")
async def unlist_proposal(proposal_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Remove a proposal from the shortlist."""
    proposal = await service.unlist_proposal(uow, actor, proposal_id)
    return redirect(f"/orders/{proposal.order_id}#proposal-{proposal_id}", _("The proposal is off your short list."))


@router.post("/proposals/{proposal_id}/note")
async def save_proposal_note(proposal_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow) -> Response:
    """Save the client's private note."""
    try:
        command = ProposalNote(text=str(form.get("note") or ""))
    except ValidationError as wrong:
        raise InvalidProposalError(errors=field_errors([dict(item) for item in wrong.errors()])) from wrong
    proposal = await service.save_proposal_note(uow, actor, proposal_id, command)
    return redirect(f"/orders/{proposal.order_id}#proposal-{proposal_id}", _("Your note is kept."))
