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


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionDecided(DomainEvent):
    """A correction was approved or refused by somebody else than who proposed it, or nobody decided in time.

    `state` is `executed`, `refused` or `expired`.
    """

    topic: ClassVar[str] = "finance.correction_decided"
    correction_id: str
    proposed_by_id: str
    state: str
    amount: int
    currency: str
