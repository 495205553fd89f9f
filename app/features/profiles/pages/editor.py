"""The profile editor; skills are typed in three fields, one per level."""

from collections.abc import Collection
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from app.core.errors import DomainError, FieldError, InvalidError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.i18n import N_, _, current_locale
from app.core.i18n.locale_data import countries, languages, time_zones
from app.core.money import UNKNOWN_CURRENCY, Currency, amount_as_typed, typed_amount
from app.core.text.amounts import AmountError
from app.core.text.whole_numbers import read_whole
from app.features.authentication.dependencies import CurrentActor
from app.features.profiles import service
from app.features.profiles.errors import InvalidProfileError, ProfileChangedError
from app.features.profiles.schemas import (
    AVAILABILITY_LABELS,
    KEPT_LINKS,
    LANGUAGE_LABELS,
    LEVEL_LABELS,
    MAX_LANGUAGES,
    MAX_LINKS,
    OwnProfileRead,
    ProfilePatch,
)
from app.models import Profile, ProfileSide, SkillLevel
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()
ADDRESS = "/settings/public-profile"
HINT_TEXTS: dict[str, str] = {
    "headline": N_("Say in one line what you do."),
    "skills": N_("Name your skills: orders are found and recommended by them."),
    "about": N_("Tell in a few sentences what you are good at and how you work."),
    "rate": N_("Name your rate for an hour, even a rough one."),
    "portfolio": N_("Show a piece of work: two or three good ones are enough."),
    "photo": N_("Add a photo."),
    "languages": N_("Say which languages you speak."),
    "place": N_("Say where you are and in which time zone."),
}
SIDE_LABELS: dict[ProfileSide, tuple[str, str]] = {
    ProfileSide.FREELANCER: (N_("I look for work"), N_("Orders and your proposals come first")),
    ProfileSide.CUSTOMER: (N_("I look for freelancers"), N_("Your orders come first")),
}


