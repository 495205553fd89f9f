"""Shapes that cross the wire for saved searches and their letters."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.core.i18n import N_
from app.core.i18n.locale_data import time_zones
from app.core.money import MoneyRead
from app.core.text.text_cleaning import at_least, one_line
from app.features.orders.schemas import Moment, OrderFilter
from app.models import AlertFrequency, BudgetKind

FREQUENCY_LABELS: dict[AlertFrequency, str] = {
    AlertFrequency.AT_ONCE: N_("At once"),
    AlertFrequency.DAILY: N_("Once a day"),
    AlertFrequency.WEEKLY: N_("Once a week"),
    AlertFrequency.OFF: N_("Never"),
}
"""How often a person hears of a search, in words."""
MAX_NAME = 80


def _time_zone(value: str) -> str:
    if value not in time_zones():
        raise ValueError(N_("There is no such time zone. Write one such as Europe/Moscow."))
    return value


Name = Annotated[str, Field(max_length=MAX_NAME), AfterValidator(one_line), at_least(1)]
TimeZone = Annotated[str, Field(max_length=60, description="IANA name"), AfterValidator(_time_zone)]
Hour = Annotated[int, Field(ge=0, le=23, description="of the person's own day")]


class SavedSearchCreate(BaseModel):
    """A search to keep."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    filter: OrderFilter = OrderFilter()
    frequency: AlertFrequency = AlertFrequency.DAILY


class SavedSearchPatch(BaseModel):
    """A change: what is left out stays as it is. Other filters make the search begin anew."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    filter: OrderFilter | None = None
    frequency: AlertFrequency | None = None


class SavedSearchRead(BaseModel):
    """A saved search as its owner sees it."""

    id: UUID
    name: str
    filter: OrderFilter | None = Field(description="null where it cannot be applied any more")
    frequency: AlertFrequency
    new_count: int = Field(description="open orders found since you looked last, at most 100 of the last 30 days")
    created_at: Moment
    looked_at: Moment


class SavedSearchList(BaseModel):
    """All searches of a person, newest first."""

    items: list[SavedSearchRead]
    limit: int = Field(description="how many one account may keep")


class AlertSettingsRead(BaseModel):
    """When a person reads digests."""

    model_config = ConfigDict(from_attributes=True)

    time_zone: str
    digest_hour: int


class AlertSettingsPatch(BaseModel):
    """A change of when digests come."""

    model_config = ConfigDict(extra="forbid")

    time_zone: TimeZone | None = None
    digest_hour: Hour | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundOrder:
    """An order in a letter, and the names of the searches it fits."""

    id: UUID
    title: str
    text: str
    budget_kind: BudgetKind
    budget: MoneyRead | None
    budget_max: MoneyRead | None
    searches: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEmailRead:
    """What a letter says, as things are when it is sent; addresses are within the site."""

    frequency: AlertFrequency
    orders: tuple[FoundOrder, ...]
    count: int
    searches: tuple[tuple[str, str], ...]
    """Each search that found something: its name, and the link that ends letters about it."""
    unsubscribe: str
    """The link that ends all letters of this kind."""
