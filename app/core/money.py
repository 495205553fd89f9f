"""Money as integer minor units and a currency; never a float."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from app.core.i18n import N_

MAX_AMOUNT = 10**14
"""The largest amount in minor units: a trillion roubles, and still exact in every JSON reader (below 2**53)."""


class Currency(StrEnum):
    """The supported currencies (ISO 4217)."""

    RUB = "RUB"
    USD = "USD"
    EUR = "EUR"
    KZT = "KZT"
    BYN = "BYN"


AMOUNT_TEXT = N_("Write an amount such as 15000 or 99.90: no more than two digits after the point.")
MINOR_DIGITS: dict[Currency, int] = dict.fromkeys(Currency, 2)


class CurrencyMismatchError(ValueError):
    """Two amounts of different currencies were added or compared."""


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in minor units (kopecks, cents) of one currency."""

    amount: int
    currency: Currency

    def _same(self, other: Self) -> None:
        if self.currency is not other.currency:
            raise CurrencyMismatchError(f"{self.currency} and {other.currency} do not mix")

    def __add__(self, other: Self) -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Self) -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __lt__(self, other: Self) -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: Self) -> bool:
        self._same(other)
        return self.amount <= other.amount

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"amount": self.amount, "currency": self.currency.value}


def typed_amount(text: str, currency: Currency) -> int:
    """Parse an amount in whole units as people type it ("150 000", "99,90") into minor units.

    Raises:
        ValueError: It is not an amount, is negative, or has more decimals than the currency.
    """
    plain = "".join(text.split()).replace(",", ".")
    try:
        minor = Decimal(plain).scaleb(MINOR_DIGITS[currency])
    except InvalidOperation as wrong:
        raise ValueError(AMOUNT_TEXT) from wrong
    if not minor.is_finite() or not 0 <= minor <= MAX_AMOUNT or minor != minor.to_integral_value():
        raise ValueError(AMOUNT_TEXT)
    return int(minor)


def amount_as_typed(amount: int, currency: Currency) -> str:
    """Format minor units in whole units, in the form that `typed_amount` reads."""
    return f"{Decimal(amount).scaleb(-MINOR_DIGITS[currency]).normalize():f}"


class MoneyRead(BaseModel):
    """Money in a response."""

    model_config = ConfigDict(from_attributes=True)

    amount: Annotated[int, Field(description="Amount in minor units, such as kopecks or cents.", ge=0, le=MAX_AMOUNT)]
    currency: Currency


class MoneyInput(BaseModel):
    """Money in a request: a positive whole number of minor units."""

    model_config = ConfigDict(extra="forbid")

    amount: Annotated[
        StrictInt, Field(gt=0, le=MAX_AMOUNT, description="Amount in minor units, such as kopecks or cents.")
    ]
    currency: Currency = Currency.RUB

    def to_money(self) -> Money:
        """Return the value that use cases work with."""
        return Money(self.amount, self.currency)
