"""Templates of entries: one pure function for each event that moves money.

Amounts are `Money`, or integers in its currency. A transfer of zero is left out; an entry without any transfer is an
error of the caller.
"""

from collections.abc import Iterable
from uuid import UUID

from app.core.money import Currency, Money
from app.features.ledger.rules.shapes import RULES
from app.features.ledger.schemas import Account, Entry, Leg
from app.models import AccountKind as Kind
from app.models import TxnTemplate as Template


def deposit(*, provider: str, customer_id: UUID, amount: Money) -> Entry:
    """A verified payment goes into the client's wallet."""
    return _entry(Template.DEPOSIT, amount.currency, [(_clearing(provider), _wallet(customer_id), amount.amount)])


def fund(*, customer_id: UUID, milestone_id: UUID, amount: Money, fee: int) -> Entry:
    """The client pays a milestone and the fee on it from the wallet."""
    return _entry(Template.FUND, amount.currency, _holding(_wallet(customer_id), milestone_id, amount.amount, fee))


def pay_and_fund(*, provider: str, customer_id: UUID, milestone_id: UUID, amount: Money, fee: int) -> Entry:
    """A verified payment goes through the client's wallet into a milestone and the fee on it."""
    wallet = _wallet(customer_id)
    paid = (_clearing(provider), wallet, amount.amount + fee)
    return _entry(Template.FUND, amount.currency, [paid, *_holding(wallet, milestone_id, amount.amount, fee)])


def pay_and_fund_straight(*, provider: str, milestone_id: UUID, amount: Money, fee: int) -> Entry:
    """A verified payment goes straight into a milestone, where the provider allows no wallets."""
    legs = _holding(_clearing(provider), milestone_id, amount.amount, fee)
    return _entry(Template.FUND, amount.currency, legs)


def receipt_unmatched(*, provider: str, amount: Money) -> Entry:
    """Money arrived that belongs to no payment, is too much or too late."""
    legs = [(_clearing(provider), _suspense(provider), amount.amount)]
    return _entry(Template.RECEIPT_UNMATCHED, amount.currency, legs)


def receipt_identified(*, provider: str, customer_id: UUID, amount: Money) -> Entry:
    """Such money turned out to be of this client."""
    legs = [(_suspense(provider), _wallet(customer_id), amount.amount)]
    return _entry(Template.RECEIPT_IDENTIFIED, amount.currency, legs)


def receipt_return(*, provider: str, refund_id: UUID, amount: Money) -> Entry:
    """Such money is sent back to its payer."""
    legs = [(_suspense(provider), Account(Kind.REFUND_TRANSIT, refund_id), amount.amount)]
    return _entry(Template.RECEIPT_RETURN, amount.currency, legs)


def release(  # noqa: PLR0913 - the parts of a release, all by name
    *,
    milestone_id: UUID,
    freelancer_id: UUID,
    amount: Money,
    fee: int,
    tax: int,
    customer_fee: int,
    customer_tax: int,
) -> Entry:
    """Accepted work is paid from the escrow of its milestone; each tax is contained in its fee."""
    escrow, hold = Account(Kind.ESCROW, milestone_id), Account(Kind.FEE_HOLD, milestone_id)
    legs = [
        (escrow, Account(Kind.MATURING, freelancer_id), amount.amount - fee),
        *_income(escrow, fee, tax),
        *_income(hold, customer_fee, customer_tax),
    ]
    return _entry(Template.RELEASE, amount.currency, legs)


def mature(*, freelancer_id: UUID, amount: Money) -> Entry:
    """The security period of released money is over."""
    legs = [(Account(Kind.MATURING, freelancer_id), _wallet(freelancer_id), amount.amount)]
    return _entry(Template.MATURE, amount.currency, legs)


def bonus(  # noqa: PLR0913 - the parts of a bonus, all by name
    *,
    customer_id: UUID,
    freelancer_id: UUID,
    amount: Money,
    fee: int,
    tax: int,
    customer_fee: int,
    customer_tax: int,
) -> Entry:
    """The client pays more than was agreed from the wallet, with the fees of both sides; taxes are inside them."""
    wallet = _wallet(customer_id)
    legs = [
        (wallet, Account(Kind.MATURING, freelancer_id), amount.amount - fee),
        *_income(wallet, fee, tax),
        *_income(wallet, customer_fee, customer_tax),
    ]
    return _entry(Template.BONUS, amount.currency, legs)


def refund(*, milestone_id: UUID, customer_id: UUID, amount: Money, fee_rest: int) -> Entry:
    """Money of a milestone, and the fee that is not earned, go back into the client's wallet."""
    return _refund(milestone_id, _wallet(customer_id), amount, fee_rest)


def refund_straight(*, milestone_id: UUID, refund_id: UUID, amount: Money, fee_rest: int) -> Entry:
    """The same straight to the payer, where the provider allows no wallets."""
    return _refund(milestone_id, Account(Kind.REFUND_TRANSIT, refund_id), amount, fee_rest)


