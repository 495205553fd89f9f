"""What the public list of orders is asked for."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.money import MAX_AMOUNT, Currency
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT
from app.features.orders.schemas.orders import MAX_SKILLS
from app.models import BudgetKind

NOTHING_OR_CURSOR = re.compile(rb"(?:cursor=(?P<cursor>[A-Za-z0-9_-]{1,300}))?")
"""The query of a list that nothing narrows, as bytes of the address: what the shortcuts answer."""
MAX_QUERY = 200


class OrderFilter(BaseModel):
    """What a list of open orders is narrowed to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Annotated[str, Field(max_length=MAX_QUERY, description="words in any form, Russian or English")] = ""
    category: Annotated[str, Field(max_length=60, description="slug; its parts are included")] = ""
    skills: Annotated[
        tuple[Annotated[str, Field(max_length=200)], ...],
        Field(max_length=MAX_SKILLS, description="slugs or names, repeated or with commas; all of them are needed"),
    ] = ()
    budget_kind: BudgetKind | None = None
    budget_min: Annotated[int | None, Field(ge=0, le=MAX_AMOUNT, description="minor units")] = None
    budget_max: Annotated[int | None, Field(ge=0, le=MAX_AMOUNT, description="minor units")] = None
    currency: Currency | None = None


class OrderListQuery(OrderFilter):
    """A page of the list of open orders."""

    sort: Annotated[str, Field(pattern="^newest$")] = "newest"
    cursor: Annotated[str | None, Field(max_length=300)] = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
