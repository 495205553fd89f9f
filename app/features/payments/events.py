"""Events of payments, withdrawals and refunds."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived(DomainEvent):
    """A payment arrived; its money is in the wallet, or where its purpose has put it."""

    topic: ClassVar[str] = "payments.payment_received"
    payment_id: str
    user_id: str
    amount: int
    currency: str
    purpose: str
    late: bool = False
    """Whether it came after it was given up, so that it stayed in the wallet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed(DomainEvent):
    """A payment ended without money; `reason` is the code of the provider."""

    topic: ClassVar[str] = "payments.payment_failed"
    payment_id: str
    user_id: str
    amount: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentQuestioned(DomainEvent):
    """Another amount arrived than was asked for; an operator looks at it."""

    topic: ClassVar[str] = "payments.payment_questioned"
    payment_id: str
    user_id: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutPaid(DomainEvent):
    """A withdrawal was paid to the card."""

    topic: ClassVar[str] = "payments.payout_paid"
    payout_id: str
    user_id: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutFailed(DomainEvent):
    """A withdrawal was surely not paid; the money is in the wallet again."""

    topic: ClassVar[str] = "payments.payout_failed"
    payout_id: str
    user_id: str
    amount: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutReturned(DomainEvent):
    """The bank sent a paid withdrawal back; the money is in the wallet again."""

    topic: ClassVar[str] = "payments.payout_returned"
    payout_id: str
    user_id: str
    amount: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChequeAnnulled(DomainEvent):
    """The receipt of a self-employed person for a withdrawal was annulled in the tax register."""

    topic: ClassVar[str] = "payments.cheque_annulled"
    payout_id: str
    user_id: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRefundPaid(DomainEvent):
    """A refund was sent back to the card."""

    topic: ClassVar[str] = "payments.card_refund_paid"
    refund_id: str
    payment_id: str
    user_id: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRefundFailed(DomainEvent):
    """A refund was surely not sent back; the money is in the wallet again."""

    topic: ClassVar[str] = "payments.card_refund_failed"
    refund_id: str
    payment_id: str
    user_id: str
    amount: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalWaits(DomainEvent):
    """A withdrawal waits until operators have approved it."""

    topic: ClassVar[str] = "payments.withdrawal_waits"
    withdrawal_id: str
    payout_id: str
    """Its first part."""
    user_id: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalApproved(DomainEvent):
    """Operators approved a withdrawal; it is being paid out."""

    topic: ClassVar[str] = "payments.withdrawal_approved"
    withdrawal_id: str
    payout_id: str
    """Its first part."""
    user_id: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalGivenBack(DomainEvent):
    """A withdrawal was refused, or nobody decided in time; the money is in the wallet again."""

    topic: ClassVar[str] = "payments.withdrawal_given_back"
    withdrawal_id: str
    payout_id: str
    """Its first part."""
    user_id: str
    amount: int
    currency: str
    reason: str
