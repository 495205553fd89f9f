"""Requests and responses of the catalogue of freelancers."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.money import AmountBound, Currency, MoneyRead
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT
from app.core.text.whole_numbers import WholeNumber
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


def default_people_sort(words: str) -> PeopleSort:
    """Return the sort order of the catalogue if none is chosen."""
    return PeopleSort.MATCH if words.strip() else PeopleSort.NEWEST


class PeopleFilter(BaseModel):
    """Filters of the catalogue of freelancers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Annotated[
        str, Field(max_length=MAX_QUERY, description="Search words in Russian or English; all word forms are matched.")
    ] = ""
    category: Annotated[
        str, Field(max_length=60, description="Slug of a category; matches freelancers with a skill of it.")
    ] = ""
    skills: Annotated[
        tuple[Annotated[str, Field(max_length=200)], ...],
        Field(max_length=MAX_ASKED_SKILLS, description="Slugs or names of skills, repeated or separated by commas."),
    ] = ()
    skills_mode: SkillsMode = SkillsMode.ALL
    level: Annotated[SkillLevel | None, Field(description="Minimum level of the requested skills.")] = None
    rate_min: Annotated[AmountBound | None, Field(description="Hourly rate in minor units of the currency.")] = None
    rate_max: Annotated[AmountBound | None, Field(description="Hourly rate in minor units of the currency.")] = None
    currency: Annotated[Currency, Field(description="Currency of the rates when filtering or sorting by rate.")] = (
        Currency.RUB
    )
    language: Annotated[str, Field(pattern="^([a-z]{2})?$", description="ISO 639-1 language code.")] = ""
    country: Annotated[str, Field(pattern="^([A-Z]{2})?$", description="ISO 3166-1 alpha-2 country code.")] = ""
    place: Annotated[str, Field(max_length=80, description="Name of a town.")] = ""
    availability: Availability | None = None
    portfolio: bool | None = None
    favourites: Annotated[bool | None, Field(description="Only your favourites; requires a session.")] = None


class PeopleQuery(PeopleFilter):
    """Filters, sort order and position of a page of the catalogue."""

    sort: Annotated[
        PeopleSort | None,
        Field(description="Without it, `match` if there are search words in `q`, else `newest`."),
    ] = None
    cursor: Annotated[str | None, Field(max_length=300)] = None
    limit: Annotated[WholeNumber, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT

    @property
    def order(self) -> PeopleSort:
        """The sort order that applies."""
        return self.sort or default_people_sort(self.q)


class Reason(BaseModel):
    """One component of a match score."""

    rule: str = Field(description="Name of the rule in docs/search.md.")
    what: list[str] = Field(default=[], description="Skills or words that the rule matched.")
    points: int


class FoundFreelancer(PersonCard):
    """A freelancer of the catalogue; in the list by best match the points of `why` add up to `score`."""

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
    count: int = Field(description="Number of matching freelancers, counted up to 1001.")
