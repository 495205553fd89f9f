"""Queries for contracts, their deals and milestones."""

from app.features.contracts.repository.deals import (
    ContractRepository,
    DealRepository,
    LockedDeal,
    LockedMilestone,
    Volumes,
)
from app.features.contracts.repository.reading import (
    ContractReadRepository,
    ContractRow,
    EarlierRow,
    HeldRow,
    MonthRow,
    ReadDeal,
    SubmissionRow,
)
from app.features.contracts.repository.sweeping import DueTimer, SweepRepository

__all__ = [
    "ContractReadRepository",
    "ContractRepository",
    "ContractRow",
    "DealRepository",
    "DueTimer",
    "EarlierRow",
    "HeldRow",
    "LockedDeal",
    "LockedMilestone",
    "MonthRow",
    "ReadDeal",
    "SubmissionRow",
    "SweepRepository",
    "Volumes",
]
