"""Queries of the transparency log."""

from app.features.transparency.repository.log import LEAF_FIELDS, LogRepository
from app.features.transparency.repository.papers import PaperLogRepository
from app.features.transparency.repository.party import FoundReceipt, PartyRepository
from app.features.transparency.repository.solvency import SolvencyRepository
from app.features.transparency.repository.statements import StatementRepository
from app.features.transparency.repository.whole import WholeLogRepository

__all__ = [
    "LEAF_FIELDS",
    "FoundReceipt",
    "LogRepository",
    "PaperLogRepository",
    "PartyRepository",
    "SolvencyRepository",
    "StatementRepository",
    "WholeLogRepository",
]
