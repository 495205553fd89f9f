"""Formatting of numbers, money, times and texts in the reader's language."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2s
from typing import Protocol

from babel.dates import format_date, format_timedelta
from babel.numbers import format_currency, format_decimal
from babel.numbers import get_currency_symbol as babel_symbol
from markupsafe import Markup, escape

from app.core.clock import real_now, utc_now
from app.core.i18n import _, current_locale
from app.core.money import MINOR_DIGITS, Currency, Money, typed_amount
from app.core.text.amounts import AmountError
from app.core.text.humanize import format_size
from app.core.text.links import find_links

SYMBOLS = {"RUB": "₽", "USD": "$", "EUR": "€", "KZT": "₸", "BYN": "Br"}
HUES = 6
RECENT = timedelta(days=30)
NOW = timedelta(seconds=60)
_PARAGRAPHS = re.compile(r"\n[ \t]*\n")
_LINK_START, _LINK_MIDDLE = '<a href="', '" rel="nofollow ugc noopener noreferrer">'
_SWITCH = Markup(" {name}")
_ATTRIBUTE = Markup(' {name}="{value}"')


class HasMoney(Protocol):
    """Anything with minor units and a currency."""

    @property
    def amount(self) -> int:
        """Minor units."""
        ...

    @property
    def currency(self) -> Currency:
        """ISO 4217."""
        ...


def fill(text: Markup, /, **values: object) -> Markup:
    """Fill the placeholders of a text with escaped values; a page does this a hundred times.

    `Markup.format` does the same, but reads the text with a parser that is written in Python.
    """
    return Markup(str.format_map(text, {name: escape(value) for name, value in values.items()}))  # noqa: S704 - escaped


def currency_symbol(currency: str) -> str:
    """Return the short sign of a currency."""
    return SYMBOLS.get(currency) or babel_symbol(currency, locale=current_locale())


def money(value: HasMoney) -> str:
    """Format an amount by the language's rules, without trailing zeros: `150 000 ₽`, `₽150,000`."""
    return _money(value.amount, Currency(value.currency), current_locale())


@lru_cache(maxsize=4096)
def _money(minor: int, currency: Currency, locale: str) -> str:
    """Format an amount; results are cached because a list of orders repeats the same round sums."""
    digits = MINOR_DIGITS[currency]
    amount = Decimal(minor).scaleb(-digits)
    whole = amount == amount.to_integral_value()
    pattern = "¤#,##0" if locale == "en" else "#,##0\u00a0¤"
    if not whole:
        pattern = pattern.replace("#,##0", "#,##0." + "0" * digits)
    written = format_currency(
        amount, currency.value, pattern, locale=locale, currency_digits=False, decimal_quantization=False
    )
    code = babel_symbol(currency.value, locale=locale)
    return written.replace(code, SYMBOLS.get(currency.value, code))


def understood_amount(text: str, currency: str) -> str:
    """Format a typed amount as it was read; empty where there is none, or it was not understood."""
    try:
        return describe_amount(text, currency) if text.strip() else ""
    except AmountError:
        return ""


def describe_amount(text: str, currency: str) -> str:
    """Format a typed amount as it was read; an unknown currency counts as the default one.

    Raises:
        AmountError: It is not an amount, or it can be read in two ways.
    """
    known = Currency(currency) if currency in set(Currency) else Currency.RUB
    return _("Amount: {amount}").format(amount=money(Money(typed_amount(text, known), known)))


def number(value: int | Decimal) -> str:
    """Format a number with the language's separators."""
    return _number(value, current_locale())


@lru_cache(maxsize=1024)
def _number(value: int | Decimal, locale: str) -> str:
    return format_decimal(value, locale=locale)


