"""Use cases of the finance pages."""

from app.features.finance.service.correction_reading import get_correction, list_corrections, read_correction
from app.features.finance.service.corrections import approve, propose, refuse
from app.features.finance.service.overview import read_overview
from app.features.finance.service.search import read_transaction, search

__all__ = [
    "approve",
    "get_correction",
    "list_corrections",
    "propose",
    "read_correction",
    "read_overview",
    "read_transaction",
    "refuse",
    "search",
]
