"""Use cases of profiles: read public and own profiles, edit the own one."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.account_names import username_key
from app.core.actor import Actor
from app.core.clock import local_today, utc_now
from app.core.errors import FieldError
from app.core.i18n import N_, current_locale
from app.core.money import MoneyRead
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.catalog import service as catalog
from app.features.files import service as files
from app.features.files.schemas import FileRead, Subject
from app.features.profiles import rules
from app.features.profiles.errors import (
    InvalidProfileError,
    PersonNotFoundError,
    ProfileChangedError,
    ProfileRemovedError,
    ProfileTakedownStateError,
)
from app.features.profiles.repository import Person, ProfileRepository, Seen
from app.features.profiles.schemas import (
    CustomerStatsRead,
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
from app.features.profiles.service.customer_stats import stats_read
from app.features.profiles.service.photos import photo_subject, photos_of
from app.models import (
    Availability,
    PortfolioItem,
    Profile,
    ProfileSide,
    SkillLevel,
    SubjectKind,
    User,
)

PLAIN = ("side", "availability", "recommendations", "headline", "place")
"""Fields that are copied as given; null keeps the current value."""
MAYBE = ("country", "time_zone", "available_from", "hours_week")
"""Fields that null clears."""


async def person_cards(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, PersonCard]:
    """Return cards by user id, with two queries; inactive accounts are left out."""
    if not ids:
        return {}
    photos = await photos_of(session, ids)
    return {
        person.id: card_of(person, photos.get(person.id)) for person in await ProfileRepository(session).people(ids)
    }


async def cards_with_stats(
    session: AsyncSession, ids: Collection[UUID]
) -> tuple[dict[UUID, PersonCard], dict[UUID, CustomerStatsRead]]:
    """Return cards and customer statistics by user id, with two queries."""
    found = await ProfileRepository(session).people_with_stats(ids)
    photos = await photos_of(session, ids)
    cards = {person.id: card_of(person, photos.get(person.id)) for person, _facts in found}
    return cards, {person.id: stats_read(person.id, person.created_at, facts) for person, facts in found}


async def skills_of(session: AsyncSession, user_id: UUID) -> list[str]:
    """Return the slugs of a user's skills in the owner's order."""
    return [row.skill for row in await ProfileRepository(session).skills(user_id)]


async def find_person(session: AsyncSession, username: str) -> Person:
    """Return an active account by user name, in any letter case.

    Raises:
        PersonNotFoundError: The name is unknown, or the account is closed or banned.
    """
    person = await ProfileRepository(session).person(username_key(username))
    if person is None:
        raise PersonNotFoundError
    return person


async def time_zone_of(session: AsyncSession, user_id: UUID) -> str | None:
    """Return the IANA name of the time zone in a person's profile; None where it has none."""
    return await ProfileRepository(session).time_zone(user_id)


async def get_profile(session: AsyncSession, resources: Resources, reader: Actor | None, username: str) -> ProfileRead:
    """Return the public profile of a user, without contacts.

    Raises:
        PersonNotFoundError: The name is unknown, or the account is closed or banned.
        ProfileRemovedError: The operator has taken the profile down, and the reader is not its owner.
    """
    return (await get_person(session, resources, reader, username))[0]


async def get_person(
    session: AsyncSession, resources: Resources, reader: Actor | None, username: str
) -> tuple[ProfileRead, CustomerStatsRead]:
    """Return the public profile of a user and their customer statistics.

    Raises:
        PersonNotFoundError: The name is unknown, or the account is closed or banned.
        ProfileRemovedError: The operator has taken the profile down, and the reader is not its owner.
    """
    key = username_key(username)
    seen = await ProfileRepository(session).seen(User.username_key, key, reader.id if reader else None)
    if seen is None:
        raise PersonNotFoundError
    person = seen.person
    if _is_removed(person) and (reader is None or reader.id != person.id):
        raise ProfileRemovedError
    shown = ProfileRead(**await _public(session, resources, reader, seen))
    return shown, stats_read(person.id, person.created_at, seen.facts)


async def get_own_profile(session: AsyncSession, resources: Resources, actor: Actor) -> OwnProfileRead:
    """Return the actor's own profile; an empty one if none is stored."""
    seen = await ProfileRepository(session).seen(User.id, actor.id, None)
    if seen is None:
        raise PersonNotFoundError
    person = seen.person
    shown = await _public(session, resources, actor, seen)
    profile = person.profile or empty_profile(actor.id)
    return OwnProfileRead(
        **shown,
        side=profile.side,
        recommendations=profile.recommendations,
        takedown_reason=profile.takedown_reason,
        hints=rules.hints(profile, has_photo=shown["avatar_url"] is not None),
        version=profile.version,
        updated_at=profile.updated_at if person.profile else person.created_at,
    )


