"""The page of a user's photo."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from app.core.actor import Actor
from app.core.errors import FieldError
from app.core.http.dependencies import FeatureRouter, PostedForm, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.i18n import N_, _
from app.features.authentication.dependencies import CurrentActor
from app.features.files import service as files
from app.features.files.dependencies import AvatarFiles, SentFiles
from app.features.files.schemas import Crop, FileRead
from app.features.profiles import service
from app.features.profiles.errors import InvalidProfileError
from app.features.profiles.pages._file_errors import REFUSED, attach_file_errors
from app.features.profiles.schemas import PhotoRead
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()
ADDRESS = "/settings/photo"
NO_PICTURE = N_("Choose a picture.")
NO_NUMBER = N_("Move the sliders, then save.")
PERCENT = ("x", "y", "zoom")


@router.get(ADDRESS)
async def put_photo_form(request: Request, actor: CurrentActor, session: ReadSession) -> Response:
    """Show the photo and the form to replace it."""
    return _page(request, await service.get_photo(session, actor), FormState())


@router.get("/my/face")
async def redirect_to_own_photo(actor: CurrentActor, session: ReadSession) -> Response:
    """Redirect to the actor's photo, for the header of every page; 204 if there is none."""
    # The URL is the same for all users, so the response varies by cookie; it is cached for one minute.
    headers = {"Cache-Control": "private, max-age=60", "Vary": "Cookie"}
    url = (await service.get_photo(session, actor)).url
    if url is None:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    return RedirectResponse(url, HTTPStatus.FOUND, headers)


@router.post(ADDRESS)
async def put_photo(request: Request, actor: CurrentActor, form: PostedForm, sent: AvatarFiles, uow: Uow) -> Response:
    """Set the photo to a picture uploaded with this form or before it."""
    refused = await uow.attempt(_put(uow, actor, sent), *REFUSED)
    if refused is not None:
        shown = FormState.posted(form, attach_file_errors(refused))
        photo = await service.get_photo(uow.session, actor)
        return _page(request, photo, shown, await files.own_files(uow.session, actor, sent.stored))
    return redirect(ADDRESS, _("Your photo is saved."))


@router.post(f"{ADDRESS}/part")
async def crop_photo(request: Request, actor: CurrentActor, form: PostedForm, uow: Uow) -> Response:
    """Change the crop of the photo."""
    typed = {name: str(form.get(name, "")) for name in PERCENT}
    try:
        await service.crop_photo(uow, actor, _crop(typed))
    except InvalidProfileError as error:
        return _page(request, await service.get_photo(uow.session, actor), FormState.posted(form, error))
    return redirect(ADDRESS, _("Your photo is cut anew. It appears everywhere in a moment."))


@router.post(f"{ADDRESS}/remove")
async def remove_photo(actor: CurrentActor, uow: Uow) -> Response:
    """Remove the photo."""
    await service.remove_photo(uow, actor)
    return redirect(ADDRESS, _("Your photo is removed."))


async def _put(uow: Uow, actor: Actor, sent: SentFiles) -> None:
    """Set the photo to the last picture sent."""
    if not sent.ids:
        raise InvalidProfileError(errors=[FieldError(("files",), NO_PICTURE)])
    await service.put_photo(uow, actor, sent.ids[-1])


def _crop(typed: dict[str, str]) -> Crop:
    """Parse the three numbers of the form, given in percent.

    Raises:
        InvalidProfileError: A value is not a number or is out of range.
    """
    try:
        parts = {name: float(text.replace(",", ".")) / 100 for name, text in typed.items()}
        return Crop.model_validate(parts)
    except ValidationError as wrong:
        raise InvalidProfileError(errors=field_errors([dict(error) for error in wrong.errors()])) from wrong
    except ValueError as wrong:
        raise InvalidProfileError(errors=[FieldError(("x",), NO_NUMBER)]) from wrong


def _page(request: Request, photo: PhotoRead, form: FormState, sent: Sequence[FileRead] = ()) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.has_errors else HTTPStatus.OK
    crop = (photo.picture and photo.picture.crop) or Crop()
    percent = {name: f"{getattr(crop, name) * 100:g}" for name in PERCENT}
    context = {"f": form, "photo": photo, "files": sent, "percent": percent}
    return render(request, "profiles/photo.html", context, status_code=status)
