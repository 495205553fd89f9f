"""Pages of cover letter templates."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from app.core.errors import InvalidError
from app.core.http.dependencies import FeatureRouter, PostedForm, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.http.submissions import Once
from app.core.i18n import _
from app.features.authentication.dependencies import CurrentActor
from app.features.proposals import service
from app.features.proposals.errors import (
    CoverLetterTemplateNotFoundError,
    InvalidProposalError,
    TooManyCoverLetterTemplatesError,
)
from app.features.proposals.schemas import MAX_COVER_LETTER_TEMPLATE_NAME, CoverLetterTemplateWrite
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()
LIST = "/my/letters"


@router.get("/my/letters")
async def list_cover_letter_templates(request: Request, actor: CurrentActor, session: ReadSession) -> Response:
    """Show the actor's cover letter templates."""
    return render(
        request,
        "proposals/cover_letter_templates.html",
        {"letters": await service.list_cover_letter_templates(session, actor)},
    )


@router.get("/my/letters/new")
async def new_cover_letter_template(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    proposal: Annotated[UUID | None, Query(description="Id of the proposal whose cover letter is copied.")] = None,
) -> Response:
    """Show an empty form, or one with the cover letter of one of the actor's proposals."""
    start = FormState()
    if proposal is not None:
        sent = await service.get_proposal(session, actor, proposal)
        if sent.freelancer.id == actor.id:
            start = FormState.start(name=sent.order.title[:MAX_COVER_LETTER_TEMPLATE_NAME], letter=sent.letter)
    return render(
        request, "proposals/cover_letter_template.html", {"f": start, "action": f"{LIST}/new", "is_new": True}
    )


@router.post("/my/letters/new")
async def save_cover_letter_template(
    request: Request, actor: CurrentActor, form: PostedForm, uow: Uow, once: Once
) -> Response:
    """Save the template, or show the form again with its errors."""
    try:
        async with uow.session.begin_nested():
            await service.save_cover_letter_template(uow, actor, _read(form))
    except (InvalidError, TooManyCoverLetterTemplatesError) as error:
        context = {"f": FormState.posted(form, error), "action": f"{LIST}/new", "is_new": True}
        return render(request, "proposals/cover_letter_template.html", context, status_code=422)
    return once.led_to(redirect(LIST, _("The letter is kept."), done="new-letter"), "new-letter")


@router.get("/my/letters/{letter_id}")
async def cover_letter_template_form(
    request: Request, letter_id: UUID, actor: CurrentActor, session: ReadSession
) -> Response:
    """Show the form with the template."""
    found = next(
        (item for item in await service.list_cover_letter_templates(session, actor) if item.id == letter_id), None
    )
    if found is None:
        raise CoverLetterTemplateNotFoundError
    start = FormState.start(name=found.name, letter=found.letter)
    return render(
        request, "proposals/cover_letter_template.html", {"f": start, "action": f"{LIST}/{letter_id}", "is_new": False}
    )


@router.post("/my/letters/{letter_id}")
async def edit_cover_letter_template(
    request: Request, letter_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow
) -> Response:
    """Save the edited template, or show the form again with its errors."""
    try:
        async with uow.session.begin_nested():
            await service.edit_cover_letter_template(uow, actor, letter_id, _read(form))
    except InvalidError as error:
        context = {"f": FormState.posted(form, error), "action": f"{LIST}/{letter_id}", "is_new": False}
        return render(request, "proposals/cover_letter_template.html", context, status_code=422)
    return redirect(LIST, _("The changes are saved."), done=f"letter-{letter_id}")


@router.post("/my/letters/{letter_id}/delete")
async def delete_cover_letter_template(letter_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Delete the template."""
    await service.delete_cover_letter_template(uow, actor, letter_id)
    return redirect(LIST, _("The letter is gone. Proposals that began with it stay as they are."))


def _read(form: FormData) -> CoverLetterTemplateWrite:
    try:
        return CoverLetterTemplateWrite.model_validate({name: str(form.get(name) or "") for name in ("name", "letter")})
    except ValidationError as wrong:
        raise InvalidProposalError(errors=field_errors([dict(error) for error in wrong.errors()])) from wrong
