"""What may be corrected, by which accounts, and for how long a proposal waits; pure, no I/O."""

from datetime import timedelta

from app.core.money import Currency, Money
from app.models import AccountKind, TxnTemplate

DECIDED_WITHIN = timedelta(days=7)
"""A proposal that nobody has decided by then has expired."""
ALONE_WINDOW = timedelta(days=1)
CORRECTABLE = (AccountKind.SUSPENSE, AccountKind.LOSS, AccountKind.CLAIM, AccountKind.OTHER_INCOME)
"""Accounts that belong to no deal, as the template `correction` has them."""
REVERSIBLE = (
    TxnTemplate.CORRECTION,
    TxnTemplate.PROVIDER_COST,
    TxnTemplate.FEES_SETTLED,
    TxnTemplate.CHARGEBACK_OPEN,
    TxnTemplate.CHARGEBACK_WON,
)
"""Transactions on which no state of a payment, withdrawal or contract rests.

The others are what such a state says: reversed, the ledger would contradict it, and money that a freelancer has earned
could be taken back. What the provider has done is corrected by closing its case.
"""


def suffices_alone(money: Money, earlier: int, limit: int) -> bool:
    """Tell whether one person suffices.

    Args:
        money: The correction.
        earlier: What the person has corrected alone within a day, in minor units.
        limit: The largest sum of a day, in kopecks; 0 for none. Other currencies always need two.
    """
    return money.currency is Currency.RUB and earlier + money.amount <= limit