def card_refund(*, refund_id: UUID, customer_id: UUID, amount: Money) -> Entry:
    """A refund to the payer begins, from the wallet."""
    legs = [(_wallet(customer_id), Account(Kind.REFUND_TRANSIT, refund_id), amount.amount)]
    return _entry(Template.CARD_REFUND, amount.currency, legs)


def card_refund_done(*, refund_id: UUID, provider: str, amount: Money) -> Entry:
    """The provider has refunded it."""
    legs = [(Account(Kind.REFUND_TRANSIT, refund_id), _clearing(provider), amount.amount)]
    return _entry(Template.CARD_REFUND_DONE, amount.currency, legs)


def card_refund_failed(*, refund_id: UUID, customer_id: UUID, amount: Money) -> Entry:
    """The provider has surely not refunded it: it is in the wallet again."""
    legs = [(Account(Kind.REFUND_TRANSIT, refund_id), _wallet(customer_id), amount.amount)]
    return _entry(Template.CARD_REFUND_FAILED, amount.currency, legs)


def receipt_return_failed(*, refund_id: UUID, provider: str, amount: Money) -> Entry:
    """The provider has surely not sent unidentified money back."""
    legs = [(Account(Kind.REFUND_TRANSIT, refund_id), _suspense(provider), amount.amount)]
    return _entry(Template.CARD_REFUND_FAILED, amount.currency, legs)


def dispute_open(*, milestone_id: UUID, dispute_id: UUID, amount: Money) -> Entry:
    """Everything that is left in the escrow of a milestone is held for a dispute."""
    legs = [(Account(Kind.ESCROW, milestone_id), Account(Kind.DISPUTE_HOLD, dispute_id), amount.amount)]
    return _entry(Template.DISPUTE_OPEN, amount.currency, legs)


def dispute_withdraw(*, milestone_id: UUID, dispute_id: UUID, amount: Money) -> Entry:
    """The dispute is withdrawn: its money is in escrow again."""
    legs = [(Account(Kind.DISPUTE_HOLD, dispute_id), Account(Kind.ESCROW, milestone_id), amount.amount)]
    return _entry(Template.DISPUTE_WITHDRAW, amount.currency, legs)


def dispute_rule(  # noqa: PLR0913 - the parts of a decision, all by name
    *,
    dispute_id: UUID,
    milestone_id: UUID,
    freelancer_id: UUID,
    customer_id: UUID,
    released: Money,
    refunded: int,
    fee: int,
    tax: int,
    customer_fee: int,
    customer_tax: int,
    fee_rest: int,
) -> Entry:
    """What a dispute held is divided between its sides, with the fees of what the freelancer receives."""
    held, hold = Account(Kind.DISPUTE_HOLD, dispute_id), Account(Kind.FEE_HOLD, milestone_id)
    legs = [
        (held, Account(Kind.MATURING, freelancer_id), released.amount - fee),
        *_income(held, fee, tax),
        (held, _wallet(customer_id), refunded),
        *_income(hold, customer_fee, customer_tax),
        (hold, _wallet(customer_id), fee_rest),
    ]
    return _entry(Template.DISPUTE_RULE, released.currency, legs)


def payout(*, payout_id: UUID, freelancer_id: UUID, amount: Money, fee: int) -> Entry:
    """A withdrawal and its fee leave the wallet."""
    return _payout(payout_id, _wallet(freelancer_id), amount, fee)


def payout_straight(*, payout_id: UUID, freelancer_id: UUID, amount: Money, fee: int) -> Entry:
    """The same straight from matured money, where the provider allows no wallets."""
    return _payout(payout_id, Account(Kind.MATURING, freelancer_id), amount, fee)


def payout_done(*, payout_id: UUID, provider: str, amount: Money, fee: int) -> Entry:
    """The provider has paid the withdrawal; its fee is earned."""
    transit = Account(Kind.PAYOUT_TRANSIT, payout_id)
    legs = [(transit, _clearing(provider), amount.amount), (transit, Account(Kind.OTHER_INCOME), fee)]
    return _entry(Template.PAYOUT_DONE, amount.currency, legs)


def payout_failed(*, payout_id: UUID, freelancer_id: UUID, amount: Money, fee: int) -> Entry:
    """The provider has surely not paid it: amount and fee are in the wallet again."""
    legs = [(Account(Kind.PAYOUT_TRANSIT, payout_id), _wallet(freelancer_id), amount.amount + fee)]
    return _entry(Template.PAYOUT_FAILED, amount.currency, legs)


def payout_failed_straight(*, payout_id: UUID, freelancer_id: UUID, amount: Money, fee: int) -> Entry:
    """The same for a withdrawal that began without a wallet."""
    legs = [(Account(Kind.PAYOUT_TRANSIT, payout_id), Account(Kind.MATURING, freelancer_id), amount.amount + fee)]
    return _entry(Template.PAYOUT_FAILED, amount.currency, legs)


