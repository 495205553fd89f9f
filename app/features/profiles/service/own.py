"""What a person does with their own profile and portfolio, and what others read of it."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.errors import FieldError
from app.core.i18n import N_, current_locale
from app.core.money import MoneyRead
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.catalog import service as catalog
from app.features.files import service as files
from app.features.files.schemas import FileRead, Subject
from app.features.identity import service as identity
from app.features.profiles import rules
from app.features.profiles.errors import InvalidProfileError, PersonNotFoundError, ProfileChangedError
from app.features.profiles.repository import Person, ProfileRepository
from app.features.profiles.schemas import (
    LanguageItem,
    LinkItem,
    OwnProfileRead,
    PersonCard,
    PortfolioRead,
    ProfilePatch,
    ProfileRead,
    SkillItem,
    SkillRead,
)
from app.features.profiles.service.photos import photos_of
from app.models import (
    Availability,
    Favourite,
    FileStatus,
    HiddenCustomer,
    PortfolioItem,
    Profile,
    ProfileSide,
    SkillLevel,
    SubjectKind,
)

PLAIN = ("side", "availability", "recommendations", "headline", "place")
"""Fields that are put into the profile as they came and are never empty (null)."""
MAYBE = ("country", "time_zone", "available_from", "hours_week")
"""Fields that null empties."""


async def person_cards(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, PersonCard]:
    """Return people as lists show them, in two queries; who is not there is left out."""
    if not ids:
        return {}
    photos = await photos_of(session, ids)
    return {
        person.id: card_of(person, photos.get(person.id)) for person in await ProfileRepository(session).people(ids)
    }


async def skills_of(session: AsyncSession, user_id: UUID) -> list[str]:
    """Return the slugs of a person's skills, in their own order."""
    return [row.skill for row in await ProfileRepository(session).skills(user_id)]


async def find_person(session: AsyncSession, username: str) -> Person:
    """Return somebody by name, whatever its case.

    Raises:
        PersonNotFoundError: Nobody has it, or the account is closed or banned.
    """
    person = await ProfileRepository(session).person(identity.folded_username(username))
    if person is None:
        raise PersonNotFoundError
    return person


async def get_profile(session: AsyncSession, resources: Resources, reader: Actor | None, username: str) -> ProfileRead:
    """Return what everybody may read about a person; their contacts are no part of it."""
    person = await find_person(session, username)
    return ProfileRead(**await _public(session, resources, reader, person))


async def get_own_profile(session: AsyncSession, resources: Resources, actor: Actor) -> OwnProfileRead:
    """Return the actor's own profile, an empty one where they have written nothing yet."""
    (person,) = await ProfileRepository(session).people([actor.id])
    shown = await _public(session, resources, actor, person)
    profile = person.profile or blank(actor.id)
    return OwnProfileRead(
        **shown,
        side=profile.side,
        recommendations=profile.recommendations,
        hints=rules.hints(profile, has_photo=shown["avatar_url"] is not None),
        version=profile.version,
        updated_at=profile.updated_at if person.profile else person.created_at,
    )


async def edit_profile(uow: UnitOfWork, actor: Actor, command: ProfilePatch) -> Profile:
    """Change the actor's own profile; whoever is listed keeps a headline and a skill.

    Raises:
        InvalidProfileError: Fields do not fit; all are named at once.
        ProfileChangedError: It has another version by now.
    """
    repository = ProfileRepository(uow.session)
    profile = await repository.get_for_update(actor.id)
    if command.version is not None and command.version != profile.version:
        raise ProfileChangedError
    given = {name: getattr(command, name) for name in command.model_fields_set - {"version"}}
    catalogue = await catalog.read_catalogue(uow.session, uow.resources)
    if given.get("skills") is not None:
        skills = sort_skills(catalogue, given["skills"])
        profile.skills = [slug for slug, _level in skills]
        await repository.put_skills(actor.id, skills)
    _put(profile, given)
    _list(profile, given.get("listed"))
    faults = rules.profile_faults(profile, utc_now().date(), wants_listing=profile.listed)
    if faults:
        raise InvalidProfileError(errors=faults)
    names = [catalogue.skill(slug) for slug in profile.skills]
    words = [word for skill in names if skill for word in (skill.name_en, skill.name_ru)]
    shown = (await identity.usernames(uow.session, [actor.id]))[actor.id]
    profile.keywords = " ".join(dict.fromkeys([*words, shown, actor.username]))
    profile.version += 1
    profile.updated_at = utc_now()
    return profile


def sort_skills(catalogue: catalog.Catalogue, given: list[SkillItem]) -> list[tuple[str, SkillLevel]]:
    """Return the catalogue's slugs of named skills with their levels; the first of equal ones counts.

    Raises:
        InvalidProfileError: The catalogue does not know one; each is named.
    """
    found: dict[str, SkillLevel] = {}
    faults: list[FieldError] = []
    for item in given:
        skill = catalogue.resolve(item.skill)
        if skill is None:
            text = N_("There is no skill “{skill}”. Choose one from the list.")
            faults.append(FieldError(("body", "skills"), text, {"skill": item.skill}))
        else:
            found.setdefault(skill.slug, item.level)
    if faults:
        raise InvalidProfileError(errors=faults)
    return list(found.items())


