"""What pages call accounts, transactions and results."""

from app.core.i18n import N_
from app.models import AccountKind, CorrectionKind, CorrectionReason, CorrectionState, TxnTemplate, WithdrawalState

ACCOUNT_NAMES: dict[AccountKind, str] = {
    AccountKind.PROVIDER_CLEARING: N_("At the payment provider"),
    AccountKind.BANK_OPERATING: N_("Own bank account"),
    AccountKind.CLAIM: N_("Owed by people"),
    AccountKind.WALLET: N_("Wallets"),
    AccountKind.ESCROW: N_("Held for milestones"),
    AccountKind.FEE_HOLD: N_("Clients' fees, not earned yet"),
    AccountKind.DISPUTE_HOLD: N_("Held for disputes"),
    AccountKind.MATURING: N_("In the security period"),
    AccountKind.PAYOUT_TRANSIT: N_("Withdrawals on their way"),
    AccountKind.REFUND_TRANSIT: N_("Refunds on their way"),
    AccountKind.SUSPENSE: N_("Received, not identified"),
    AccountKind.TAX_PAYABLE: N_("Taxes due"),
    AccountKind.FEE_INCOME: N_("Earned fees"),
    AccountKind.OTHER_INCOME: N_("Other income"),
    AccountKind.PROVIDER_COST: N_("Costs of the provider"),
    AccountKind.LOSS: N_("Losses"),
}
TEMPLATE_NAMES: dict[TxnTemplate, str] = {
    TxnTemplate.DEPOSIT: N_("Payment into a wallet"),
    TxnTemplate.FUND: N_("Milestone paid in"),
    TxnTemplate.RECEIPT_UNMATCHED: N_("Unidentified money arrived"),
    TxnTemplate.RECEIPT_IDENTIFIED: N_("Unidentified money assigned"),
    TxnTemplate.RECEIPT_RETURN: N_("Unidentified money sent back"),
    TxnTemplate.RELEASE: N_("Work accepted"),
    TxnTemplate.MATURE: N_("Security period over"),
    TxnTemplate.BONUS: N_("Bonus"),
    TxnTemplate.REFUND: N_("Milestone refunded"),
    TxnTemplate.CARD_REFUND: N_("Refund to a card started"),
    TxnTemplate.CARD_REFUND_DONE: N_("Refund to a card executed"),
    TxnTemplate.CARD_REFUND_FAILED: N_("Refund to a card failed"),
    TxnTemplate.DISPUTE_OPEN: N_("Dispute opened"),
    TxnTemplate.DISPUTE_WITHDRAW: N_("Dispute withdrawn"),
    TxnTemplate.DISPUTE_RULE: N_("Dispute decided"),
    TxnTemplate.PAYOUT: N_("Withdrawal started"),
    TxnTemplate.PAYOUT_DONE: N_("Withdrawal executed"),
    TxnTemplate.PAYOUT_FAILED: N_("Withdrawal failed"),
    TxnTemplate.PAYOUT_RETURNED: N_("Withdrawal sent back by the bank"),
    TxnTemplate.CHARGEBACK_OPEN: N_("Payment taken back through the bank"),
    TxnTemplate.CHARGEBACK_WON: N_("Chargeback won"),
    TxnTemplate.CHARGEBACK_LOST: N_("Chargeback lost"),
    TxnTemplate.PROVIDER_COST: N_("Commission of the provider"),
    TxnTemplate.FEES_SETTLED: N_("Fees moved to the own bank account"),
    TxnTemplate.REVERSAL: N_("Reversal"),
    TxnTemplate.CORRECTION: N_("Correction"),
}
CORRECTION_NAMES: dict[CorrectionKind, str] = {
    CorrectionKind.CORRECTION: N_("Correction between accounts"),
    CorrectionKind.REVERSAL: N_("Reversal of a transaction"),
    CorrectionKind.ASSIGNMENT: N_("Unidentified money to a wallet"),
}
REASON_NAMES: dict[CorrectionReason, str] = {
    CorrectionReason.OWN_MISTAKE: N_("A mistake of ours"),
    CorrectionReason.PROVIDER_MISTAKE: N_("A mistake of the payment provider"),
    CorrectionReason.IDENTIFIED: N_("The payer was identified"),
    CorrectionReason.COMPENSATION: N_("Compensation"),
    CorrectionReason.WRITE_OFF: N_("Written off"),
    CorrectionReason.OTHER: N_("Another reason"),
}
STATE_NAMES: dict[CorrectionState, tuple[str, str]] = {
    CorrectionState.PROPOSED: (N_("Waits for a second person"), "accent"),
    CorrectionState.EXECUTED: (N_("Recorded"), "good"),
    CorrectionState.REFUSED: (N_("Refused"), "warn"),
    CorrectionState.WITHDRAWN: (N_("Withdrawn"), ""),
}
WITHDRAWAL_STATES: dict[WithdrawalState, tuple[str, str]] = {
    WithdrawalState.WAITING: (N_("Waits for an approval"), "accent"),
    WithdrawalState.APPROVED: (N_("Approved"), "good"),
    WithdrawalState.REFUSED: (N_("Refused"), "warn"),
    WithdrawalState.CANCELED: (N_("Given up by its owner"), ""),
    WithdrawalState.LAPSED: (N_("Expired: nobody decided in time"), "warn"),
}
EXPIRED = N_("Expired: nobody decided in time")
