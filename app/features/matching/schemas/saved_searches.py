"""Request and response models of saved searches and alert e-mails."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.core.i18n import N_
from app.core.i18n.locale_data import time_zones
from app.core.money import MoneyRead
from app.core.text.text_cleaning import CLEAN_LINE, at_least
from app.core.text.whole_numbers import WholeNumber
from app.features.orders.schemas import Moment, OrderFilter
from app.models import AlertFrequency, BudgetKind

FREQUENCY_LABELS: dict[AlertFrequency, str] = {
    AlertFrequency.AT_ONCE: N_("At once"),
    AlertFrequency.DAILY: N_("Once a day"),
    AlertFrequency.WEEKLY: N_("Once a week"),
    AlertFrequency.OFF: N_("Never"),
}
"""Labels of the alert frequencies."""
MAX_NAME = 80


def _time_zone(value: str) -> str:
    if value not in time_zones():
        raise ValueError(N_("There is no such time zone. Write one such as Europe/Moscow."))
    return value


Name = Annotated[str, Field(max_length=MAX_NAME), CLEAN_LINE, at_least(1)]
TimeZone = Annotated[str, Field(max_length=60, description="IANA time zone name."), AfterValidator(_time_zone)]
Hour = Annotated[WholeNumber, Field(ge=0, le=23, description="Local hour, from 0 to 23.")]


class SavedSearchCreate(BaseModel):
    """A search to save."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    filter: OrderFilter = OrderFilter()
    frequency: AlertFrequency = AlertFrequency.DAILY


class SavedSearchPatch(BaseModel):
    """Changes of a saved search; omitted fields keep their values. With other filters the search starts again."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    filter: OrderFilter | None = None
    frequency: AlertFrequency | None = None


class SavedSearchRead(BaseModel):
    """A saved search as its owner sees it."""

    id: UUID
    name: str
    filter: OrderFilter | None = Field(description="Filters of the search; null if they are no longer valid.")
    frequency: AlertFrequency
    new_count: int = Field(description="Open orders found since your last visit: of the last 30 days, at most 100.")
    created_at: Moment
    looked_at: Moment


class SavedSearchList(BaseModel):
    """A person's saved searches, newest first."""

    items: list[SavedSearchRead]
    limit: int = Field(description="Maximum number of saved searches per account.")


class AlertSettingsRead(BaseModel):
    """Time zone and hour of daily and weekly e-mails."""

    model_config = ConfigDict(from_attributes=True)

    time_zone: str
    digest_hour: int


class AlertSettingsPatch(BaseModel):
    """Changes of the alert settings; omitted fields keep their values."""

    model_config = ConfigDict(extra="forbid")

    time_zone: TimeZone | None = None
    digest_hour: Hour | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundOrder:
    """An order in an alert e-mail, with the names of the searches that found it."""

    id: UUID
    title: str
    text: str
    budget_kind: BudgetKind
    budget: MoneyRead | None
    budget_max: MoneyRead | None
    searches: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEmailRead:
    """The content of an alert e-mail at the time it is sent; addresses are relative to the site."""

    frequency: AlertFrequency
    orders: tuple[FoundOrder, ...]
    count: int
    searches: tuple[tuple[str, str], ...]
    """The name and the unsubscribe address of each search that found something."""
    unsubscribe: str
    """The address that unsubscribes from all saved searches."""
