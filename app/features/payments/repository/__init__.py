"""Queries of payments."""

from app.features.payments.repository.operations import (
    CaseRepository,
    OperationRepository,
    PaymentRepository,
    WebhookRepository,
)
from app.features.payments.repository.withdrawals import WithdrawalRepository

__all__ = ["CaseRepository", "OperationRepository", "PaymentRepository", "WebhookRepository", "WithdrawalRepository"]
