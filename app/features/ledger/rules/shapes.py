"""What each template of entries may do."""

from dataclasses import dataclass

from app.models import AccountKind as Kind
from app.models import TxnTemplate as Template

type Move = tuple[Kind, Kind]
"""The kinds that a transfer debits and credits."""


@dataclass(frozen=True, slots=True)
class TemplateRules:
    """What the transfers of a template may be; every kind has at most one account in an entry.

    `one_owner` names the kinds whose accounts belong to one user or one milestone.
    """

    meaning: str
    moves: tuple[Move, ...]
    one_owner: tuple[Move, ...] = ()
    by_operator: bool = False
    """Whether an operator must be named with a reason."""
    version: int = 1


_HOLDS: Move = (Kind.ESCROW, Kind.FEE_HOLD)
_EARNED: tuple[Move, ...] = ((Kind.FEE_HOLD, Kind.FEE_INCOME), (Kind.FEE_HOLD, Kind.TAX_PAYABLE))
RULES: dict[Template, TemplateRules] = {
    Template.DEPOSIT: TemplateRules("a payment into a wallet", ((Kind.PROVIDER_CLEARING, Kind.WALLET),)),
    Template.FUND: TemplateRules(
        "a milestone is paid in: from the wallet, by a payment through the wallet, or by a payment straight",
        (
            (Kind.WALLET, Kind.ESCROW),
            (Kind.WALLET, Kind.FEE_HOLD),
            (Kind.PROVIDER_CLEARING, Kind.WALLET),
            (Kind.PROVIDER_CLEARING, Kind.ESCROW),
            (Kind.PROVIDER_CLEARING, Kind.FEE_HOLD),
        ),
        (_HOLDS,),
    ),
    Template.RECEIPT_UNMATCHED: TemplateRules(
        "money arrived that belongs to no payment", ((Kind.PROVIDER_CLEARING, Kind.SUSPENSE),)
    ),
    Template.RECEIPT_IDENTIFIED: TemplateRules("such money is identified", ((Kind.SUSPENSE, Kind.WALLET),)),
    Template.RECEIPT_RETURN: TemplateRules("such money is sent back", ((Kind.SUSPENSE, Kind.REFUND_TRANSIT),)),
    Template.RELEASE: TemplateRules(
        "work is accepted, wholly or in part",
        ((Kind.ESCROW, Kind.MATURING), (Kind.ESCROW, Kind.FEE_INCOME), (Kind.ESCROW, Kind.TAX_PAYABLE), *_EARNED),
        (_HOLDS,),
    ),
    Template.MATURE: TemplateRules(
        "the security period is over", ((Kind.MATURING, Kind.WALLET),), ((Kind.MATURING, Kind.WALLET),)
    ),
    Template.BONUS: TemplateRules(
        "a bonus",
        ((Kind.WALLET, Kind.MATURING), (Kind.WALLET, Kind.FEE_INCOME), (Kind.WALLET, Kind.TAX_PAYABLE)),
    ),
    Template.REFUND: TemplateRules(
        "money of a milestone goes back: into the wallet, or straight to the payer",
        (
            (Kind.ESCROW, Kind.WALLET),
            (Kind.FEE_HOLD, Kind.WALLET),
            (Kind.ESCROW, Kind.REFUND_TRANSIT),
            (Kind.FEE_HOLD, Kind.REFUND_TRANSIT),
        ),
        (_HOLDS,),
    ),
    Template.CARD_REFUND: TemplateRules("a refund to a payer begins", ((Kind.WALLET, Kind.REFUND_TRANSIT),)),
    Template.CARD_REFUND_DONE: TemplateRules(
        "the provider has refunded it", ((Kind.REFUND_TRANSIT, Kind.PROVIDER_CLEARING),)
    ),
    Template.CARD_REFUND_FAILED: TemplateRules(
        "the provider has not refunded it: back to where it came from",
        ((Kind.REFUND_TRANSIT, Kind.WALLET), (Kind.REFUND_TRANSIT, Kind.SUSPENSE)),
    ),
    Template.DISPUTE_OPEN: TemplateRules("a dispute is opened", ((Kind.ESCROW, Kind.DISPUTE_HOLD),)),
    Template.DISPUTE_WITHDRAW: TemplateRules("a dispute is withdrawn", ((Kind.DISPUTE_HOLD, Kind.ESCROW),)),
    Template.DISPUTE_RULE: TemplateRules(
        "a dispute is settled or decided",
        (
            (Kind.DISPUTE_HOLD, Kind.MATURING),
            (Kind.DISPUTE_HOLD, Kind.FEE_INCOME),
            (Kind.DISPUTE_HOLD, Kind.TAX_PAYABLE),
            (Kind.DISPUTE_HOLD, Kind.WALLET),
            *_EARNED,
            (Kind.FEE_HOLD, Kind.WALLET),
        ),
    ),
    Template.PAYOUT: TemplateRules(
        "a withdrawal begins, from the wallet or straight from what has matured",
        ((Kind.WALLET, Kind.PAYOUT_TRANSIT), (Kind.MATURING, Kind.PAYOUT_TRANSIT)),
    ),
    Template.PAYOUT_DONE: TemplateRules(
        "the provider has paid it",
        ((Kind.PAYOUT_TRANSIT, Kind.PROVIDER_CLEARING), (Kind.PAYOUT_TRANSIT, Kind.OTHER_INCOME)),
    ),
    Template.PAYOUT_FAILED: TemplateRules(
        "the provider has not paid it",
        ((Kind.PAYOUT_TRANSIT, Kind.WALLET), (Kind.PAYOUT_TRANSIT, Kind.MATURING)),
    ),
    Template.PAYOUT_RETURNED: TemplateRules("the bank sent it back", ((Kind.PROVIDER_CLEARING, Kind.WALLET),)),
    Template.CHARGEBACK_OPEN: TemplateRules(
        "a payer took a payment back through the bank", ((Kind.CLAIM, Kind.PROVIDER_CLEARING),)
    ),
    Template.CHARGEBACK_WON: TemplateRules("the bank returned such a payment", ((Kind.PROVIDER_CLEARING, Kind.CLAIM),)),
    Template.CHARGEBACK_LOST: TemplateRules(
        "such a payment is lost: from what is held, or by the platform",
        ((Kind.DISPUTE_HOLD, Kind.CLAIM), (Kind.LOSS, Kind.CLAIM)),
    ),
    Template.PROVIDER_COST: TemplateRules(
        "the provider took its commission", ((Kind.PROVIDER_COST, Kind.PROVIDER_CLEARING),)
    ),
    Template.FEES_SETTLED: TemplateRules(
        "earned fees are moved to the platform's bank", ((Kind.BANK_OPERATING, Kind.PROVIDER_CLEARING),)
    ),
    Template.REVERSAL: TemplateRules("every transfer of a transaction mirrored, once", (), by_operator=True),
    Template.CORRECTION: TemplateRules(
        "a correction by an operator, among these accounts only",
        tuple(
            (debit, credit)
            for debit in (Kind.SUSPENSE, Kind.LOSS, Kind.CLAIM, Kind.OTHER_INCOME)
            for credit in (Kind.SUSPENSE, Kind.LOSS, Kind.CLAIM, Kind.OTHER_INCOME)
            if debit is not credit
        ),
        by_operator=True,
    ),
}
"""What each template may do; the check of the ledger compares every stored transaction with it."""
