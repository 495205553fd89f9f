"""Events of matching."""

from dataclasses import dataclass, field
from typing import ClassVar

from app.core.events import DomainEvent, stored_as


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAlertDue(DomainEvent):
    """An alert e-mail about new orders is due; `alert_email_id` is its id and `count` the number of orders."""

    topic: ClassVar[str] = "matching.orders_found"

    alert_email_id: str = field(metadata=stored_as("letter_id"))
    owner_id: str
    count: int
