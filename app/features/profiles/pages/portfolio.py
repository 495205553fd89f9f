"""Pages of the actor's own portfolio: list, add, edit, move and remove items."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from app.core.actor import Actor
from app.core.errors import DomainError, FieldError
from app.core.http.dependencies import FeatureRouter, PostedForm, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.http.submissions import Once
from app.core.i18n import _
from app.features.authentication.dependencies import CurrentActor
from app.features.files import service as files
from app.features.files.dependencies import PortfolioFiles, SentFiles
from app.features.files.schemas import FileRead
from app.features.profiles import service
from app.features.profiles.dependencies import KnownPortfolioItem
from app.features.profiles.errors import InvalidProfileError, PortfolioFullError
from app.features.profiles.pages._file_errors import REFUSED, attach_file_errors
from app.features.profiles.schemas import KEPT_LINKS, PortfolioFields
from app.models import PortfolioItem
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()
ADDRESS = "/settings/portfolio"


@router.get(ADDRESS)
async def list_portfolio(request: Request, actor: CurrentActor, session: ReadSession) -> Response:
    """List the portfolio items with buttons to move them and a link to add one."""
    return render(request, "profiles/portfolio.html", {"items": await service.list_portfolio(session, actor)})


@router.get(f"{ADDRESS}/new")
async def add_item_form(request: Request, _actor: CurrentActor) -> Response:
    """Show an empty form."""
    return _form(request, FormState(), None)


@router.post(f"{ADDRESS}/new")
async def add_item(
    request: Request, actor: CurrentActor, form: PostedForm, sent: PortfolioFiles, uow: Uow, once: Once
) -> Response:
    """Add a portfolio item."""
    errors = await _save(uow, actor, form, sent, None)
    if errors is not None:
        known = await files.own_files(uow.session, actor, sent.stored)
        return _form(request, FormState.posted(form, errors), None, known)
    return once.led_to(redirect(ADDRESS, _("It is in your portfolio."), done="portfolio-new"), "portfolio-new")


@router.get(f"{ADDRESS}/{{item_id}}")
async def edit_item_form(request: Request, item_id: UUID, actor: CurrentActor, session: ReadSession) -> Response:
    """Show the form with the fields of a portfolio item."""
    item = await service.get_item(session, actor, item_id)
    start = FormState.start(
        title=item.title,
        description=item.description,
        link=item.link,
        year=item.year,
        skills=", ".join(item.skills) or None,
    )
    return _form(request, start, item_id, item.files)


@router.post(f"{ADDRESS}/{{item_id}}")
async def edit_item(
    request: Request,
    item_id: UUID,
    actor: CurrentActor,
    form: PostedForm,
    _known: KnownPortfolioItem,
    sent: PortfolioFiles,
    uow: Uow,
) -> Response:
    """Save a portfolio item."""
    errors = await _save(uow, actor, form, sent, item_id)
    if errors is not None:
        known = await files.own_files(uow.session, actor, sent.stored)
        return _form(request, FormState.posted(form, errors), item_id, known)
    return redirect(ADDRESS, _("Saved."), done=f"portfolio-{item_id}")


@router.post(f"{ADDRESS}/{{item_id}}/move")
async def move_item(item_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow) -> Response:
    """Move a portfolio item one position up or down."""
    await service.shift_item(uow, actor, item_id, -1 if form.get("to") == "up" else 1)
    return redirect(ADDRESS, _("The order is saved."))


@router.get(f"{ADDRESS}/{{item_id}}/remove")
async def remove_item_form(request: Request, item_id: UUID, actor: CurrentActor, session: ReadSession) -> Response:
    """Ask for confirmation before deleting a portfolio item."""
    return render(request, "profiles/portfolio_remove.html", {"item": await service.get_item(session, actor, item_id)})


@router.post(f"{ADDRESS}/{{item_id}}/remove")
async def remove_item(item_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Delete a portfolio item."""
    await service.remove_item(uow, actor, item_id)
    return redirect(ADDRESS, _("It is taken out."))


def read_form(form: FormData, kept: Collection[str | None] = ()) -> PortfolioFields:
    """Parse the form into the command; the `kept` link is not checked.

    Raises:
        InvalidProfileError: Some fields are invalid; all of them are listed.
    """
    content: dict[str, Any] = {
        "title": str(form.get("title") or ""),
        "description": str(form.get("description") or ""),
        "link": str(form.get("link") or "").strip() or None,
        "year": str(form.get("year") or "").strip() or None,
        "skills": [word.strip() for word in str(form.get("skills") or "").split(",") if word.strip()],
    }
    try:
        return PortfolioFields.model_validate(content, context={KEPT_LINKS: kept})
    except ValidationError as wrong:
        raise InvalidProfileError(errors=field_errors([dict(error) for error in wrong.errors()])) from wrong


async def _save(
    uow: Uow, actor: Actor, form: FormData, sent: SentFiles, item_id: UUID | None
) -> Sequence[FieldError] | None:
    """Add or change a portfolio item; return the errors of the form, or None.

    Uploaded files are kept in both cases, so that they need not be sent again after an error in another field.
    """

    async def save() -> PortfolioItem:
        if item_id is None:
            return await service.add_item(uow, actor, read_form(form).model_copy(update={"files": sent.ids}))
        try:
            command = read_form(form)
        except InvalidProfileError:
            command = read_form(form, [(await service.get_item(uow.session, actor, item_id)).link])
        return await service.edit_item(uow, actor, item_id, command.model_copy(update={"files": sent.ids}))

    done = await uow.attempt(save(), *REFUSED, PortfolioFullError)
    if isinstance(done, PortfolioFullError):
        return [FieldError((), done.message, done.params)]
    return attach_file_errors(done) if isinstance(done, DomainError) else None


def _form(request: Request, form: FormState, item_id: UUID | None, attached: Sequence[FileRead] = ()) -> Response:
    action = f"{ADDRESS}/{item_id}" if item_id else f"{ADDRESS}/new"
    context = {"f": form, "action": action, "item_id": item_id, "files": attached}
    return render(request, "profiles/portfolio_edit.html", context, status_code=422 if form.has_errors else 200)
