"""Use cases of the finance pages."""

from app.features.finance.service.overview import read_overview
from app.features.finance.service.search import read_transaction, search

__all__ = ["read_overview", "read_transaction", "search"]
