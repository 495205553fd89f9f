"""Queries of the finance pages."""

from app.features.finance.repository.corrections import CorrectionRepository
from app.features.finance.repository.overview import LedgerViewRepository, SearchRepository, TransactionRow

__all__ = ["CorrectionRepository", "LedgerViewRepository", "SearchRepository", "TransactionRow"]
