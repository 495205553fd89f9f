"""Events of matching."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersFound(DomainEvent):
    """An alert e-mail about new orders is due; `letter_id` is its id and `count` the number of orders."""

    topic: ClassVar[str] = "matching.orders_found"

    letter_id: str
    owner_id: str
    count: int
