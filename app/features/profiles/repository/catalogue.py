"""Queries for the catalogue of freelancers: filters, counts and pages; all statements are bounded."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Result,
    Select,
    Text,
    and_,
    cast,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from app.core.money import Currency
from app.features.profiles.repository.levels import levels_of, skill_levels
from app.models import Availability, Favourite, Profile, ProfileSkill, SkillLevel, User
from app.models.profile import IS_SHOWN
from app.models.user import UserStatus

COUNT_LIMIT = 1000
"""Larger counts are shown as "more than"."""
CANDIDATES = 500
"""How many matching profiles are scored, newly listed first; older ones are not ranked."""
NEAREST = 1000
"""How many of the newest profiles are searched without the text index before it is used; takes half a millisecond."""
FACETS = 6
MAX_WORDS = 12
_RUSSIAN: ColumnElement[Any] = literal_column("'russian'::regconfig")
"""This configuration stems Cyrillic words as Russian and Latin words as English."""
_WORD = re.compile(r"\w[\w+#]*")

NEWLY_LISTED = (Profile.listed_at.desc(), Profile.user_id.desc())

_LEVELS = skill_levels(User.id)
_ON_CARDS = (
    load_only(User.username, User.display_name, User.created_at, raiseload=True),
    load_only(
        Profile.headline,
        Profile.rate_amount,
        Profile.rate_currency,
        Profile.languages,
        Profile.country,
        Profile.place,
        Profile.availability,
        Profile.has_portfolio,
        Profile.listed_at,
        Profile.updated_at,
        Profile.taken_down_at,
        raiseload=True,
    ),
)
"""The columns of a page; long texts are not loaded."""

type Found = tuple[User, Profile, dict[str, SkillLevel]]
"""An account, its profile, and its skills in the owner's order with their levels."""
type Place = tuple[int | datetime, UUID]


@dataclass(frozen=True, slots=True)
class Candidate:
    """The columns of a matching profile that the score uses."""

    user_id: UUID
    listed_at: datetime
    updated_at: datetime
    availability: Availability
    hits: Sequence[str]
    """The matched lexemes as `lexeme:weight`, each with its highest weight."""
    levels: dict[str, SkillLevel]
    """The skills with their levels, if the filter asks for skills."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleConditions:
    """The filter of the catalogue with all names resolved."""

    words: str = ""
    """The search words in the syntax of PostgreSQL's `tsquery`."""
    skills: tuple[str, ...] = ()
    any_skill: bool = False
    levels: tuple[SkillLevel, ...] = ()
    """Accepted levels of the requested skills; empty accepts all."""
    field_skills: tuple[str, ...] = ()
    """The skills of a category; a freelancer with any of them matches."""
    rate_min: int | None = None
    rate_max: int | None = None
    currency: Currency | None = None
    language: str | None = None
    place: str = ""
    country: str | None = None
    availability: Availability | None = None
    portfolio: bool | None = None
    favourites_of: UUID | None = None
    without: frozenset[UUID] = frozenset()
    recommended: bool = False
    """Whether to return only freelancers who agreed to be recommended."""


def _by_words(wanted: PeopleConditions) -> ColumnElement[bool]:
    query = cast(wanted.words, TSQUERY)
    return or_(func.numnode(query) == 0, Profile.search.op("@@")(query))


def _kept_by(wanted: PeopleConditions) -> ColumnElement[bool]:
    return Profile.user_id.in_(select(Favourite.freelancer_id).where(Favourite.owner_id == wanted.favourites_of))


def _by_skills(wanted: PeopleConditions) -> ColumnElement[bool]:
    named = Profile.skills.op("&&" if wanted.any_skill else "@>")(list(wanted.skills))
    if not wanted.levels:
        return named
    good = [
        exists().where(
            ProfileSkill.user_id == Profile.user_id,
            ProfileSkill.skill == skill,
            ProfileSkill.level.in_(wanted.levels),
        )
        for skill in wanted.skills
    ]
    return and_(named, or_(*good) if wanted.any_skill else and_(*good))