@router.get(ADDRESS)
async def edit_profile_form(
    request: Request, actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show the editor with the current profile."""
    profile = await service.get_own_profile(session, resources, actor)
    return _editor(request, profile, _start(profile))


@router.post(ADDRESS)
async def edit_profile(request: Request, actor: CurrentActor, form: PostedForm, uow: Uow) -> Response:
    """Save the profile, or show the form again with its errors."""

    async def edit() -> Profile:
        try:
            command = read_form(form)
        except InvalidProfileError:
            kept = [link.url for link in (await service.get_own_profile(uow.session, uow.resources, actor)).links]
            command = read_form(form, kept)
        return await service.edit_profile(uow, actor, command)

    done = await uow.attempt(edit(), InvalidError, ProfileChangedError)
    if isinstance(done, DomainError):
        profile = await service.get_own_profile(uow.session, uow.resources, actor)
        return _editor(request, profile, FormState.posted(form, _moved(done)), status=422)
    return redirect(ADDRESS, _("Saved."), done="profile")


def read_form(form: FormData, kept: Collection[str] = ()) -> ProfilePatch:
    """Parse the form into the command; the `kept` addresses of links are not checked.

    Raises:
        InvalidProfileError: Some fields are invalid; all of them are listed.
    """
    errors: list[FieldError] = []
    rate: dict[str, Any] | None = None
    currency = _text(form, "currency")
    if _text(form, "rate"):
        try:
            rate = {"amount": typed_amount(_text(form, "rate"), Currency(currency)), "currency": currency}
        except AmountError as wrong:
            errors.append(wrong.at("rate"))
        except ValueError:
            errors.append(FieldError(("currency",), UNKNOWN_CURRENCY))
    content: dict[str, Any] = {
        "side": _text(form, "side") or None,
        "listed": form.get("listed") == "1",
        "recommendations": form.get("recommendations") == "1",
        "headline": _text(form, "headline"),
        "about": str(form.get("about") or ""),
        "skills": [
            {"skill": word.strip(), "level": level.value}
            for level in SkillLevel
            for word in _text(form, f"skills_{level.value}").split(",")
            if word.strip()
        ],
        "rate": rate,
        "languages": [
            {"code": _text(form, f"language_{row}"), "level": _text(form, f"language_level_{row}") or "good"}
            for row in range(MAX_LANGUAGES)
            if _text(form, f"language_{row}")
        ],
        "country": _text(form, "country") or None,
        "place": _text(form, "place"),
        "time_zone": _text(form, "time_zone") or None,
        "availability": _text(form, "availability") or None,
        "available_from": _text(form, "available_from") or None,
        "hours_week": _text(form, "hours_week") or None,
        "links": [
            {"title": _text(form, f"link_title_{row}"), "url": _text(form, f"link_{row}")}
            for row in range(MAX_LINKS)
            if _text(form, f"link_{row}")
        ],
        "version": read_whole(form.get("version")),
    }
    try:
        command = ProfilePatch.model_validate(content, context={KEPT_LINKS: kept})
    except ValidationError as wrong:
        errors += field_errors([dict(error) for error in wrong.errors()])
        raise InvalidProfileError(errors=errors) from wrong
    if errors:
        raise InvalidProfileError(errors=errors)
    return command


def _moved(error: DomainError) -> list[FieldError] | ProfileChangedError:
    """Assign errors of list fields to the first form field of the list."""
    if isinstance(error, ProfileChangedError) or not error.errors:
        return error if isinstance(error, ProfileChangedError) else [FieldError((), error.message, error.params)]
    first = {"skills": f"skills_{SkillLevel.EXPERT.value}", "languages": "language_0", "links": "link_0"}
    found: list[FieldError] = []
    for item in error.errors:
        names = [part for part in item.loc if isinstance(part, str) and part != "body"]
        place = names[0] if names else ""
        rows = [part for part in item.loc if isinstance(part, int)]
        if place == "links" and rows:
            place = f"link_{rows[0]}"
        found.append(FieldError((first.get(place, place),), item.message, item.params))
    return found


def _start(profile: OwnProfileRead) -> FormState:
    values: dict[str, Any] = {
        "side": profile.side.value,
        "listed": "1" if profile.listed else None,
        "recommendations": "1" if profile.recommendations else None,
        "headline": profile.headline,
        "about": profile.about,
        "rate": amount_as_typed(profile.rate.amount, profile.rate.currency) if profile.rate else None,
        "currency": profile.rate.currency.value if profile.rate else Currency.RUB.value,
        "country": profile.country,
        "place": profile.place,
        "time_zone": profile.time_zone,
        "availability": profile.availability.value,
        "available_from": profile.available_from.isoformat() if profile.available_from else None,
        "hours_week": profile.hours_week,
    }
    for level in SkillLevel:
        values[f"skills_{level.value}"] = ", ".join(item.name for item in profile.skills if item.level is level)
    for row, item in enumerate(profile.languages[:MAX_LANGUAGES]):
        values |= {f"language_{row}": item.code, f"language_level_{row}": item.level}
    for row, link in enumerate(profile.links[:MAX_LINKS]):
        values |= {f"link_{row}": link.url, f"link_title_{row}": link.title}
    return FormState.start(**values)


def _editor(request: Request, profile: OwnProfileRead, form: FormState, status: int = 200) -> Response:
    locale = current_locale()
    context = {
        "f": form,
        "profile": profile,
        "hints": [_(HINT_TEXTS[name]) for name in profile.hints[:3]],
        "sides": [(side.value, _(words), _(note)) for side, (words, note) in SIDE_LABELS.items()],
        "levels": [(level.value, _(LEVEL_LABELS[level])) for level in reversed(SkillLevel)],
        "currencies": [(item.value, item.value) for item in Currency],
        "availabilities": [(item.value, _(words), None) for item, (words, _tone) in AVAILABILITY_LABELS.items()],
        "languages": list(languages(locale).items()),
        "language_levels": [(level, _(words)) for level, words in LANGUAGE_LABELS.items()],
        "countries": list(countries(locale).items()),
        "zones": [(name, name.replace("_", " ")) for name in time_zones()],
        "language_rows": _rows(form, "language_", MAX_LANGUAGES),
        "link_rows": _rows(form, "link_", MAX_LINKS),
    }
    return render(request, "profiles/edit.html", context, status_code=status)


def _rows(form: FormState, name: str, limit: int) -> tuple[range, range]:
    """Return the rows shown at first (up to the last filled one, and one more) and the rows to unfold."""
    filled = [row for row in range(limit) if form.value(f"{name}{row}")]
    shown = min(limit, filled[-1] + 2 if filled else 1)
    return range(shown), range(shown, limit)


def _text(form: FormData, name: str) -> str:
    return str(form.get(name) or "").strip()
