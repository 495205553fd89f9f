"""Money as integer minor units and a currency; never a float."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from app.core.i18n import N_
from app.core.text.amounts import AMOUNT_TEXT, NEGATIVE, TOO_PRECISE, AmountError, read_amount, write_amount
from app.core.text.whole_numbers import WholeNumber

MAX_AMOUNT = 10**14
"""The largest amount in minor units: a trillion roubles, and still exact in every JSON reader (below 2**53)."""

MAX_SUM = 2**53 - 1
"""The largest sum of amounts that every JSON reader keeps exact; a sum may be above the largest amount."""
MAX_EXPONENT = 18
"""Powers of ten beyond which a number is refused before it is computed with."""


class Currency(StrEnum):
    """The supported currencies (ISO 4217)."""

    RUB = "RUB"
    USD = "USD"
    EUR = "EUR"
    KZT = "KZT"
    BYN = "BYN"


TOO_LARGE = N_("This amount is too large: at most {most}.")
UNKNOWN_WORD = N_("“{word}” is not understood in an amount. Write it in digits, such as 15000 or 99.90.")
OTHER_CURRENCY = N_("“{word}” in the amount is not {currency}. Choose the currency you mean, or leave “{word}” out.")
UNKNOWN_CURRENCY = N_("Choose a currency from the list.")
MINOR_DIGITS: dict[Currency, int] = dict.fromkeys(Currency, 2)
_ROUBLES = frozenset(("р", "руб", "рубль", "рубля", "рубли", "рублей", "ruble", "rubles", "rouble", "roubles"))
CURRENCY_WORDS: dict[Currency, frozenset[str]] = {
    Currency.RUB: _ROUBLES | {"₽", "rub", "rur", "рф", "рос", "российских", "российские", "russian"},
    Currency.USD: frozenset(
        ("$", "us$", "usd", "us", "дол", "долл", "доллар", "доллара", "доллары", "долларов", "сша", "dollar", "dollars")
    ),
    Currency.EUR: frozenset(("€", "eur", "евро", "euro", "euros")),
    Currency.KZT: frozenset(("₸", "kzt", "тг", "тнг", "тенге", "теңге", "tenge")),
    Currency.BYN: _ROUBLES | {"br", "byn", "бел", "белорусских", "белорусские", "беларускіх", "рублёў", "belarusian"},
}
"""What people write for a currency, in small letters and without the point; roubles are of two countries."""


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
    """Parse an amount in whole units as people type it (“150 000”, “99,90”, “$1,500”) into minor units.

    Raises:
        AmountError: It is not an amount, can be read in two ways, or names another currency.
    """
    read = read_amount(text, MINOR_DIGITS[currency])
    for word in read.words:
        if not any(word in words for words in CURRENCY_WORDS.values()):
            raise AmountError(UNKNOWN_WORD, word=word if word.isprintable() else f"U+{ord(word[0]):04X}")
        if word not in CURRENCY_WORDS[currency]:
            raise AmountError(OTHER_CURRENCY, word=word, currency=currency.value)
    return _checked(read.minor, currency)


def exact_amount(number: float | Decimal, currency: Currency) -> int:
    """Convert a number in whole units, as a program writes it, into minor units; 1.5 is one and a half.

    Raises:
        AmountError: It is negative, not finite, or has more decimals than the currency.
    """
    exact = Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
    if not exact.is_finite():
        raise AmountError(AMOUNT_TEXT)
    if exact.adjusted() > MAX_EXPONENT:  # Before it is computed with: it may have millions of digits.
        raise AmountError(NEGATIVE if exact < 0 else TOO_LARGE, most=_largest(currency))
    digits = MINOR_DIGITS[currency]
    if exact and exact != exact.quantize(Decimal(1).scaleb(-digits)):
        raise AmountError(TOO_PRECISE, typed=number, digits=digits)
    return _checked(int(exact.scaleb(digits)), currency)


def _checked(minor: int, currency: Currency) -> int:
    if minor < 0:
        raise AmountError(NEGATIVE)
    if minor > MAX_AMOUNT:
        raise AmountError(TOO_LARGE, most=_largest(currency))
    return minor


def _largest(currency: Currency) -> str:
    return write_amount(MAX_AMOUNT, MINOR_DIGITS[currency], grouped=True)


def amount_as_typed(amount: int, currency: Currency) -> str:
    """Format minor units in whole units, in the form that `typed_amount` reads."""
    return write_amount(amount, MINOR_DIGITS[currency])


def currency_named(text: str) -> Currency | None:
    """Return the currency that a code, a sign or a word stands for; None for any other text.

    Roubles without a country are Russian.
    """
    word = text.strip().casefold().rstrip(".")
    return next((currency for currency, words in CURRENCY_WORDS.items() if word in words), None)


AmountBound = Annotated[WholeNumber, Field(ge=0, le=MAX_AMOUNT)]
"""A bound of a filter, in minor units."""


class MoneyRead(BaseModel):
    """Money in a response."""

    model_config = ConfigDict(from_attributes=True)

    amount: Annotated[int, Field(description="Amount in minor units, such as kopecks or cents.", ge=0, le=MAX_SUM)]
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
