"""Events of contracts with a safe deal."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class DealMoved(DomainEvent):
    """Something happened to a deal: `event` is a line of its timeline, `side` who caused it.

    `amount` is in minor units of the contract's currency; empty where no money is concerned.
    """

    topic: ClassVar[str] = "contracts.deal_moved"

    contract_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    event: str
    side: str
    milestone_id: str = ""
    amount: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewWaits(DomainEvent):
    """A submission waits for the client: it was handed in, or its review time ends in `days` days."""

    topic: ClassVar[str] = "contracts.review_waits"

    contract_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    milestone_id: str
    submission_id: str
    days: int = 0
    """Zero where it was just handed in."""
