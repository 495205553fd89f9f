"""The page of one's own legal details; it shows the fields of the chosen kind, without a script too."""

from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from app.core.config import Settings
from app.core.errors import DomainError, FieldError, InvalidError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.i18n import N_, _, current_locale
from app.core.i18n.locale_data import countries
from app.core.text.whole_numbers import read_whole
from app.features.authentication.dependencies import ClientInfo, CurrentActor
from app.features.legal import service
from app.features.legal.errors import InvalidLegalStatusError, LegalStatusChangedError
from app.features.legal.schemas import KindForm, LegalStatusPut, LegalStatusRead, StatusState
from app.models import RegistryOutcome
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()
ADDRESS = "/settings/legal"
OUTCOMES: dict[RegistryOutcome, tuple[str, str]] = {
    RegistryOutcome.CONFIRMED: (N_("Confirmed by the public registry."), "good"),
    RegistryOutcome.REFUSED: (N_("The public registry does not list this number. Check it, then save again."), "warn"),
}
type Choice = Annotated[str | None, Query(max_length=40)]


@router.get(ADDRESS)
async def edit_legal_status_form(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    resources: ProcessResources,
    country: Choice = None,
    kind: Choice = None,
) -> Response:
    """Show the form with the saved legal details, for the chosen country and kind where they are in the address."""
    status = await service.get_status(session, resources.settings, actor)
    shown_country = _country(country or status.country, resources.settings)
    form = _kind_form(shown_country, kind or (status.kind.value if status.kind else ""))
    return _page(request, FormState.start(**status.fields), shown_country, form, status)


@router.post(ADDRESS)
async def edit_legal_status(
    request: Request, actor: CurrentActor, form: PostedForm, caller: ClientInfo, uow: Uow
) -> Response:
    """Save the legal details, or show the form again with its errors."""
    country = _country(_text(form, "country"), uow.resources.settings)
    shown = _kind_form(country, _text(form, "kind"))

    async def save() -> object:
        return await service.save_status(uow, actor, read_form(form, shown), caller)

    done = await uow.attempt(save(), InvalidError, LegalStatusChangedError)
    if isinstance(done, DomainError):
        status = await service.get_status(uow.session, uow.resources.settings, actor)
        errors = [_moved(item) for item in done.errors] or done
        return _page(request, FormState.posted(form, errors), country, shown, status, code=422)
    return redirect(ADDRESS, _("Saved."), done="legal")


def read_form(form: FormData, shown: KindForm) -> LegalStatusPut:
    """Parse the fields of the shown kind into the command.

    Raises:
        InvalidLegalStatusError: Some fields are invalid; all of them are listed.
    """
    content: dict[str, Any] = {
        "kind": _text(form, "kind"),
        "country": _text(form, "country"),
        "version": read_whole(form.get("version")),
        "fields": {field.name: _text(form, field.name) for field in shown.fields},
    }
    try:
        return LegalStatusPut.model_validate(content)
    except ValidationError as wrong:
        raise InvalidLegalStatusError(errors=field_errors([dict(error) for error in wrong.errors()])) from wrong


def _country(code: str | None, settings: Settings) -> str:
    """Return a country, or the one of the site where there is no such country."""
    return code if code in countries("en") else settings.phone_region


def _kind_form(country: str, kind: str) -> KindForm:
    """Return the fields of a kind, or of the first one where the country has no such kind."""
    forms = service.get_forms(country).kinds
    return next((form for form in forms if form.kind.value == kind), forms[0])


def _page(
    request: Request,
    state: FormState,
    country: str,
    form: KindForm,
    status: LegalStatusRead,
    *,
    code: int = 200,
) -> Response:
    outcome = OUTCOMES.get(status.registry_outcome) if status.registry_outcome else None
    context = {
        "f": state,
        "countries": list(countries(current_locale()).items()),
        "kinds": [(item.kind.value, item.label) for item in service.get_forms(country).kinds],
        "fields": form.fields,
        "choice": FormState.start(country=country, kind=form.kind.value),
        "status": status,
        "unreadable": status.state is StatusState.UNREADABLE,
        "outcome": (_(outcome[0]), outcome[1]) if outcome else None,
    }
    return render(request, "legal/edit.html", context, code)


def _moved(error: FieldError) -> FieldError:
    """Assign the error of a legal field to the field of the form that has its name."""
    names = [part for part in error.loc if part not in ("body", "fields")]
    return FieldError(tuple(names), error.message, error.params)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""
