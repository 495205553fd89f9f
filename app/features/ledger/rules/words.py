"""What happened to a person's money, in the words that wallets and statements show."""

from app.core.i18n import N_, _
from app.models import TxnTemplate

EVENTS: dict[TxnTemplate, str] = {
    TxnTemplate.DEPOSIT: N_("Paid in"),
    TxnTemplate.FUND: N_("Paid for a milestone"),
    TxnTemplate.RECEIPT_IDENTIFIED: N_("Paid in, after a check"),
    TxnTemplate.RELEASE: N_("Work accepted"),
    TxnTemplate.MATURE: N_("Security period over"),
    TxnTemplate.BONUS: N_("Bonus"),
    TxnTemplate.REFUND: N_("Back from a milestone"),
    TxnTemplate.CARD_REFUND: N_("Sent back to the card"),
    TxnTemplate.CARD_REFUND_DONE: N_("Arrived on the card"),
    TxnTemplate.CARD_REFUND_FAILED: N_("Refund not possible, back in the wallet"),
    TxnTemplate.DISPUTE_RULE: N_("Dispute decided"),
    TxnTemplate.PAYOUT: N_("Withdrawal to a card"),
    TxnTemplate.PAYOUT_DONE: N_("Withdrawal paid out"),
    TxnTemplate.PAYOUT_FAILED: N_("Withdrawal not possible, back in the wallet"),
    TxnTemplate.PAYOUT_RETURNED: N_("Sent back by the bank"),
    TxnTemplate.REVERSAL: N_("Corrected by the operator"),
}
OTHER_EVENT = N_("Other")


def event_text(template: TxnTemplate) -> str:
    """Return what happened, in the language of the reader."""
    return _(EVENTS.get(template, OTHER_EVENT))
