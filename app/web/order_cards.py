"""What the cards of the macros need, as types: a page fills them, the macro never asks the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.core.i18n import _, ngettext
from app.web.formatting import HasMoney, duration, money, number


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCard:
    """An order as it stands in a list: readable in two seconds. See `order_card` in macros/components.html."""

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
    why: tuple[str, ...] = ()


def lower_bound_label(least: HasMoney) -> str:
    """Write a lower bound."""
    return _("from {amount}").format(amount=money(least))


def upper_bound_label(most: HasMoney) -> str:
    """Write an upper bound."""
    return _("up to {amount}").format(amount=money(most))


def budget_label(kind: str, least: HasMoney | None, most: HasMoney | None) -> str | None:
    """Write what a work may cost: one amount or a range, by the hour where it is so; None where it is open."""
    if least is None:
        return None
    if most is None or most.amount == least.amount:
        words = money(least)
    else:
        words = _("{least} – {most}").format(least=money(least), most=money(most))
    return _("{amount} an hour").format(amount=words) if kind == "hourly" else words


class HasCustomerStats(Protocol):
    """What is known of a customer by deeds."""

    @property
    def orders_posted(self) -> int:
        """Orders ever published."""
        ...

    @property
    def hire_rate(self) -> int | None:
        """Percent of ended orders in which somebody was chosen."""
        ...

    @property
    def median_answer_seconds(self) -> int | None:
        """Half of the answers came within this time."""
        ...


def customer_stats_label(facts: HasCustomerStats | None) -> str | None:
    """Write in one line how a customer has treated freelancers; None where there is nothing to tell."""
    if facts is None or not facts.orders_posted:
        return None
    told = [ngettext("{count} order", "{count} orders", facts.orders_posted).format(count=number(facts.orders_posted))]
    if facts.hire_rate is not None:
        told.append(_("hires in {share}%").format(share=facts.hire_rate))
    if facts.median_answer_seconds is not None:
        told.append(_("answer time {time}").format(time=duration(facts.median_answer_seconds)))
    return " · ".join(told)
