"""Use cases of payments in one transaction each."""

from app.features.payments.service.intents import (
    SEND_TASK,
    Destination,
    PayoutOrder,
    cancel_unsent,
    configured_provider,
    fee_of,
    open_payment,
    open_payout,
    open_refund,
)
from app.features.payments.service.purposes import PaymentPurpose, register_purpose

__all__ = [
    "SEND_TASK",
    "Destination",
    "PaymentPurpose",
    "PayoutOrder",
    "cancel_unsent",
    "configured_provider",
    "fee_of",
    "open_payment",
    "open_payout",
    "open_refund",
    "register_purpose",
]
