"""Requests and responses of the catalogue of freelancers."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.money import AmountBound, Currency, MoneyRead
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT
from app.features.profiles.schemas.customer_stats import Moment
from app.features.profiles.schemas.profile import LanguageItem, PersonCard, SkillRead
from app.models import Availability, SkillLevel

MAX_QUERY = 200
MAX_ASKED_SKILLS = 15


class PeopleSort(StrEnum):
    """Sort order of the catalogue."""

    NEWEST = "newest"
    RATE = "rate"
    MATCH = "match"


class SkillsMode(StrEnum):
    """Whether all requested skills are required, or any of them."""

    ALL = "all"
    ANY = "any"


class PeopleFilter(BaseModel):
    """Filters of the catalogue of freelancers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Annotated[str, Field(max_length=MAX_QUERY, description="words in any form, Russian or English")] = ""
    category: Annotated[str, Field(max_length=60, description="slug; whoever has a skill of it works there")] = ""
    skills: Annotated[
        tuple[Annotated[str, Field(max_length=200)], ...],
        Field(max_length=MAX_ASKED_SKILLS, description="slugs or names, repeated or with commas"),
    ] = ()
    skills_mode: SkillsMode = SkillsMode.ALL
    level: Annotated[SkillLevel | None, Field(description="the least level of the skills asked for")] = None
    rate_min: Annotated[AmountBound | None, Field(description="minor units an hour")] = None
    rate_max: Annotated[AmountBound | None, Field(description="minor units an hour")] = None
    currency: Annotated[Currency, Field(description="of the rates, where they narrow or sort the list")] = Currency.RUB
    language: Annotated[str, Field(pattern="^([a-z]{2})?$", description="ISO 639-1")] = ""
    country: Annotated[str, Field(pattern="^([A-Z]{2})?$", description="ISO 3166-1")] = ""
    place: Annotated[str, Field(max_length=80, description="a town, as people write it")] = ""
    availability: Availability | None = None
    portfolio: bool | None = None
    favourites: Annotated[bool | None, Field(description="only those you keep at hand; needs a session")] = None


class PeopleQuery(PeopleFilter):
    """Filters, sort order and position of a page of the catalogue."""

    sort: PeopleSort = PeopleSort.NEWEST
    cursor: Annotated[str | None, Field(max_length=300)] = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT


class Reason(BaseModel):
    """One component of a match score."""

    rule: str = Field(description="its name in docs/search.md")
    what: list[str] = Field(default=[], description="the skills or words it is about")
    points: int


class FoundFreelancer(PersonCard):
    """A freelancer of the catalogue; with `sort=match` the points of `why` add up to `score`."""

    skills: list[SkillRead]
    rate: MoneyRead | None
    languages: list[LanguageItem]
    country: str | None
    place: str
    availability: Availability
    has_portfolio: bool
    listed_at: Moment

    score: int | None = None
    why: list[Reason] = Field(default_factory=list[Reason])


class FoundPeople(BaseModel):
    """A page of the catalogue."""

    items: list[FoundFreelancer]
    next_cursor: str | None
    count: int = Field(description="how many fit, never counted further than 1001")