async def edit_profile(uow: UnitOfWork, actor: Actor, command: ProfilePatch) -> Profile:
    """Change the actor's own profile; a listed profile must have a headline and a skill.

    Raises:
        InvalidProfileError: Some fields are invalid; all of them are listed.
        ProfileChangedError: The profile has another version.
        ProfileTakedownStateError: It would be listed, and the operator has taken it down.
    """
    repository = ProfileRepository(uow.session)
    profile, shown = await repository.get_with_name_for_update(actor.id)
    if command.version is not None and command.version != profile.version:
        raise ProfileChangedError
    given = {name: getattr(command, name) for name in command.model_fields_set - {"version"}}
    was_available_from = profile.available_from
    catalogue = await catalog.read_catalogue(uow.session, uow.resources)
    skills = None if given.get("skills") is None else sort_skills(catalogue, given["skills"])
    if skills is not None:
        profile.skills = [slug for slug, _level in skills]
    _put(profile, given)
    _list(profile, given.get("listed"))
    errors = rules.validate_profile(profile, wants_listing=profile.listed)
    if profile.available_from != was_available_from:
        errors += rules.validate_day(profile.available_from, local_today(profile.time_zone))
    if errors:
        raise InvalidProfileError(errors=errors)
    names = [catalogue.skill(slug) for slug in profile.skills]
    words = [word for skill in names if skill for word in (skill.name_en, skill.name_ru)]
    profile.keywords = " ".join(dict.fromkeys([*words, *filter(None, [shown]), actor.username]))
    profile.version += 1
    profile.updated_at = utc_now()
    if skills is not None:
        await repository.put_skills(actor.id, skills)
    return profile


def sort_skills(catalogue: catalog.Catalogue, given: list[SkillItem]) -> list[tuple[str, SkillLevel]]:
    """Return the slugs and levels of the named skills; of duplicates the first is used.

    Raises:
        InvalidProfileError: Some skills are unknown; each is named.
    """
    found: dict[str, SkillLevel] = {}
    errors: list[FieldError] = []
    for item in given:
        skill = catalogue.resolve(item.skill)
        if skill is None:
            text = N_("There is no skill “{skill}”. Choose one from the list.")
            errors.append(FieldError(("body", "skills"), text, {"skill": item.skill}))
        else:
            found.setdefault(skill.slug, item.level)
    if errors:
        raise InvalidProfileError(errors=errors)
    return list(found.items())


def empty_profile(user_id: UUID) -> Profile:
    """Return an empty profile that is not stored."""
    return Profile(
        user_id=user_id, side=ProfileSide.FREELANCER, availability=Availability.OPEN, listed=False, headline="",
        about="", about_html="", skills=[], languages=[], links=[], place="", recommendations=True,
        has_portfolio=False, version=1,
    )  # fmt: skip


def card_of(person: Person, photo: str | None = None) -> PersonCard:
    """Return the card of a person; `photo` is the URL of their photo."""
    return PersonCard(
        id=person.id,
        username=person.username,
        name=person.display_name or person.username,
        headline=person.profile.headline if person.profile and not _is_removed(person) else "",
        avatar_url=None if _is_removed(person) else photo,
        href=f"/@{person.username}",
    )


def _is_removed(person: Person) -> bool:
    return person.profile is not None and person.profile.taken_down_at is not None


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
    """List or unlist a profile; a profile that is listed again counts as newly listed."""
    if wanted and profile.taken_down_at is not None:
        raise ProfileTakedownStateError
    if wanted is not None and wanted is not profile.listed:
        profile.listed = wanted
        profile.listed_at = utc_now() if wanted else None


async def _public(session: AsyncSession, resources: Resources, reader: Actor | None, seen: Seen) -> dict[str, Any]:
    repository, person = ProfileRepository(session), seen.person
    profile = person.profile or empty_profile(person.id)
    catalogue = await catalog.read_catalogue(session, resources)
    locale = current_locale()
    named = [(catalogue.skill(slug), level) for slug, level in seen.levels.items()]
    is_own = reader is not None and reader.id == person.id
    files.expect(session, [photo_subject(person.id)])
    items = await repository.portfolio(person.id) if profile.has_portfolio else []
    portfolio = await shown_items(session, items, reader if is_own else None)
    photo = (await photos_of(session, [person.id])).get(person.id)
    rate = None
    if profile.rate_amount is not None and profile.rate_currency is not None:
        rate = MoneyRead(amount=profile.rate_amount, currency=profile.rate_currency)
    return {
        **card_of(person, photo).model_dump(),
        "headline": profile.headline,  # of a removed profile only its owner gets here
        "about": profile.about,
        "about_html": profile.about_html,
        "skills": [SkillRead(slug=skill.slug, name=skill.name(locale), level=level) for skill, level in named if skill],
        "rate": rate,
        "languages": [LanguageItem.model_construct(**item) for item in profile.languages],
        "country": profile.country,
        "place": profile.place,
        "time_zone": profile.time_zone,
        "availability": profile.availability,
        "available_from": profile.available_from,
        "hours_week": profile.hours_week,
        "links": [LinkItem.model_construct(**item) for item in profile.links],
        "portfolio": portfolio if is_own else [_ready_only(item) for item in portfolio if not item.taken_down],
        "listed": profile.listed,
        "member_since": person.created_at,
        "favourite": seen.favourite and not is_own,
        "hidden": seen.hidden and not is_own,
    }


async def shown_items(
    session: AsyncSession, items: Sequence[PortfolioItem], owner: Actor | None = None
) -> list[PortfolioRead]:
    """Return portfolio items with all their files, with links for the owner or for everybody; one query reads them."""
    found = await files.attached(session, [portfolio_subject(item.id) for item in items], owner)
    return [_item_read(item, found[portfolio_subject(item.id)]) for item in items]


def portfolio_subject(item_id: UUID) -> Subject:
    """Return the subject of a portfolio item's files."""
    return Subject(SubjectKind.PORTFOLIO, item_id)


def _ready_only(item: PortfolioRead) -> PortfolioRead:
    return item.model_copy(update={"files": [file for file in item.files if file.url is not None]})


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
        taken_down=item.taken_down_at is not None,
        takedown_reason=item.takedown_reason,
    )
