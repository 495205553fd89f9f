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

__all__ = [
    "ContractReadRepository",
    "ContractRepository",
    "ContractRow",
    "DealRepository",
    "EarlierRow",
    "HeldRow",
    "LockedDeal",
    "LockedMilestone",
    "MonthRow",
    "ReadDeal",
    "SubmissionRow",
    "Volumes",
]
