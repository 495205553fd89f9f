"""Queries and results of the public list of orders."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.money import AmountBound, Currency
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT
from app.core.text.whole_numbers import WholeNumber
from app.features.orders.schemas.orders import MAX_SKILLS, OrderCard
from app.models import BudgetKind

NOTHING_OR_CURSOR = re.compile(rb"(?:cursor=(?P<cursor>[A-Za-z0-9_-]{1,300}))?")
"""Matches the raw query string of an unfiltered list, which a fast response can answer."""
MAX_QUERY = 200
Sort = Literal["newest", "budget", "closing", "match"]


def default_sort(words: str) -> Sort:
    """Return the sort order of a list for which none is chosen."""
    return "match" if words.strip() else "newest"


class OrderFilter(BaseModel):
    """The filters of the list of open orders."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Annotated[
        str, Field(max_length=MAX_QUERY, description="Search words in Russian or English; all word forms are matched.")
    ] = ""
    category: Annotated[
        str, Field(max_length=60, description="Slug of a category; its subcategories are included.")
    ] = ""
    skills: Annotated[
        tuple[Annotated[str, Field(max_length=200)], ...],
        Field(max_length=MAX_SKILLS, description="Slugs or names of skills, repeated or separated by commas."),
    ] = ()
    skills_mode: Literal["all", "any"] = Field(default="all", description="Require all of the skills, or any of them.")
    days: Annotated[
        WholeNumber | None, Field(ge=1, le=365, description="Only orders published within this many days.")
    ] = None
    answers_below: Annotated[
        WholeNumber | None, Field(ge=1, le=1000, description="Only orders with fewer proposals than this.")
    ] = None
    answered: Annotated[bool | None, Field(description="Whether the client has answered a proposal of the order.")] = (
        None
    )
    budget_kind: BudgetKind | None = None
    budget_min: Annotated[AmountBound | None, Field(description="Amount in minor units of the currency.")] = None
    budget_max: Annotated[AmountBound | None, Field(description="Amount in minor units of the currency.")] = None
    currency: Currency | None = None


class OrderListQuery(OrderFilter):
    """The query of one page of the list of open orders."""

    sort: Annotated[
        Sort | None,
        Field(
            description="Without it, `match` if there are search words in `q`, else `newest`. `budget` requires a "
            "currency; `match` sorts by the score described at /ranking: the newest matching orders are compared, at "
            "most 500, and older ones follow, newest first and without a score."
        ),
    ] = None
    cursor: Annotated[str | None, Field(max_length=300)] = None
    limit: Annotated[WholeNumber, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT

    @property
    def order(self) -> Sort:
        """The sort order that applies."""
        return self.sort or default_sort(self.q)


class WhyRead(BaseModel):
    """One part of an order's best-match score; the points of all parts add up to the score."""

    code: Literal["title", "skills", "text", "close", "your_skills", "fresh", "few_answers"]
    points: int
    text: str = Field(description="Explanation in the reader's language.")


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