_CLAUSES: dict[str, Callable[[PeopleConditions], ColumnElement[bool]]] = {
    "words": _by_words,
    "skills": _by_skills,
    "field_skills": lambda wanted: Profile.skills.op("&&")(list(wanted.field_skills)),
    "currency": lambda wanted: Profile.rate_currency == wanted.currency,
    "rate_min": lambda wanted: Profile.rate_amount >= wanted.rate_min,
    "rate_max": lambda wanted: Profile.rate_amount <= wanted.rate_max,
    "language": lambda wanted: Profile.languages.contains([{"code": wanted.language}]),
    "country": lambda wanted: Profile.country == wanted.country,
    "place": lambda wanted: func.lower(Profile.place).contains(wanted.place.lower(), autoescape=True),
    "availability": lambda wanted: Profile.availability == wanted.availability,
    "portfolio": lambda wanted: Profile.has_portfolio.is_(wanted.portfolio),
    "favourites_of": _kept_by,
    "without": lambda wanted: Profile.user_id.not_in(wanted.without),
    "recommended": lambda wanted: Profile.recommendations.is_(wanted.recommended),
}
"""The SQL condition of each filter field."""


def _is_given(name: str, value: object) -> bool:
    return value is not None and (bool(value) or name in ("portfolio", "rate_min", "rate_max"))


def _clauses(wanted: PeopleConditions) -> list[ColumnElement[bool]]:
    return [clause(wanted) for name, clause in _CLAUSES.items() if _is_given(name, getattr(wanted, name))]


_IS_ACTIVE = ~exists().where(User.id == Profile.user_id, User.status != UserStatus.ACTIVE)
"""Written as a negation because few accounts are closed or banned, so that a small index of them is used."""


def _matching[*Ts](statement: Select[*Ts], wanted: PeopleConditions) -> Select[*Ts]:
    """Restrict a statement on profiles to listed ones that match the filter."""
    return statement.where(IS_SHOWN, *_clauses(wanted), _IS_ACTIVE)


def _accounts_of(chosen: Select[UUID]) -> Select[User, Profile, Any]:
    """Select the accounts and profiles of the chosen ids, unordered."""
    ids = chosen.subquery()
    return (
        select(User, Profile, _LEVELS)
        .select_from(ids)
        .join(Profile, Profile.user_id == ids.c.user_id)
        .join(User, User.id == Profile.user_id)
        .options(*_ON_CARDS)
    )


def _nearest_with_words(wanted: PeopleConditions, after: Place | None) -> Select[UUID]:
    """Search the newest `NEAREST` profiles without the text index; for frequent words this is faster."""
    nearest = select(Profile.user_id, Profile.listed_at, Profile.search).where(IS_SHOWN, _IS_ACTIVE)
    if after is not None:
        nearest = nearest.where(tuple_(Profile.listed_at, Profile.user_id) < after)
    near = nearest.order_by(*NEWLY_LISTED).limit(NEAREST).subquery()
    matching = select(near.c.user_id).where(near.c.search.op("@@")(cast(wanted.words, TSQUERY)))
    return matching.order_by(near.c.listed_at.desc(), near.c.user_id.desc())


@lru_cache(maxsize=32)
def _newest(wanted: PeopleConditions, after: Place | None, limit: int) -> Select[User, Profile, Any]:
    """Return the statement of a page of freelancers, newly listed first; frequent pages keep theirs."""
    chosen = _matching(select(Profile.user_id), wanted)
    if after is not None:
        chosen = chosen.where(tuple_(Profile.listed_at, Profile.user_id) < after)
    return _accounts_of(chosen.order_by(*NEWLY_LISTED).limit(limit)).order_by(*NEWLY_LISTED)


