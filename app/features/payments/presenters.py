"""What pages call money that does not move by itself."""

from uuid import UUID

from app.core.i18n import N_, _
from app.core.payment_port import OperationKind
from app.features.payments.schemas import StuckMoneyRead
from app.models import CaseKind, OperationState

STUCK_KINDS: dict[str, str] = {
    OperationKind.PAYMENT: N_("Payment"),
    OperationKind.REFUND: N_("Refund to a card"),
    OperationKind.PAYOUT: N_("Withdrawal"),
    "case": N_("The books differ"),
}
STUCK_STATES: dict[str, str] = {
    OperationState.TO_SEND: N_("not sent yet"),
    OperationState.SENDING: N_("being sent"),
    OperationState.PENDING: N_("not finished at the provider"),
    OperationState.UNKNOWN: N_("no answer: it may have been executed"),
    OperationState.NEEDS_PERSON: N_("no answer for a day: look into it"),
    CaseKind.AT_PROVIDER_ONLY: N_("the provider has it, we do not"),
    CaseKind.IN_LEDGER_ONLY: N_("we have it, the provider does not"),
    CaseKind.AMOUNT_DIFFERS: N_("another amount"),
    CaseKind.STATUS_DIFFERS: N_("another state"),
    CaseKind.TWICE: N_("executed twice"),
    CaseKind.LATE: N_("executed after it had ended here"),
    CaseKind.TOO_OLD: N_("without an end for too long"),
    CaseKind.CHEQUE_ANNULLED: N_("the receipt was annulled"),
    CaseKind.BALANCE_DIFFERS: N_("the balances do not match"),
}


def opening_page(payment_id: UUID) -> str:
    """Return the address that leads a payer to the provider's page as soon as there is one."""
    return f"/wallet/payments/{payment_id}?opening=1"


def stuck_words(found: StuckMoneyRead) -> str:
    """Return what does not move and why, in the reader's language."""
    kind, state = STUCK_KINDS.get(found.kind, found.kind), STUCK_STATES.get(found.state, found.state)
    return f"{_(kind)}: {_(state)}"
