"""Queries for contracts, their deals and milestones."""

from app.features.contracts.repository.deals import (
    ContractRepository,
    DealRepository,
    LockedDeal,
    LockedMilestone,
    Volumes,
)
from app.features.contracts.repository.reading import ContractReader, ContractRow, ReadDeal, SubmissionRow

__all__ = [
    "ContractReader",
    "ContractRepository",
    "ContractRow",
    "DealRepository",
    "LockedDeal",
    "LockedMilestone",
    "ReadDeal",
    "SubmissionRow",
    "Volumes",
]