def iso(moment: datetime) -> str:
    """Format a time as ISO 8601."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def exact(moment: datetime) -> str:
    """Format a time in full, with its zone; the page's script rewrites it into the reader's own zone."""
    there = moment.astimezone(UTC)
    return f"{_long_day(there.date(), current_locale())}, {there:%H:%M} UTC"


@lru_cache(maxsize=1024)
def _long_day(there: date, locale: str) -> str:
    return format_date(there, format="long", locale=locale)


def day(moment: datetime) -> str:
    """Format a date; the year only where it is not the current one."""
    if moment.year != utc_now().year:
        return _long_day(moment.date(), current_locale())
    return _short_day(moment.date(), current_locale())


@lru_cache(maxsize=1024)
def _short_day(there: date, locale: str) -> str:
    return format_date(there, format="MMMM d" if locale == "en" else "d MMMM", locale=locale)


def month(moment: datetime) -> str:
    """Format a month and its year, as after “since”."""
    return _month(moment.date().replace(day=1), current_locale())


@lru_cache(maxsize=512)
def _month(there: date, locale: str) -> str:
    return format_date(there, format="MMMM y", locale=locale)


def month_name(there: date) -> str:
    """Format a month and its year where they stand alone."""
    return format_date(there, format="LLLL y", locale=current_locale())


def ago(moment: datetime, *, real: bool = False) -> str:
    """Format a time relative to now, past or future; a distant one as a date.

    Args:
        moment: The time.
        real: It is a time of the machine, such as that of a session, which the clock of a trial does not move.
    """
    distance = moment - (real_now() if real else utc_now())
    if abs(distance) < NOW:
        return _("just now")
    if abs(distance) > RECENT:
        return day(moment)
    return _distance(round(distance / NOW), current_locale())


@lru_cache(maxsize=4096)
def _distance(minutes: int, locale: str) -> str:
    # The largest full unit: a day and two hours are a day, not 26 hours.
    return format_timedelta(minutes * NOW, add_direction=True, threshold=1, locale=locale)


def duration(seconds: int) -> str:
    """Format a duration in its largest full unit; at least one minute."""
    return _duration(max(1, seconds // 60), current_locale())


@lru_cache(maxsize=1024)
def _duration(minutes: int, locale: str) -> str:
    return format_timedelta(minutes * NOW, threshold=1, locale=locale)


def first_capital(text: str) -> str:
    """Return a text that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def initials(name: str) -> str:
    """Return one or two initials of a name; the user name beside it does not count."""
    words = re.findall(r"[^\W_]+", name.split(" (@", 1)[0])
    return "".join(word[0] for word in words[:2]) or "?"


def hue(name: str) -> int:
    """Return the number of a person's colour: always the same, one of a few."""
    return blake2s(name.encode(), digest_size=1).digest()[0] % HUES


def _linked(text: str) -> Markup:
    parts: list[str] = []
    position = 0
    for link in find_links(text):
        url = text[link.start : link.end]
        parts += (
            escape(text[position : link.start]),
            _LINK_START,
            escape(link.href),
            _LINK_MIDDLE,
            escape(url),
            "</a>",
        )
        position = link.end
    parts.append(escape(text[position:]))
    return Markup("".join(parts))  # noqa: S704 - each part is escaped or a constant


def paragraphs(text: str) -> Markup:
    """Convert a person's text to HTML: paragraphs, line breaks and links; any markup in it is escaped."""
    blocks = [block.strip("\n") for block in _PARAGRAPHS.split(text.replace("\r\n", "\n")) if block.strip()]
    # Texts of thousands of short lines are rendered in the event loop: no work per line, and no templates per link.
    done = (f"<p>{_linked(block)}</p>" for block in blocks)
    return Markup("".join(done).replace("\n", "<br>"))  # noqa: S704 - the blocks are escaped


def attrs(values: Mapping[str, object]) -> Markup:
    """Format extra attributes of a widget: `data_x` becomes `data-x`; None and False are left out."""
    parts: list[Markup] = []
    for key, value in values.items():
        name = key.strip("_").replace("_", "-")
        if value is True:
            parts.append(fill(_SWITCH, name=name))
        elif value is not None and value is not False:
            parts.append(fill(_ATTRIBUTE, name=name, value=value))
    return Markup("").join(parts)


FILTERS = {
    "money": money,
    "number": number,
    "iso": iso,
    "exact": exact,
    "day": day,
    "month": month,
    "ago": ago,
    "duration": duration,
    "first_capital": first_capital,
    "initials": initials,
    "hue": hue,
    "paragraphs": paragraphs,
    "attrs": attrs,
    "currency_symbol": currency_symbol,
    "understood_amount": understood_amount,
    "format_size": format_size,
}
