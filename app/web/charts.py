"""Bars of money by month, drawn as SVG beside their numbers; computed in integers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.core.money import Currency, Money
from app.web.formatting import money, month_name

WIDTH = 1000
"""Width of the longest bar, in units of the drawing."""
LEAST = 6
"""Width of the smallest amount, so that it can be seen."""


@dataclass(frozen=True, slots=True)
class Part:
    """One series of a bar: where it is drawn, and its amount."""

    start: int
    width: int
    amount: str


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of a month."""

    label: str
    parts: Sequence[Part]
    total: str


def month_bars(rows: Sequence[tuple[date, Sequence[int]]], currency: Currency) -> list[Bar]:
    """Return a bar for each month, in the same order; the longest one is as wide as the drawing.

    Args:
        rows: The first day of each month, and the amount of each series in minor units.
        currency: The currency of all amounts.
    """
    longest = max((sum(amounts) for _first, amounts in rows), default=0)
    return [_bar(first, amounts, currency, longest) for first, amounts in rows]


def _bar(first: date, amounts: Sequence[int], currency: Currency, longest: int) -> Bar:
    parts: list[Part] = []
    start = 0
    for amount in amounts:
        width = max(LEAST, WIDTH * amount // longest) if amount else 0
        parts.append(Part(start, width, money(Money(amount, currency))))
        start += width
    return Bar(month_name(first), parts, money(Money(sum(amounts), currency)))