def blank(user_id: UUID) -> Profile:
    """Return the profile of somebody who has written nothing; it is not kept."""
    return Profile(
        user_id=user_id, side=ProfileSide.FREELANCER, availability=Availability.OPEN, listed=False, headline="",
        about="", about_html="", skills=[], languages=[], links=[], place="", recommendations=True,
        has_portfolio=False, version=1,
    )  # fmt: skip


def card_of(person: Person, photo: str | None = None) -> PersonCard:
    """Turn a person and the address of their picture into what lists show."""
    return PersonCard(
        id=person.id,
        username=person.username,
        name=person.display_name or person.username,
        headline=person.profile.headline if person.profile else "",
        avatar_url=photo,
        href=f"/@{person.username}",
    )


def _put(profile: Profile, given: dict[str, Any]) -> None:
    for name in PLAIN:
        if given.get(name) is not None:
            setattr(profile, name, given[name])
    for name in MAYBE:
        if name in given:
            setattr(profile, name, given[name])
    if given.get("about") is not None:
        profile.about, profile.about_html = given["about"], rules.to_html(given["about"])
    _put_lists(profile, given)


def _put_lists(profile: Profile, given: dict[str, Any]) -> None:
    if "rate" in given:
        rate = given["rate"].to_money() if given["rate"] else None
        profile.rate_amount, profile.rate_currency = (rate.amount, rate.currency) if rate else (None, None)
    for name in ("languages", "links"):
        if given.get(name) is not None:
            unique = {item.code if name == "languages" else item.url: item for item in given[name]}
            setattr(profile, name, [item.model_dump() for item in unique.values()])


def _list(profile: Profile, wanted: bool | None) -> None:
    """Show or hide a profile; one that comes back stands among the newest."""
    if wanted is not None and wanted is not profile.listed:
        profile.listed = wanted
        profile.listed_at = utc_now() if wanted else None


async def _public(session: AsyncSession, resources: Resources, reader: Actor | None, person: Person) -> dict[str, Any]:
    repository = ProfileRepository(session)
    profile = person.profile or blank(person.id)
    catalogue = await catalog.read_catalogue(session, resources)
    locale = current_locale()
    skills = await repository.skills(person.id) if profile.skills else []
    named = [(catalogue.skill(row.skill), row.level) for row in skills]
    is_own = reader is not None and reader.id == person.id
    portfolio = await shown_items(session, await repository.portfolio(person.id) if profile.has_portfolio else [])
    photo = (await photos_of(session, [person.id])).get(person.id)
    kept = hidden = False
    if reader is not None and reader.id != person.id:
        kept = person.id in await repository.kept_ids(Favourite, reader.id)
        hidden = person.id in await repository.kept_ids(HiddenCustomer, reader.id)
    rate = None
    if profile.rate_amount is not None and profile.rate_currency is not None:
        rate = MoneyRead(amount=profile.rate_amount, currency=profile.rate_currency)
    return {
        **card_of(person, photo).model_dump(),
        "about": profile.about,
        "about_html": profile.about_html,
        "skills": [SkillRead(slug=skill.slug, name=skill.name(locale), level=level) for skill, level in named if skill],
        "rate": rate,
        "languages": [LanguageItem.model_validate(item) for item in profile.languages],
        "country": profile.country,
        "place": profile.place,
        "time_zone": profile.time_zone,
        "availability": profile.availability,
        "available_from": profile.available_from,
        "hours_week": profile.hours_week,
        "links": [LinkItem.model_validate(item) for item in profile.links],
        "portfolio": portfolio if is_own else [_ready_only(item) for item in portfolio],
        "listed": profile.listed,
        "member_since": person.created_at,
        "favourite": kept,
        "hidden": hidden,
    }


async def shown_items(session: AsyncSession, items: Sequence[PortfolioItem]) -> list[PortfolioRead]:
    """Return pieces of work with their files as their owner sees them; one query for all the files."""
    found = await files.attached(session, [work_of(item.id) for item in items])
    return [_item_read(item, found[work_of(item.id)]) for item in items]


def work_of(item_id: UUID) -> Subject:
    """Return what the files of a piece of work belong to."""
    return Subject(SubjectKind.PORTFOLIO, item_id)


def _ready_only(item: PortfolioRead) -> PortfolioRead:
    return item.model_copy(update={"files": [file for file in item.files if file.status is FileStatus.READY]})


def _item_read(item: PortfolioItem, attached: list[FileRead]) -> PortfolioRead:
    return PortfolioRead(
        id=item.id,
        title=item.title,
        description=item.description,
        link=item.link,
        year=item.year,
        skills=item.skills,
        files=attached,
        created_at=item.created_at,
    )
