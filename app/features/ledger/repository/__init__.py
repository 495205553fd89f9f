"""Queries of the ledger: entries and balances, and the whole of it for its check."""

from app.features.ledger.repository.checks import LedgerCheckRepository
from app.features.ledger.repository.entries import LedgerRepository, TransferRow

__all__ = ["LedgerCheckRepository", "LedgerRepository", "TransferRow"]
