"""The bodies of requests to the sandbox provider."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from app.sandbox.faults import FULL_RATE, Call, FaultKind

MAX_AMOUNT = 10**14
_DAY = 86_400
_DOUBLED_FROM = 10
Amount = Annotated[int, Field(strict=True, gt=0, le=MAX_AMOUNT, description="minor units, such as kopecks")]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\w.:-]+$")]
TaxId = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
CardNumber = Annotated[str, StringConstraints(pattern=r"^\d{12,19}$")]
WebAddress = Annotated[str, StringConstraints(max_length=2000, pattern=r"^https?://[^\s]+$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def passes_luhn(number: str) -> bool:
    """Tell whether the check digit of a card number is right."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value >= _DOUBLED_FROM else value
    return total % 10 == 0


class NewPayment(_Body):
    """A payment to be made on the hosted page."""

    reference: Reference
    amount: Amount
    currency: CurrencyCode
    description: Annotated[str, StringConstraints(max_length=200)] = ""
    return_url: WebAddress
    expires_in: Annotated[int, Field(strict=True, ge=60, le=30 * _DAY)] = 3 * _DAY


class NewRefund(_Body):
    """Money back to the payer of a payment."""

    reference: Reference
    payment_id: Annotated[str, StringConstraints(max_length=64)]
    amount: Amount
    currency: CurrencyCode


class Destination(_Body):
    """Where a payout goes; a self-employed person gets a receipt in the tax register with it."""

    kind: Literal["card", "self_employed"]
    card: CardNumber
    tax_id: TaxId | None = None

    @field_validator("card")
    @classmethod
    def _check_digit(cls, number: str) -> str:
        if not passes_luhn(number):
            raise ValueError("the check digit of the card number is wrong")
        return number


class NewPayout(_Body):
    """Money from the provider's account to a person."""

    reference: Reference
    amount: Amount
    currency: CurrencyCode
    description: Annotated[str, StringConstraints(max_length=200)] = ""
    destination: Destination


class PlannedFault(_Body):
    """A fault for the next calls."""

    call: Call
    kind: FaultKind
    times: Annotated[int, Field(ge=1, le=10_000)] = 1
    argument: Annotated[int, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT)] = 0


class Seed(_Body):
    """Faults drawn from a seed."""

    seed: int
    rate: Annotated[int, Field(ge=0, le=FULL_RATE, description="so many calls of a thousand")]


class ClockChange(_Body):
    """A new time: by so many seconds, or a moment that is not in the past."""

    forward_seconds: Annotated[int, Field(ge=0, le=3650 * _DAY)] | None = None
    now: AwareDatetime | None = None

    def seconds_from(self, now: datetime) -> int:
        """Return by how much the clock is turned forward."""
        if self.now is not None:
            return round((self.now - now).total_seconds())
        return self.forward_seconds or 0


class Person(_Body):
    """A self-employed person as the tax register and the provider know them."""

    status: Literal["active", "lost"] = "active"
    permission: bool = True
    earned_this_year: Annotated[int, Field(ge=0, le=MAX_AMOUNT)] = 0
    zone: Annotated[str, StringConstraints(max_length=64)] = "Europe/Moscow"
    """Where the person's year begins."""
    year: Annotated[int, Field(ge=1)] | None = None
    """The year of the sum; the provider's own, if none is given."""

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (OSError, ValueError, LookupError) as unknown:
            raise ValueError("there is no such time zone") from unknown
        return name

    def in_year(self, now: datetime) -> "Person":
        """Return the person at a time: the sum begins anew with each calendar year of their zone."""
        year = now.astimezone(ZoneInfo(self.zone)).year
        earned = self.earned_this_year if self.year in {None, year} else 0
        return self.model_copy(update={"earned_this_year": earned, "year": year})


class NewSecret(_Body):
    """A further secret of webhooks; without one the provider makes it."""

    secret: Annotated[str, StringConstraints(pattern=r"^whsec_[A-Za-z0-9+/]{32,100}={0,2}$")] | None = None
