"""Pages of saved searches: list, save, edit, delete, open, and the alert settings."""

from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location
from fastapi import Form, Request, Response
from pydantic import BaseModel, Field, ValidationError

from app.core.clock import utc_now
from app.core.errors import DomainError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import field_errors, headers_of, status_of
from app.core.http.submissions import Once
from app.core.i18n import _, current_locale
from app.core.text.whole_numbers import WholeNumber
from app.features.authentication.dependencies import CurrentActor
from app.features.catalog import service as catalog
from app.features.matching import service
from app.features.matching.pages._filter_text import (
    filter_in,
    filter_labels,
    list_address,
    suggested_name,
    typed_query,
)
from app.features.matching.schemas import (
    FREQUENCY_LABELS,
    MAX_NAME,
    AlertSettingsPatch,
    SavedSearchCreate,
    SavedSearchPatch,
    SavedSearchRead,
)
from app.features.orders.errors import InvalidFilterError
from app.models import AlertFrequency, SavedSearch
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()

PLACE = "/my/searches"
MAX_FIELD_LENGTH = 2_000
ZONES = (
    "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Novosibirsk",
    "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka",
    "Europe/Minsk", "Europe/Kiev", "Europe/Chisinau", "Asia/Almaty", "Asia/Tashkent", "Asia/Bishkek", "Asia/Tbilisi",
    "Asia/Yerevan", "Asia/Baku", "Asia/Dushanbe", "Asia/Ashgabat", "Europe/London", "Europe/Berlin", "Europe/Belgrade",
    "Europe/Istanbul", "Asia/Jerusalem", "Asia/Dubai", "Asia/Kolkata", "Asia/Bangkok", "Asia/Shanghai", "Asia/Tokyo",
    "Australia/Sydney", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
    "America/Sao_Paulo", "UTC",
)  # fmt: skip
"""Time zones that the page offers; the API accepts any."""


class SearchForm(BaseModel):
    """Fields of the forms of a saved search."""

    query: str = Field(default="", max_length=MAX_FIELD_LENGTH)
    name: str = Field(default="", max_length=MAX_FIELD_LENGTH)
    frequency: str = Field(default="", max_length=MAX_FIELD_LENGTH)


type Typed = Annotated[SearchForm, Form()]