class CatalogueRepository:
    """Queries for freelancers as the public sees them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def newest(self, wanted: PeopleConditions, after: Place | None, limit: int) -> Sequence[Found]:
        """Return freelancers, newly listed first."""
        if wanted == PeopleConditions(words=wanted.words) and wanted.words:
            nearest = _nearest_with_words(wanted, after).limit(limit)
            found = await self._found(_accounts_of(nearest).order_by(*NEWLY_LISTED), wanted)
            if len(found) == limit:
                return found
        return await self._found(_newest(wanted, after, limit), wanted)

    async def cheapest(self, wanted: PeopleConditions, after: Place | None, limit: int) -> Sequence[Found]:
        """Return freelancers that have an hourly rate, lowest first."""
        chosen = _matching(select(Profile.user_id), wanted).where(Profile.rate_amount.is_not(None))
        if after is not None:
            chosen = chosen.where(tuple_(Profile.rate_amount, Profile.user_id) > after)
        order = (Profile.rate_amount, Profile.user_id)
        return await self._found(_accounts_of(chosen.order_by(*order).limit(limit)).order_by(*order), wanted)

    async def candidates(self, wanted: PeopleConditions, lexemes: Sequence[str]) -> Sequence[Candidate]:
        """Return the newest matching profiles, at most `CANDIDATES`, with only the columns the score uses."""
        # The requested lexemes that occur in the profile, each with its highest weight.
        there = func.unnest(Profile.search).table_valued("lexeme", "positions", "weights").render_derived("there")
        best = select(func.min(literal_column("w"))).select_from(text("unnest(there.weights) AS w")).scalar_subquery()
        hits = (
            select(func.array_agg(there.c.lexeme.concat(":").concat(best)))
            .where(there.c.lexeme.in_(lexemes))
            .scalar_subquery()
        )
        ids = _matching(select(Profile.user_id), wanted).order_by(*NEWLY_LISTED).limit(CANDIDATES).subquery()
        shown_since = func.coalesce(Profile.listed_at, Profile.updated_at)
        levels = skill_levels(Profile.user_id) if wanted.skills else null()
        compared = (Profile.user_id, shown_since, Profile.updated_at, Profile.availability, hits, levels)
        statement = select(*compared).select_from(ids).join(Profile, Profile.user_id == ids.c.user_id)
        found = await self._run(statement, wanted)
        return [Candidate(row[0], row[1], row[2], row[3], row[4] or (), levels_of(row[5])) for row in found]

    async def accounts(self, ids: Collection[UUID]) -> dict[UUID, Found]:
        """Return freelancers by id."""
        people = select(User, Profile, _LEVELS).join(Profile, Profile.user_id == User.id).options(*_ON_CARDS)
        found = await self._found(people.where(User.id.in_(ids)), PeopleConditions())
        return {row[0].id: row for row in found}

    async def lexemes(self, words: str) -> dict[str, str]:
        """Return the lexemes of the search text with the word each comes from."""
        typed = list(dict.fromkeys(_WORD.findall(words)))[:MAX_WORDS]
        if not typed:
            return {}
        each = func.unnest(cast(typed, ARRAY(Text))).table_valued("word").render_derived("each")
        vector = func.to_tsvector(_RUSSIAN, func.search_words(each.c.word))
        spelled = func.search_words(each.c.word)
        forms = func.search_forms(spelled).op("||")(func.search_english(spelled))
        statement = select(each.c.word, func.tsvector_to_array(vector).op("||")(forms))
        found: dict[str, str] = {}
        for word, lexemes in await self._session.execute(statement):
            for lexeme in lexemes:
                found.setdefault(lexeme, word)
        return found

    async def count(self, wanted: PeopleConditions) -> int:
        """Count the matching profiles, up to `COUNT_LIMIT` + 1."""
        some = _matching(select(Profile.user_id), wanted).limit(COUNT_LIMIT + 1).subquery()
        return (await self._run(select(func.count()).select_from(some), wanted)).scalar_one()

    async def count_with_skills(self, wanted: PeopleConditions) -> tuple[int, Sequence[tuple[str, int]]]:
        """Count the matching profiles, up to `COUNT_LIMIT` + 1, and the most frequent skills of the newest of them."""
        some = _matching(select(Profile.skills), wanted).order_by(*NEWLY_LISTED).limit(COUNT_LIMIT + 1).cte("some")
        whole = select(func.count().label("whole")).select_from(some).subquery()
        newest = select(some.c.skills).limit(COUNT_LIMIT).subquery()
        each = select(func.unnest(newest.c.skills).label("skill")).subquery()
        many = func.count().label("many")
        frequent = select(each.c.skill, many).group_by(each.c.skill).order_by(many.desc(), each.c.skill).limit(FACETS)
        found = frequent.subquery()
        statement = select(whole.c.whole, found.c.skill, found.c.many).select_from(whole).outerjoin(found, true())
        rows = (await self._run(statement.order_by(found.c.many.desc(), found.c.skill), wanted)).all()
        return rows[0][0], [(skill, count) for _whole, skill, count in rows if skill is not None]

    async def _found(self, statement: Select[User, Profile, Any], wanted: PeopleConditions) -> Sequence[Found]:
        return [(row[0], row[1], levels_of(row[2])) for row in await self._run(statement, wanted)]

    async def _run[*Ts](self, statement: Select[*Ts], wanted: PeopleConditions) -> Result[*Ts]:
        """Run a query with a plan for its actual parameters; a generic plan can be a hundred times slower.

        Without a filter a generic plan is good enough.
        """
        # The setting is valid until the end of the transaction, which is as long as the session.
        if wanted != PeopleConditions() and not self._session.info.get("custom_plans"):
            await self._session.execute(text("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"))
            self._session.info["custom_plans"] = True
        return await self._session.execute(statement)
