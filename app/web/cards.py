"""What the cards of the macros need, as types: a page fills them, the macro never asks the database."""

from dataclasses import dataclass
from datetime import datetime

from app.core.i18n import _
from app.web.formats import HasMoney, money


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCard:
    """An order as it stands in a list: readable in two seconds. See `order_card` in macros/parts.html."""

    title: str
    href: str
    money: str | None = None
    text: str = ""
    when: datetime | None = None
    skills: tuple[str, ...] = ()
    answers: int | None = None
    customer: str | None = None
    badge: tuple[str, str] | None = None
    note: str | None = None


def from_words(least: HasMoney) -> str:
    """Write a lower bound."""
    return _("from {amount}").format(amount=money(least))


def up_to_words(most: HasMoney) -> str:
    """Write an upper bound."""
    return _("up to {amount}").format(amount=money(most))


def budget_words(kind: str, least: HasMoney | None, most: HasMoney | None) -> str | None:
    """Write what a work may cost: one amount or a range, by the hour where it is so; None where it is open."""
    if least is None:
        return None
    if most is None or most.amount == least.amount:
        words = money(least)
    else:
        words = _("{least} – {most}").format(least=money(least), most=money(most))
    return _("{amount} an hour").format(amount=words) if kind == "hourly" else words
