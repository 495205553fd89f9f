"""What the cards of the macros need, as types: a page fills them, the macro never asks the database."""

from dataclasses import dataclass
from datetime import datetime


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