@router.get(PLACE)
async def list_searches(
    request: Request, actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show the actor's saved searches, the number of new orders in each, and the alert settings."""
    found = await service.list_searches(session, resources, actor)
    settings = await service.read_settings(session, actor)
    catalogue = await catalog.read_catalogue(session, resources)
    context = {
        "searches": [_shown(search, catalogue) for search in found.items],
        "limit": found.limit,
        "f": FormState.start(**settings.model_dump()),
        "hours": [(hour, f"{hour:02}:00") for hour in range(24)],
        "zones": _zones(settings.time_zone),
    }
    return render(request, "matching/list.html", context)


@router.post(f"{PLACE}/settings")
async def change_settings(
    actor: CurrentActor,
    uow: Uow,
    digest_hour: Annotated[WholeNumber, Form()],
    time_zone: Annotated[str, Form(max_length=60)],
) -> Response:
    """Change the time zone and hour of daily and weekly e-mails."""
    command = _read(AlertSettingsPatch, {"digest_hour": digest_hour, "time_zone": time_zone})
    await service.change_settings(uow, actor, command)
    return redirect(PLACE, _("Mails will come at the new time."))


@router.get(f"{PLACE}/new")
async def new_search(
    request: Request, _actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show the form for saving a search; its filters come from the list page that linked here."""
    wanted = filter_in(request.url.query)
    catalogue = await catalog.read_catalogue(session, resources)
    words = filter_labels(wanted, catalogue)
    name = suggested_name(wanted, catalogue, MAX_NAME)
    form = FormState.start(name=name, frequency=AlertFrequency.DAILY)
    return render(request, "matching/new.html", _new_context(form, words, typed_query(wanted)))


@router.post(f"{PLACE}/new")
async def save_search(
    request: Request, actor: CurrentActor, typed: Typed, form: PostedForm, uow: Uow, once: Once
) -> Response:
    """Save the search."""
    wanted = filter_in(typed.query)

    async def save() -> SavedSearch:
        frequency = typed.frequency or AlertFrequency.DAILY.value
        given = {"name": typed.name, "frequency": frequency, "filter": wanted}
        return await service.save_search(uow, actor, _read(SavedSearchCreate, given))

    saved = await uow.attempt(save())
    if isinstance(saved, DomainError):
        words = filter_labels(wanted, await catalog.read_catalogue(uow.session, uow.resources))
        state = FormState.posted(form, saved)
        return _refused(request, "matching/new.html", _new_context(state, words, typed_query(wanted)), saved)
    return once.led_to(redirect(PLACE, _("The search is saved.")))


@router.get(f"{PLACE}/{{search_id:uuid}}/edit")
async def edit_search(
    request: Request, search_id: UUID, actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show the form for the name and the alert frequency."""
    search = await service.get_search(session, actor, search_id)
    shown = _shown(search, await catalog.read_catalogue(session, resources))
    form = FormState.start(name=search.name, frequency=search.frequency)
    return render(request, "matching/edit.html", {"f": form, "search": shown, "frequencies": _frequencies()})


@router.post(f"{PLACE}/{{search_id:uuid}}/edit")
async def change_search(
    request: Request, search_id: UUID, actor: CurrentActor, typed: Typed, form: PostedForm, uow: Uow
) -> Response:
    """Change the name and the alert frequency."""

    async def change() -> SavedSearch:
        command = _read(SavedSearchPatch, {"name": typed.name, "frequency": typed.frequency})
        return await service.change_search(uow, actor, search_id, command)

    changed = await uow.attempt(change())
    if isinstance(changed, DomainError):
        search = await service.get_search(uow.session, actor, search_id)
        shown = _shown(search, await catalog.read_catalogue(uow.session, uow.resources))
        context = {"f": FormState.posted(form, changed), "search": shown, "frequencies": _frequencies()}
        return _refused(request, "matching/edit.html", context, changed)
    return redirect(PLACE, _("The changes are saved."))


@router.get(f"{PLACE}/{{search_id:uuid}}/delete")
async def ask_to_delete(
    request: Request, search_id: UUID, actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show the confirmation page for deleting a search."""
    search = await service.get_search(session, actor, search_id)
    shown = _shown(search, await catalog.read_catalogue(session, resources))
    return render(request, "matching/delete.html", {"search": shown})


@router.post(f"{PLACE}/{{search_id:uuid}}/delete")
async def delete_search(search_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Delete a search."""
    await service.remove_search(uow, actor, search_id)
    return redirect(PLACE, _("The search is deleted."))


@router.post(f"{PLACE}/{{search_id:uuid}}/open")
async def open_search(search_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Redirect to the list of a search and mark its finds as seen."""
    search = service.read_search(await service.mark_search_viewed(uow, actor, search_id), new_count=0)
    return redirect(list_address(search.filter))


def _read[M: BaseModel](model: type[M], given: dict[str, Any]) -> M:
    try:
        return model.model_validate(given)
    except ValidationError as wrong:
        raise InvalidFilterError(errors=field_errors([dict(error) for error in wrong.errors()])) from wrong


def _refused(request: Request, template: str, context: dict[str, Any], error: DomainError) -> Response:
    page = render(request, template, context, status_of(error))
    page.headers.update(headers_of(error))
    return page


def _new_context(form: FormState, words: list[str], query: str) -> dict[str, Any]:
    address = f"/orders?{query}" if query else "/orders"
    return {"f": form, "words": words, "query": query, "address": address, "frequencies": _frequencies()}


def _frequencies() -> list[tuple[str, str]]:
    return [(item.value, _(words)) for item, words in FREQUENCY_LABELS.items()]


def _shown(search: SavedSearchRead, catalogue: catalog.Catalogue) -> dict[str, Any]:
    query = typed_query(search.filter) if search.filter else ""
    return {
        "it": search,
        "words": filter_labels(search.filter, catalogue),
        "often": _(FREQUENCY_LABELS[search.frequency]),
        "silent": search.frequency is AlertFrequency.OFF,
        "address": list_address(search.filter),
        "feed": f"/orders.atom?{query}" if query else "/orders.atom",
    }


def _zones(chosen: str) -> list[tuple[str, str]]:
    """Return the offered time zones with labels, from west to east; the chosen one is included."""
    now = utc_now()
    names = dict.fromkeys((*ZONES, chosen))
    shifts = {name: now.astimezone(ZoneInfo(name)).utcoffset() or now - now for name in names}
    found: list[tuple[str, str]] = []
    for name in sorted(names, key=lambda item: shifts[item]):
        minutes = round(shifts[name].total_seconds() / 60)
        sign = "−" if minutes < 0 else "+"
        place = "UTC" if name == "UTC" else get_timezone_location(name, locale=current_locale(), return_city=True)
        found.append((name, f"UTC{sign}{abs(minutes) // 60}:{abs(minutes) % 60:02} · {place}"))
    return found
