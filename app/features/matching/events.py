"""What bringing together announces."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersFound(DomainEvent):
    """New orders fit somebody's saved searches, and it is time to say so; the letter names them."""

    topic: ClassVar[str] = "matching.orders_found"

    letter_id: str
    owner_id: str
    count: int
