"""Accounts by their meaning, entries (the transfers that one event makes), and what the ledger tells of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from app.core.money import Currency
from app.models import AccountKind, TxnTemplate


class Side(StrEnum):
    """The side on which an account grows."""

    DEBIT = "debit"
    CREDIT = "credit"


class OwnerKind(StrEnum):
    """Whose an account is."""

    PLATFORM = "platform"
    PROVIDER = "provider"
    USER = "user"
    MILESTONE = "milestone"
    DISPUTE = "dispute"
    PAYOUT = "payout"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class KindRules:
    """A row of the chart of accounts, as `ledger.account_kind` holds it."""

    number: int
    side: Side
    owner: OwnerKind
    has_balance: bool
    """Whether each account has a balance row, which cannot be negative; other balances are summed."""
    zero_when_finished: bool
    meaning: str


def _held(number: int, owner: OwnerKind, meaning: str, *, zero: bool) -> KindRules:
    return KindRules(number, Side.CREDIT, owner, has_balance=True, zero_when_finished=zero, meaning=meaning)


def _summed(number: int, side: Side, owner: OwnerKind, meaning: str) -> KindRules:
    return KindRules(number, side, owner, has_balance=False, zero_when_finished=False, meaning=meaning)


_PLATFORM = OwnerKind.PLATFORM
CHART: dict[AccountKind, KindRules] = {
    AccountKind.PROVIDER_CLEARING: _summed(
        10, Side.DEBIT, OwnerKind.PROVIDER, "what the payment provider must hold for the platform"
    ),
    AccountKind.BANK_OPERATING: _summed(11, Side.DEBIT, _PLATFORM, "the platform's own bank account"),
    AccountKind.CLAIM: KindRules(
        12, Side.DEBIT, OwnerKind.USER, has_balance=True, zero_when_finished=True, meaning="what a user owes"
    ),
    AccountKind.WALLET: _held(20, OwnerKind.USER, "what a user can use", zero=True),
    AccountKind.ESCROW: _held(21, OwnerKind.MILESTONE, "what is paid in for a milestone", zero=True),
    AccountKind.FEE_HOLD: _held(22, OwnerKind.MILESTONE, "the client's fee that is not earned yet", zero=True),
    AccountKind.DISPUTE_HOLD: _held(23, OwnerKind.DISPUTE, "what a dispute is about", zero=True),
    AccountKind.MATURING: _held(24, OwnerKind.USER, "released, in its security period", zero=False),
    AccountKind.PAYOUT_TRANSIT: _held(25, OwnerKind.PAYOUT, "on its way out to a freelancer", zero=True),
    AccountKind.REFUND_TRANSIT: _held(26, OwnerKind.REFUND, "on its way back to a payer", zero=True),
    AccountKind.SUSPENSE: _held(27, OwnerKind.PROVIDER, "received and not identified", zero=False),
    AccountKind.TAX_PAYABLE: _summed(28, Side.CREDIT, _PLATFORM, "taxes that are due"),
    AccountKind.FEE_INCOME: _summed(40, Side.CREDIT, _PLATFORM, "earned fees"),
    AccountKind.OTHER_INCOME: _summed(41, Side.CREDIT, _PLATFORM, "other income, such as fees of withdrawals"),
    AccountKind.PROVIDER_COST: _summed(50, Side.DEBIT, _PLATFORM, "what the payment provider charges"),
    AccountKind.LOSS: _summed(51, Side.DEBIT, _PLATFORM, "what the platform has lost"),
}
"""The chart of accounts; a test compares it with the table."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account by its meaning; it is opened when it is first used.

    `owner_id` is the user, milestone, dispute, payout or refund that the kind asks for; `provider` the name of the
    payment provider, for accounts of a provider.
    """

    kind: AccountKind
    owner_id: UUID | None = None
    provider: str | None = None

    def __post_init__(self) -> None:
        """Refuse an owner that the kind does not have.

        Raises:
            ValueError: The owner is missing, or is one too many.
        """
        owner = CHART[self.kind].owner
        wants = (owner not in {OwnerKind.PLATFORM, OwnerKind.PROVIDER}, owner is OwnerKind.PROVIDER)
        if (self.owner_id is not None, self.provider is not None) != wants:
            raise ValueError(f"an account of kind {self.kind} belongs to a {owner}")


@dataclass(frozen=True, slots=True)
class Leg:
    """An amount, in minor units, from one account to another."""

    debit: Account
    credit: Account
    amount: int

    def mirrored(self) -> Self:
        """Return the same amount in the other direction."""
        return type(self)(self.credit, self.debit, self.amount)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one event moves; every leg has a positive amount of the one currency."""

    template: TxnTemplate
    version: int
    currency: Currency
    legs: tuple[Leg, ...]

    def __post_init__(self) -> None:
        """Refuse an entry without legs, and amounts that are not positive integers.

        Raises:
            ValueError: There is one.
        """
        if not self.legs:
            raise ValueError(f"an entry {self.template} moves nothing")
        if any(type(leg.amount) is not int or leg.amount <= 0 for leg in self.legs):
            raise ValueError(f"an entry {self.template} has an amount that is not a positive integer")

    @property
    def accounts(self) -> frozenset[Account]:
        """Every account that it uses."""
        return frozenset(account for leg in self.legs for account in (leg.debit, leg.credit))

    @property
    def milestone_id(self) -> UUID | None:
        """The milestone whose money it moves, if it moves that of one."""
        found = {account.owner_id for account in self.accounts if CHART[account.kind].owner is OwnerKind.MILESTONE}
        return found.pop() if found else None


def effect(legs: tuple[Leg, ...]) -> dict[Account, int]:
    """Return by how much each account grows on its normal side, negative where it shrinks."""
    grown: dict[Account, int] = {}
    for leg in legs:
        for account, side in ((leg.debit, Side.DEBIT), (leg.credit, Side.CREDIT)):
            signed = leg.amount if CHART[account.kind].side is side else -leg.amount
            grown[account] = grown.get(account, 0) + signed
    return grown


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRead:
    """A transfer with the header of its transaction, as statements show it."""

    txn_id: UUID
    number: int
    template: TxnTemplate
    template_version: int
    reverses: UUID | None
    key: str
    contract_id: UUID | None
    milestone_id: UUID | None
    actor_id: UUID | None
    reason: str | None
    effective_at: datetime
    recorded_at: datetime
    debit: Account
    credit: Account
    currency: Currency
    amount: int
