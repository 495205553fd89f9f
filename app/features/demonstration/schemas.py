"""Requests and responses of the clock of a demonstration."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.text.whole_numbers import WholeNumber


class ClockInput(BaseModel):
    """By how much the clock is turned forward."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: Annotated[
        WholeNumber, Field(ge=1, le=10**9, description="From 60 to 31,622,400 (366 days); it never goes back.")
    ]


class ClockRead(BaseModel):
    """The time of the marketplace, and by how much it differs from that of the world."""

    now: datetime
    real_now: datetime
    turned_seconds: int


class TurnedClockRead(ClockRead):
    """The same after it was turned."""

    payments_followed: Annotated[
        bool | None,
        Field(description="Whether the provider of trial payments has the same time; null where there is none."),
    ]
