"""Types of the cards that the macros render; a page fills them, the macros never query the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.core.i18n import _, ngettext
from app.web.formatting import HasMoney, duration, money, number


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCard:
    """An order in a list. See `order_card` in macros/components.html."""

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
    """Format a lower bound."""
    return _("from {amount}").format(amount=money(least))


def upper_bound_label(most: HasMoney) -> str:
    """Format an upper bound."""
    return _("up to {amount}").format(amount=money(most))


def budget_label(kind: str, least: HasMoney | None, most: HasMoney | None) -> str | None:
    """Format a budget: one amount or a range, per hour where it is so; None where it is open."""
    if least is None:
        return None
    if most is None or most.amount == least.amount:
        words = money(least)
    else:
        words = _("{least} – {most}").format(least=money(least), most=money(most))
    return _("{amount} an hour").format(amount=words) if kind == "hourly" else words


class HasCustomerStats(Protocol):
    """Statistics of a customer's orders and decisions."""

    @property
    def orders_posted(self) -> int:
        """Number of orders ever published."""
        ...

    @property
    def hire_rate(self) -> int | None:
        """Percentage of ended orders in which a freelancer was chosen."""
        ...

    @property
    def median_answer_seconds(self) -> int | None:
        """Median time of the customer's answers, in seconds."""
        ...


def customer_stats_label(stats: HasCustomerStats | None) -> str | None:
    """Format a customer's statistics in one line; None where there are none."""
    if stats is None or not stats.orders_posted:
        return None
    parts = [ngettext("{count} order", "{count} orders", stats.orders_posted).format(count=number(stats.orders_posted))]
    if stats.hire_rate is not None:
        parts.append(_("hires in {share}%").format(share=stats.hire_rate))
    if stats.median_answer_seconds is not None:
        parts.append(_("answer time {time}").format(time=duration(stats.median_answer_seconds)))
    return " · ".join(parts)
