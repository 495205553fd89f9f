"""The public profile page, and the lists of favourites and hidden customers."""

import json
from datetime import UTC, datetime, time
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Query, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from app.core.actor import Actor
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession, Uow
from app.core.i18n import _, current_locale
from app.core.i18n.locale_data import countries, languages
from app.features.authentication.dependencies import CurrentActor, OptionalActor
from app.features.catalog import service as catalog
from app.features.profiles import service
from app.features.profiles.errors import PersonNotFoundError
from app.features.profiles.schemas import AVAILABILITY_LABELS, LANGUAGE_LABELS, LEVEL_LABELS, ProfileRead
from app.web.flash import redirect
from app.web.formatting import day, money
from app.web.safe_redirects import safe_redirect_target
from app.web.share_images import share_image_url
from app.web.templating import render

router = FeatureRouter()
PAGE_SIZE = 30
MARKS = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
Cursor = Annotated[str | None, Query(max_length=300)]


@router.get("/@{username}")
async def show_person(
    request: Request, username: str, actor: OptionalActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show a public profile at its canonical URL, which has the user name as its owner wrote it."""
    profile, facts = await service.get_person(session, resources, actor, username)
    if profile.username != username:
        return RedirectResponse(f"/@{quote(profile.username)}", status_code=308)
    catalogue = await catalog.read_catalogue(session, resources)
    origin = resources.settings.origin
    context = {
        "profile": profile,
        "summary": profile.headline or _("{name} on ipLance").format(name=profile.name),
        "details": _details(profile),
        "availability": (_(AVAILABILITY_LABELS[profile.availability][0]), AVAILABILITY_LABELS[profile.availability][1]),
        "skills": [(item.name, _(LEVEL_LABELS[item.level])) for item in profile.skills],
        "portfolio": [(item, _names(item.skills, catalogue)) for item in profile.portfolio],
        "customer_facts": facts,
        "is_own": actor is not None and actor.id == profile.id,
        "canonical": f"{origin}/@{quote(profile.username)}",
        "picture": share_image_url(f"{origin}/@{quote(profile.username)}", current_locale()),
        "structured": structured_data(profile, origin),
    }
    return render(request, "profiles/show.html", context)


@router.post("/@{username}/{step}")
async def change_person_relation(username: str, step: str, actor: CurrentActor, form: PostedForm, uow: Uow) -> Response:
    """Change the actor's favourites or hidden customers and redirect back to the page of the button."""
    back, text = await _change_relation(uow, actor, username, step)
    given = str(form.get("back"))
    known = {"favourites": "/my/favourites", "hidden": "/my/hidden"}.get(given)
    return redirect(known or safe_redirect_target(given, back), text)


@router.get("/my/favourites")
async def list_favourites(
    request: Request, actor: CurrentActor, session: ReadSession, cursor: Cursor = None
) -> Response:
    """List the actor's favourites."""
    page = await service.list_favourites(session, actor, cursor, PAGE_SIZE)
    return render(request, "profiles/favourites.html", _people("/my/favourites", page.items, page.next_cursor, cursor))


@router.get("/my/hidden")
async def list_hidden(request: Request, actor: CurrentActor, session: ReadSession, cursor: Cursor = None) -> Response:
    """List the customers whose orders the actor hides."""
    page = await service.list_hidden(session, actor, cursor, PAGE_SIZE)
    return render(request, "profiles/hidden.html", _people("/my/hidden", page.items, page.next_cursor, cursor))


def structured_data(profile: ProfileRead, origin: str) -> Markup:
    """Return the profile as schema.org JSON for search engines, escaped for use inside a script element."""
    content: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ProfilePage",
        "dateCreated": profile.member_since.isoformat(),
        "mainEntity": {
            "@type": "Person",
            "@id": f"{origin}/@{quote(profile.username)}",
            "identifier": str(profile.id),
            "name": profile.name,
            "alternateName": profile.username,
            "jobTitle": profile.headline,
            "knowsAbout": [item.name for item in profile.skills],
            "knowsLanguage": [item.code for item in profile.languages],
            "sameAs": [item.url for item in profile.links],
        },
    }
    text = json.dumps(content, ensure_ascii=False)
    return Markup("".join(MARKS.get(character, character) for character in text))  # noqa: S704 - escaped above


async def _change_relation(uow: Uow, actor: Actor, username: str, step: str) -> tuple[str, str]:
    steps = {
        "keep": (service.add_favourite, _("Kept. You find this person among your favourites.")),
        "drop": (service.remove_favourite, _("No longer among your favourites.")),
        "hide": (service.hide_customer, _("You will not see this customer's orders in lists any more.")),
        "show": (service.unhide_customer, _("You see this customer's orders again.")),
    }
    if step not in steps:
        raise PersonNotFoundError
    use_case, text = steps[step]
    person = await use_case(uow, actor, username)
    return f"/@{quote(person.username)}", text


def _names(slugs: list[str], catalogue: catalog.Catalogue) -> list[str]:
    return [skill.name(current_locale()) for skill in map(catalogue.skill, slugs) if skill]


def _details(profile: ProfileRead) -> list[tuple[str, str]]:
    """Return the details shown next to a profile."""
    locale = current_locale()
    found: list[tuple[str, str]] = []
    if profile.rate:
        found.append((_("Rate"), _("{amount} an hour").format(amount=money(profile.rate))))
    if profile.hours_week:
        found.append((_("Hours a week"), str(profile.hours_week)))
    if profile.available_from:
        found.append((_("Free from"), day(datetime.combine(profile.available_from, time(), UTC))))
    country = countries(locale).get(profile.country or "")
    where = ", ".join(part for part in (profile.place, country) if part)
    if where:
        found.append((_("Place"), where))
    if profile.time_zone:
        found.append((_("Time zone"), profile.time_zone.replace("_", " ")))
    spoken = [f"{languages(locale)[item.code]} ({_(LANGUAGE_LABELS[item.level])})" for item in profile.languages]
    if spoken:
        found.append((_("Languages"), ", ".join(spoken)))
    return found


def _people(address: str, items: list[Any], older: str | None, cursor: str | None) -> dict[str, Any]:
    return {
        "people": items,
        "older": f"{address}?{urlencode({'cursor': older})}" if older else None,
        "newer": address if cursor else None,
    }
