"""Requests and responses of customer statistics."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

MAX_CUSTOMERS = 100

Moment = Annotated[datetime, PlainSerializer(lambda value: value.astimezone(UTC).isoformat(), return_type=str)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedStats:
    """The counts of one customer."""

    customer_id: UUID
    orders_posted: int = 0
    orders_open: int = 0
    orders_ended: int = 0
    orders_hired: int = 0
    proposals_answered: int = 0
    proposals_unanswered: int = 0
    median_answer_seconds: int | None = None


class CustomerStatsRead(BaseModel):
    """Statistics of a customer; docs/profiles.md defines each number.

    A percentage is null until there are enough cases for it.
    """

    customer_id: UUID
    member_since: Moment
    orders_posted: int = Field(description="Number of orders ever published.")
    orders_open: int = Field(description="Of these, orders that accept proposals now.")
    orders_ended: int = Field(description="Of these, orders that ended: awarded, closed or expired.")
    orders_hired: int = Field(description="Of the ended orders, those that were awarded.")
    hire_rate: int | None = Field(
        description="Percentage of ended orders that were awarded; null for fewer than 3 ended orders."
    )
    proposals_answered: int = Field(
        description="Number of proposals that the client accepted or declined, directly or by awarding the order."
    )
    proposals_unanswered: int = Field(description="Number of proposals whose order ended without an answer.")
    answer_rate: int | None = Field(description="Percentage of proposals that were answered; null for fewer than 3.")
    median_answer_seconds: int | None = Field(
        description="Median time to an answer in seconds; null for fewer than 3 answers."
    )
    counted_at: Moment | None = Field(
        description="When the statistics were computed; null if there was nothing to count yet."
    )


class CustomerStatsList(BaseModel):
    """Statistics of several customers in the requested order; unknown ids are left out."""

    items: list[CustomerStatsRead]


class CustomerStatsQuery(BaseModel):
    """The customers whose statistics are requested."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[
        tuple[UUID, ...],
        Field(max_length=MAX_CUSTOMERS, description="Ids of customers; repeat the parameter for each."),
    ] = ()
