"""Queries for contracts, their deals and milestones."""

from app.features.contracts.repository.deals import (
    ContractRepository,
    DealRepository,
    LockedDeal,
    LockedMilestone,
    Volumes,
)
from app.features.contracts.repository.reading import ContractReadRepository, ContractRow, ReadDeal, SubmissionRow

__all__ = [
    "ContractReadRepository",
    "ContractRepository",
    "ContractRow",
    "DealRepository",
    "LockedDeal",
    "LockedMilestone",
    "ReadDeal",
    "SubmissionRow",
    "Volumes",
]
