"""Requests and responses of payments, withdrawals and the wallet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from app.core.i18n import N_
from app.core.money import Currency, MoneyInput, MoneyRead
from app.core.payment_port import ChequeStatus, PayoutKind, WebhookEvent
from app.core.text.text_cleaning import CLEAN_LINE
from app.models import CardRefundState, OperationState, PaymentState, PayoutState, TxnTemplate, WithdrawalState

WRONG_CARD = N_("This is not the number of a card. Check the digits.")
CARD_LENGTHS = range(12, 20)
SPACES = str.maketrans("", "", " -\u00a0")


def _card(number: str) -> str:
    """Return the digits of a card number whose check digit holds."""
    from stdnum import luhn  # noqa: PLC0415 - most requests need no card

    digits = number.translate(SPACES)
    if len(digits) not in CARD_LENGTHS or not luhn.is_valid(digits):
        raise ValueError(WRONG_CARD)
    return digits


CardNumber = Annotated[str, StringConstraints(max_length=40), AfterValidator(_card)]


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A verified message of a provider as it arrived."""

    provider: str
    events: tuple[WebhookEvent, ...]
    body: bytes


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PaymentCreate(_Input):
    """An amount to pay into your wallet."""

    money: MoneyInput


class PayoutCreate(_Input):
    """An amount to withdraw from your wallet to a card; the fee is taken on top."""

    money: MoneyInput
    kind: PayoutKind = PayoutKind.CARD
    card: CardNumber = Field(description="Number of the card; only the last four digits are kept afterwards.")


class CardRefundCreate(_Input):
    """An amount to send from your wallet back to the card of a payment."""

    money: MoneyInput


class CaseClose(_Input):
    """What was found."""

    note: Annotated[str, Field(min_length=1, max_length=2000), CLEAN_LINE]


class WalletBalance(BaseModel):
    """What you have in one currency."""

    currency: Currency
    available: MoneyRead = Field(description="What you can spend or withdraw.")
    maturing: MoneyRead = Field(description="Released to you, in its security period.")
    moving: MoneyRead = Field(description="On its way out: withdrawals with their fees, and refunds.")


class WalletRead(BaseModel):
    """What you have, by currency."""

    items: list[WalletBalance]


class WalletEntry(BaseModel):
    """One movement of your money, newest first."""

    id: str
    at: datetime
    event: TxnTemplate
    text: str = Field(description="What happened, in your language.")
    amount: int = Field(description="In minor units; what left your wallet is negative.")
    currency: Currency
    milestone_id: UUID | None = Field(description="The milestone that it belongs to, if any.")


class PaymentRead(BaseModel):
    """One payment."""

    id: UUID
    money: MoneyRead
    purpose: str
    purpose_url: str | None = Field(description="The page of what you pay for; null for your wallet.")
    purpose_title: str = Field(
        default="", description="What you pay for; empty for your wallet, and in the answer to beginning a payment."
    )
    state: PaymentState
    progress: OperationState = Field(description="What is known of it at the payment provider.")
    reason: str = Field(description="Why it was not paid, in your language.")
    page_url: str | None = Field(description="Where you pay; null until the provider has opened it, and at the end.")
    expires_at: datetime | None
    refunded: MoneyRead
    created_at: datetime
    finished_at: datetime | None


class PayoutRead(BaseModel):
    """One withdrawal."""

    id: UUID
    money: MoneyRead
    fee: MoneyRead
    kind: PayoutKind
    card_last4: str
    state: PayoutState
    progress: OperationState = Field(description="What is known of it at the payment provider.")
    waits: bool = Field(description="Whether an operator has to approve it before it is paid out.")
    reason: str = Field(description="Why it was not paid out, in your language.")
    cheque_number: str | None
    cheque_status: ChequeStatus | None
    withdrawal_id: UUID | None = Field(
        description="The withdrawal that it is a part of, at `/withdrawals/{withdrawal_id}`; null if it is alone."
    )
    created_at: datetime
    finished_at: datetime | None


class WithdrawalRead(BaseModel):
    """A withdrawal that is paid out in several parts, or that operators approve first."""

    id: UUID
    money: MoneyRead = Field(description="What arrives in all parts together.")
    fee: MoneyRead
    state: WithdrawalState
    approvals_needed: int = Field(description="How many operators must approve it; 0 where it is only divided.")
    approvals: int = Field(description="How many have.")
    decided_until: datetime | None = Field(description="If nobody has decided by then, the money goes back.")
    note: str = Field(description="Why it was refused, in the words of the operator.")
    parts: list[PayoutRead]
    created_at: datetime
    decided_at: datetime | None


class CardRefundRead(BaseModel):
    """One refund to a card."""

    id: UUID
    payment_id: UUID
    money: MoneyRead
    state: CardRefundState
    created_at: datetime


class PayoutRequirements(BaseModel):
    """What a withdrawal will need."""

    kinds: list[PayoutKind]
    available: MoneyRead = Field(description="What you can withdraw.")
    minimum: MoneyRead | None = Field(description="Null while the provider does not answer.")
    maximum: MoneyRead | None
    fee_bp: int = Field(description="Fee in hundredths of a percent.")
    fee_minimum: MoneyRead
    missing: list[str] = Field(description="What is missing for a self-employed withdrawal, in your language.")
    permission_url: str | None = Field(description="Where you let the provider register your receipts.")


class StuckMoneyRead(BaseModel):
    """Money that does not move by itself."""

    kind: str
    reference: str
    amount: int
    currency: Currency
    since: datetime
    state: str
    next_at: datetime | None
    case_id: UUID | None


class StuckMoneyList(BaseModel):
    """Money that does not move by itself, the oldest first."""

    items: list[StuckMoneyRead]
