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
    "HeldRow",
    "LockedDeal",
    "LockedMilestone",
    "MonthRow",
    "ReadDeal",
    "SubmissionRow",
    "Volumes",
]
