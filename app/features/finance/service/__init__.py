"""Use cases of the finance pages."""

from app.features.finance.service.audit import list_audit
from app.features.finance.service.correction_reading import get_correction, list_corrections, read_correction
from app.features.finance.service.corrections import announce_expired, approve, propose, refuse
from app.features.finance.service.overview import read_overview
from app.features.finance.service.search import read_transaction, search
from app.features.finance.service.withdrawals import (
    approve_withdrawal,
    get_withdrawal,
    list_withdrawals,
    read_withdrawal,
    refuse_withdrawal,
)

__all__ = [
    "announce_expired",
    "approve",
    "approve_withdrawal",
    "get_correction",
    "get_withdrawal",
    "list_audit",
    "list_corrections",
    "list_withdrawals",
    "propose",
    "read_correction",
    "read_overview",
    "read_transaction",
    "read_withdrawal",
    "refuse",
    "refuse_withdrawal",
    "search",
]