def payout_returned(*, provider: str, freelancer_id: UUID, amount: Money) -> Entry:
    """The bank sent a paid withdrawal back; its fee stays earned."""
    legs = [(_clearing(provider), _wallet(freelancer_id), amount.amount)]
    return _entry(Template.PAYOUT_RETURNED, amount.currency, legs)


def chargeback_open(*, provider: str, customer_id: UUID, amount: Money) -> Entry:
    """The payer took a payment back through the bank, and owes it."""
    legs = [(Account(Kind.CLAIM, customer_id), _clearing(provider), amount.amount)]
    return _entry(Template.CHARGEBACK_OPEN, amount.currency, legs)


def chargeback_won(*, provider: str, customer_id: UUID, amount: Money) -> Entry:
    """The bank returned the payment."""
    legs = [(_clearing(provider), Account(Kind.CLAIM, customer_id), amount.amount)]
    return _entry(Template.CHARGEBACK_WON, amount.currency, legs)


def chargeback_lost_held(*, customer_id: UUID, dispute_id: UUID, amount: Money) -> Entry:
    """The payment is lost, and is taken from what is held for it."""
    legs = [(Account(Kind.DISPUTE_HOLD, dispute_id), Account(Kind.CLAIM, customer_id), amount.amount)]
    return _entry(Template.CHARGEBACK_LOST, amount.currency, legs)


def chargeback_lost_released(*, customer_id: UUID, amount: Money) -> Entry:
    """The payment is lost after the freelancer was paid: the platform bears it."""
    legs = [(Account(Kind.LOSS), Account(Kind.CLAIM, customer_id), amount.amount)]
    return _entry(Template.CHARGEBACK_LOST, amount.currency, legs)


def provider_cost(*, provider: str, amount: Money) -> Entry:
    """The provider took its commission."""
    legs = [(Account(Kind.PROVIDER_COST), _clearing(provider), amount.amount)]
    return _entry(Template.PROVIDER_COST, amount.currency, legs)


def fees_settled(*, provider: str, amount: Money) -> Entry:
    """Earned fees were moved from the provider to the platform's bank."""
    legs = [(Account(Kind.BANK_OPERATING), _clearing(provider), amount.amount)]
    return _entry(Template.FEES_SETTLED, amount.currency, legs)


def reversal(original: Entry) -> Entry:
    """Every transfer of an entry, in the other direction."""
    if original.template is Template.REVERSAL:
        raise ValueError("a reversal is not reversed")
    legs = tuple(leg.mirrored() for leg in original.legs)
    return Entry(Template.REVERSAL, RULES[Template.REVERSAL].version, original.currency, legs)


def correction(*, debit: Account, credit: Account, amount: Money) -> Entry:
    """An operator corrects accounts that belong to no deal."""
    return _entry(Template.CORRECTION, amount.currency, [(debit, credit, amount.amount)])


def _entry(template: Template, currency: Currency, legs: Iterable[tuple[Account, Account, int]]) -> Entry:
    """Return an entry without the transfers of zero.

    Raises:
        ValueError: It moves nothing, has a negative amount, or a transfer that its template does not have.
    """
    rules = RULES[template]
    kept = tuple(Leg(*leg) for leg in legs if leg[2] != 0)
    for leg in kept:
        if (leg.debit.kind, leg.credit.kind) not in rules.moves:
            raise ValueError(f"{template} moves nothing from {leg.debit.kind} to {leg.credit.kind}")
    return Entry(template, rules.version, currency, kept)


def _clearing(provider: str) -> Account:
    return Account(Kind.PROVIDER_CLEARING, provider=provider)


def _suspense(provider: str) -> Account:
    return Account(Kind.SUSPENSE, provider=provider)


def _wallet(user_id: UUID) -> Account:
    return Account(Kind.WALLET, user_id)


def _holding(source: Account, milestone_id: UUID, amount: int, fee: int) -> list[tuple[Account, Account, int]]:
    return [
        (source, Account(Kind.ESCROW, milestone_id), amount),
        (source, Account(Kind.FEE_HOLD, milestone_id), fee),
    ]


def _income(source: Account, fee: int, tax: int) -> list[tuple[Account, Account, int]]:
    return [(source, Account(Kind.FEE_INCOME), fee - tax), (source, Account(Kind.TAX_PAYABLE), tax)]


def _refund(milestone_id: UUID, target: Account, amount: Money, fee_rest: int) -> Entry:
    legs = [
        (Account(Kind.ESCROW, milestone_id), target, amount.amount),
        (Account(Kind.FEE_HOLD, milestone_id), target, fee_rest),
    ]
    return _entry(Template.REFUND, amount.currency, legs)


def _payout(payout_id: UUID, source: Account, amount: Money, fee: int) -> Entry:
    return _entry(
        Template.PAYOUT, amount.currency, [(source, Account(Kind.PAYOUT_TRANSIT, payout_id), amount.amount + fee)]
    )
