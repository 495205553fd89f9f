"""Use cases of payments in one transaction each."""

from app.features.payments.service.closing import what_is_open
from app.features.payments.service.commands import begin_payment, refund_payment, top_up, withdraw
from app.features.payments.service.inbox import INBOX_TASK, keep_messages
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
from app.features.payments.service.reading import (
    find_open_payments,
    get_payment,
    get_payout,
    get_wallet,
    list_history,
    list_payments,
    list_payouts,
    read_payment,
    read_payout,
    read_refund,
    read_stuck,
    refundable,
)
from app.features.payments.service.reconciliation import (
    StuckMoney,
    close_case,
    latest_runs,
    list_stuck,
    stuck_sums,
)

__all__ = [
    "INBOX_TASK",
    "SEND_TASK",
    "Destination",
    "PaymentPurpose",
    "PayoutOrder",
    "StuckMoney",
    "begin_payment",
    "cancel_unsent",
    "close_case",
    "configured_provider",
    "fee_of",
    "find_open_payments",
    "get_payment",
    "get_payout",
    "get_wallet",
    "keep_messages",
    "latest_runs",
    "list_history",
    "list_payments",
    "list_payouts",
    "list_stuck",
    "open_payment",
    "open_payout",
    "open_refund",
    "read_payment",
    "read_payout",
    "read_refund",
    "read_stuck",
    "refund_payment",
    "refundable",
    "register_purpose",
    "stuck_sums",
    "top_up",
    "what_is_open",
    "withdraw",
]
