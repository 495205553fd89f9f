"""Events of the finance pages."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCorrected(DomainEvent):
    """A correction changed what a person has or owes; `amount` is negative where it takes."""

    topic: ClassVar[str] = "finance.account_corrected"
    correction_id: str
    user_id: str
    amount: int
    currency: str
