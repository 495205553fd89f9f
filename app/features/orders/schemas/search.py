"""Queries and results of the public list of orders."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.money import AmountBound, Currency
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT
from app.features.orders.schemas.orders import MAX_SKILLS, OrderCard
from app.models import BudgetKind

NOTHING_OR_CURSOR = re.compile(rb"(?:cursor=(?P<cursor>[A-Za-z0-9_-]{1,300}))?")
"""Matches the raw query string of an unfiltered list, which a fast response can answer."""
MAX_QUERY = 200


class OrderFilter(BaseModel):
    """The filters of the list of open orders."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Annotated[str, Field(max_length=MAX_QUERY, description="words in any form, Russian or English")] = ""
    category: Annotated[str, Field(max_length=60, description="slug; its parts are included")] = ""
    skills: Annotated[
        tuple[Annotated[str, Field(max_length=200)], ...],
        Field(max_length=MAX_SKILLS, description="slugs or names, repeated or with commas"),
    ] = ()
    skills_mode: Literal["all", "any"] = Field(
        default="all", description="whether all of the skills are needed, or one"
    )
    days: Annotated[int | None, Field(ge=1, le=365, description="published within so many days")] = None
    answers_below: Annotated[int | None, Field(ge=1, le=1000, description="with fewer proposals than this")] = None
    answered: Annotated[bool | None, Field(description="whether the customer has answered somebody on it")] = None
    budget_kind: BudgetKind | None = None
    budget_min: Annotated[AmountBound | None, Field(description="minor units")] = None
    budget_max: Annotated[AmountBound | None, Field(description="minor units")] = None
    currency: Currency | None = None


class OrderListQuery(OrderFilter):
    """The query of one page of the list of open orders."""

    sort: Literal["newest", "budget", "closing", "match"] = Field(
        default="newest",
        description="`budget` needs a currency; `match` follows the published formula of /ranking and says why",
    )
    cursor: Annotated[str | None, Field(max_length=300)] = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT


class WhyRead(BaseModel):
    """One part of an order's best-match score; the points of all parts add up to the score."""

    code: Literal["title", "skills", "text", "your_skills", "fresh", "few_answers"]
    points: int
    text: str = Field(description="the same in the reader's language")


class RankedCard(OrderCard):
    """An order in the best-match list, with its score and the parts of the score."""

    score: int
    why: list[WhyRead]


class FacetRead(BaseModel):
    """The number of matching orders with one value of a filter; `name` is in the reader's language."""

    value: str
    name: str
    count: int


class FacetsRead(BaseModel):
    """Counts over the newest matching orders; `capped` is true if there are more orders than were counted."""

    counted: int
    capped: bool
    categories: list[FacetRead]
    skills: list[FacetRead]
    budget_kinds: list[FacetRead]
    answers: list[FacetRead]
    days: list[FacetRead]
