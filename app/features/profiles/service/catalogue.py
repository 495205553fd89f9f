"""Use cases of the catalogue of freelancers: filter, rank, recommend."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.errors import FieldError
from app.core.i18n import N_, current_locale
from app.core.money import MoneyRead
from app.core.pagination import BadCursorError, decode_cursor, encode_cursor
from app.core.resources import Resources
from app.features.catalog import service as catalog
from app.features.catalog.schemas import Searched
from app.features.profiles import rules
from app.features.profiles.errors import InvalidPeopleFilterError
from app.features.profiles.repository import CatalogueRepository, Found, PeopleConditions, Person
from app.features.profiles.schemas import (
    FoundFreelancer,
    FoundPeople,
    LanguageItem,
    PeopleFilter,
    PeopleQuery,
    PeopleSort,
    Reason,
    SkillRead,
    SkillsMode,
)
from app.features.profiles.service.own_profile import card_of
from app.features.profiles.service.photos import photos_of
from app.models import Availability, Profile, SkillLevel

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
STEPS: dict[SkillLevel, int] = {SkillLevel.BEGINNER: 1, SkillLevel.CONFIDENT: 2, SkillLevel.EXPERT: 3}
"""Levels as numbers; a requested level includes the higher ones."""


type Sum = tuple[rules.Points, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A freelancer with the components of the match score."""

    user_id: UUID
    listed_at: datetime
    points: Sum

    @property
    def key(self) -> tuple[int, int, str]:
        """The sort key: score, then listing time, then id, all descending."""
        return (rules.total(self.points), (self.listed_at - _EPOCH) // _MICROSECOND, str(self.user_id))


async def find_people(
    session: AsyncSession, resources: Resources, actor: Actor | None, wanted: PeopleQuery
) -> FoundPeople:
    """Return a page of the catalogue.

    Raises:
        InvalidPeopleFilterError: A name is unknown, or two filters contradict each other.
        BadCursorError: The cursor belongs to another list.
    """
    catalogue = await catalog.read_catalogue(session, resources)
    conditions, asked = _resolve_filter(catalogue, actor, wanted, await _read(session, wanted))
    if _is_wordless(wanted):
        return FoundPeople(items=[], next_cursor=None, count=0)
    count = await CatalogueRepository(session).count(conditions)
    return await _page(session, catalogue, wanted, (conditions, asked), count)


async def search_people(
    session: AsyncSession, resources: Resources, actor: Actor | None, wanted: PeopleQuery
) -> tuple[FoundPeople, list[tuple[str, int]]]:
    """Return a page of the catalogue, and the most frequent skills of the matches that are not in the filter.

    Skills are counted among the newest matches only. The filters are resolved once for both.

    Raises:
        InvalidPeopleFilterError: A name is unknown, or two filters contradict each other.
        BadCursorError: The cursor belongs to another list.
    """
    catalogue = await catalog.read_catalogue(session, resources)
    conditions, asked = _resolve_filter(catalogue, actor, wanted, await _read(session, wanted))
    if _is_wordless(wanted):
        return FoundPeople(items=[], next_cursor=None, count=0), []
    count, many = await CatalogueRepository(session).count_with_skills(conditions)
    page = await _page(session, catalogue, wanted, (conditions, asked), count)
    return page, [(skill, count) for skill, count in many if skill not in asked]


async def _page(
    session: AsyncSession,
    catalogue: catalog.Catalogue,
    wanted: PeopleQuery,
    resolved: tuple[PeopleConditions, Sequence[str]],
    count: int,
) -> FoundPeople:
    repository, (conditions, asked) = CatalogueRepository(session), resolved
    if wanted.order is PeopleSort.MATCH:
        ranked = await rank_people(session, conditions, asked, wanted.q)
        after = _after(wanted.cursor) if wanted.cursor else None
        rest = [item for item in ranked if after is None or item.key < after]
        page = rest[: wanted.limit]
        cursor = encode_cursor("match", *page[-1].key) if len(rest) > wanted.limit else None
        items = await _ranked(session, catalogue, page)
        return FoundPeople(items=items, next_cursor=cursor, count=count)
    rows: Sequence[Found]
    if wanted.order is PeopleSort.RATE:
        rows = await repository.cheapest(conditions, _place(wanted, "rate"), wanted.limit + 1)
    else:
        rows = await repository.newest(conditions, _place(wanted, "newest"), wanted.limit + 1)
    items = await _presented(session, catalogue, [(row, None) for row in rows[: wanted.limit]])
    cursor = None
    if len(rows) > wanted.limit:
        user, profile, _levels = rows[wanted.limit - 1]
        value = (profile.rate_amount or 0) if wanted.order is PeopleSort.RATE else _listed(profile)
        cursor = encode_cursor(wanted.order.value, value, user.id)
    return FoundPeople(items=items, next_cursor=cursor, count=count)


async def rank_people(
    session: AsyncSession, conditions: PeopleConditions, asked: Sequence[str], words: str
) -> list[Ranked]:
    """Rank the newest matches by the published score; the order is deterministic."""
    repository = CatalogueRepository(session)
    lexemes = await repository.lexemes(words)
    now = utc_now()
    ranked: list[Ranked] = []
    rows = await repository.candidates(conditions, list(lexemes))
    for row in rows:
        places: dict[str, str] = {}
        for hit in row.hits:
            lexeme, _colon, place = hit.rpartition(":")
            word = lexemes[lexeme]
            places[word] = min(place, places.get(word, place))
        points = rules.points_of(
            asked,
            {skill: STEPS[level] for skill, level in row.levels.items()},
            dict(sorted(places.items())),
            available=row.availability is Availability.OPEN,
            updated_at=row.updated_at,
            now=now,
        )
        ranked.append(Ranked(row.user_id, row.listed_at, points))
    return sorted(ranked, key=lambda item: item.key, reverse=True)


async def recommend_people(
    session: AsyncSession,
    resources: Resources,
    skills: Sequence[str],
    words: str,
    without: frozenset[UUID],
    limit: int,
) -> list[FoundFreelancer]:
    """Return listed freelancers with any of these skills who agreed to be recommended, best match first.

    The words do not filter; they only count for the score.
    """
    if not skills:
        return []
    catalogue = await catalog.read_catalogue(session, resources)
    conditions = PeopleConditions(skills=tuple(skills), any_skill=True, without=without, recommended=True)
    ranked = await rank_people(session, conditions, skills, words)
    return await _ranked(session, catalogue, ranked[:limit])


async def _ranked(session: AsyncSession, catalogue: catalog.Catalogue, rows: Sequence[Ranked]) -> list[FoundFreelancer]:
    """Return the ranked freelancers; accounts that no longer exist are left out."""
    people = await CatalogueRepository(session).accounts([row.user_id for row in rows])
    found = [(people[row.user_id], row.points) for row in rows if row.user_id in people]
    return await _presented(session, catalogue, found)


async def _presented(
    session: AsyncSession, catalogue: catalog.Catalogue, rows: Sequence[tuple[Found, Sum | None]]
) -> list[FoundFreelancer]:
    """Convert rows to responses: cards with skills, and the score components if there are any."""
    photos = await photos_of(session, [person[0].id for person, _points in rows])
    return [_found(person, points, photos.get(person[0].id), catalogue) for person, points in rows]


def _found(person: Found, points: Sum | None, photo: str | None, catalogue: catalog.Catalogue) -> FoundFreelancer:
    user, profile, levels = person
    locale = current_locale()
    named = [(catalogue.skill(slug), level) for slug, level in levels.items()]
    rate = None
    if profile.rate_amount is not None and profile.rate_currency is not None:
        rate = MoneyRead(amount=profile.rate_amount, currency=profile.rate_currency)
    card = card_of(Person(user.id, user.username, user.display_name, user.created_at, profile), photo)
    return FoundFreelancer(
        **dict(card),
        skills=[SkillRead(slug=skill.slug, name=skill.name(locale), level=level) for skill, level in named if skill],
        rate=rate,
        languages=[LanguageItem.model_construct(**item) for item in profile.languages],
        country=profile.country,
        place=profile.place,
        availability=profile.availability,
        has_portfolio=profile.has_portfolio,
        listed_at=_listed(profile),
        score=None if points is None else rules.total(points),
        why=[Reason(rule=line.rule, what=list(line.what), points=line.points) for line in points or ()],
    )


async def _read(session: AsyncSession, wanted: PeopleFilter) -> str:
    """Return the search text as a `tsquery`; text that cannot be stored is reported with the other filter errors."""
    words = wanted.q.strip()
    if "\x00" in words or not catalog.has_words(words):
        return ""
    return (await catalog.parse_queries(session, Searched.PEOPLE, [words]))[words]


def _is_wordless(wanted: PeopleFilter) -> bool:
    """Tell whether the search text has nothing to look for, so that nobody can match."""
    return bool(wanted.q.strip()) and not catalog.has_words(wanted.q)


def _resolve_filter(
    catalogue: catalog.Catalogue, actor: Actor | None, wanted: PeopleFilter, words: str
) -> tuple[PeopleConditions, tuple[str, ...]]:
    errors = _contradictions(actor, wanted)
    category = catalogue.category(wanted.category) if wanted.category else None
    if wanted.category and category is None:
        text = N_("There is no category “{category}”. Choose one from the list.")
        errors.append(FieldError(("query", "category"), text, {"category": wanted.category}))
    asked: dict[str, None] = {}
    for word in (part.strip() for given in wanted.skills for part in given.split(",")):
        skill = catalogue.resolve(word) if word else None
        if skill:
            asked[skill.slug] = None
        elif word:
            text = N_("There is no skill “{skill}”. Choose one from the list.")
            errors.append(FieldError(("query", "skills"), text, {"skill": word}))
    if errors:
        raise InvalidPeopleFilterError(errors=errors)
    bound = wanted.rate_min is not None or wanted.rate_max is not None
    priced = bound or (isinstance(wanted, PeopleQuery) and wanted.order is PeopleSort.RATE)
    conditions = PeopleConditions(
        words=words,
        skills=tuple(asked),
        any_skill=wanted.skills_mode is SkillsMode.ANY,
        levels=tuple(level for level in SkillLevel if wanted.level and STEPS[level] >= STEPS[wanted.level]),
        field_skills=_skills_of_field(catalogue, category) if category else (),
        rate_min=wanted.rate_min,
        rate_max=wanted.rate_max,
        currency=wanted.currency if priced else None,
        language=wanted.language or None,
        country=wanted.country or None,
        place=wanted.place.strip(),
        availability=wanted.availability,
        portfolio=wanted.portfolio,
        favourites_of=actor.id if wanted.favourites and actor else None,
    )
    return conditions, tuple(asked)


def _skills_of_field(catalogue: catalog.Catalogue, category: catalog.CategoryEntry) -> tuple[str, ...]:
    ids = set(catalogue.with_parts(category))
    return tuple(skill.slug for skill in catalogue.skills if skill.category_id in ids)


def _listed(profile: Profile) -> datetime:
    return profile.listed_at or profile.updated_at


def _contradictions(actor: Actor | None, wanted: PeopleFilter) -> list[FieldError]:
    errors: list[FieldError] = []
    if wanted.rate_min is not None and wanted.rate_max is not None and wanted.rate_max < wanted.rate_min:
        errors.append(FieldError(("query", "rate_max"), N_("The most must not be less than the least.")))
    for name in ("q", "place"):
        if "\x00" in getattr(wanted, name):
            text = N_("This contains characters that cannot be shown. Please type it again.")
            errors.append(FieldError(("query", name), text))
    if wanted.favourites and actor is None:
        errors.append(FieldError(("query", "favourites"), N_("Sign in to see whom you keep at hand.")))
    return errors


def _after(cursor: str) -> tuple[int, int, str]:
    sort, points, listed, key = decode_cursor(cursor, str, int, int, str)
    if sort != "match":
        raise BadCursorError
    return points, listed, key


def _place(wanted: PeopleQuery, kind: str) -> tuple[int | datetime, UUID] | None:
    if not wanted.cursor:
        return None
    value: int | datetime
    if kind == "rate":
        sort, value, key = decode_cursor(wanted.cursor, str, int, UUID)
    else:
        sort, value, key = decode_cursor(wanted.cursor, str, datetime, UUID)
    if sort != kind:
        raise BadCursorError
    return value, key
