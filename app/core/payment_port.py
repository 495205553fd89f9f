"""The port to a payment provider: what the product asks of one, whoever it is, and the answers as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.core.money import Money


class OperationKind(StrEnum):
    """What an object at the provider is."""

    PAYMENT = "payment"
    REFUND = "refund"
    PAYOUT = "payout"


class OperationStatus(StrEnum):
    """Where it stands; a payout that succeeded may be returned by the bank afterwards."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
    RETURNED = "returned"


class PayoutKind(StrEnum):
    """Who is paid."""

    CARD = "card"
    SELF_EMPLOYED = "self_employed"


class ChequeStatus(StrEnum):
    """Where the receipt of a self-employed person stands in the tax register."""

    REGISTERED = "registered"
    ANNULLED = "annulled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cheque:
    """The receipt of a self-employed person for a payout."""

    number: str
    status: ChequeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One payment, refund or payout as the provider has it; the caller compares amount and reference with its own."""

    kind: OperationKind
    id: str
    reference: str
    money: Money
    status: OperationStatus
    reason: str = ""
    """Why it was canceled or returned: a code."""
    created_at: datetime
    changed_at: datetime
    page_url: str | None = None
    """Where the payer pays; only of a payment."""
    expires_at: datetime | None = None
    refunded: int = 0
    """What of a payment was refunded, in minor units."""
    cheque: Cheque | None = None


@dataclass(frozen=True, slots=True)
class Done[T]:
    """It has happened."""

    value: T


@dataclass(frozen=True, slots=True)
class Pending[T]:
    """The provider has it and has not finished it; reading it again tells more."""

    value: T


@dataclass(frozen=True, slots=True)
class Refused[T]:
    """It was surely not executed, and will not be.

    `found` is the canceled object, where the provider has made one.
    """

    code: str
    found: T | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether it was executed: only reading the provider tells, never a new key."""

    why: str


@dataclass(frozen=True, slots=True)
class Busy:
    """This call was not executed; the same call with the same key may be sent again after so many seconds."""

    after: int


type Outcome[T] = Done[T] | Pending[T] | Refused[T] | Unknown | Busy


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a provider can do; asked before an offer is made."""

    provider: str
    wallets: bool
    partial_payout: bool
    several_payments: bool
    refund_after_release: bool
    longest_hold_days: int | None
    signed_webhooks: bool
    statement: bool
    payout_kinds: frozenset[PayoutKind]
    payout_minimum: int
    payout_maximum: int
    """Bounds of one payout in minor units."""
    key_hours: int
    """For how long a repeated call with the same key is the same call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest:
    """A payment to open. The reference is our own name for it and the key of the call, at most 64 characters."""

    reference: str
    money: Money
    description: str
    return_url: str
    expires_in: int
    """Seconds after which an unpaid payment is canceled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """Money back to the payer of a payment."""

    reference: str
    payment_id: str
    money: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRequest:
    """Money to a person; the tax number is needed for a self-employed one."""

    reference: str
    money: Money
    description: str
    kind: PayoutKind
    card: str = field(repr=False)
    tax_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundOperations:
    """What the provider has under a reference; absence is a proof only where the list is complete."""

    complete: bool
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One movement of money at the provider; what leaves the account is negative."""

    number: int
    at: datetime
    kind: str
    object_id: str
    reference: str
    money: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The movements of a period, its end excluded: opening + lines = closing."""

    opening: Money
    closing: Money
    lines: tuple[StatementLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What the provider holds for us, and what of it is not on its way out."""

    held: Money
    available: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfEmployedPerson:
    """What the provider knows of a self-employed person."""

    tax_id: str
    active: bool
    permission: bool
    """Whether the person lets the provider register receipts."""
    earned_this_year: int
    yearly_limit: int
    permission_url: str | None = None
    """Where the person gives the permission or takes it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """A signed message that something has changed: a reason to read the object, never a fact to post."""

    digest: str
    """Equal for every repetition of the message: the unique key of the inbox."""
    type: str
    kind: OperationKind
    object_id: str
    reference: str


@dataclass(frozen=True, slots=True)
class WebhookRefused:
    """A message that is not believed, with a code for the log."""

    code: str


class PaymentProvider(Protocol):
    """Moves money outside; every call may answer `Unknown` or `Busy`.

    No call is allowed inside a unit of work: it raises `NetworkInTransactionError`. The reference of a request is its
    idempotency key. `repeated` says that an earlier call with it may have reached the provider: a refusal of the
    repetition proves nothing about the first call then, and is answered `Unknown`.
    """

    async def capabilities(self) -> Outcome[Capabilities]:
        """Return what the provider can do."""
        ...

    async def create_payment(self, request: PaymentRequest, *, repeated: bool = False) -> Outcome[Operation]:
        """Open a payment; its page is where the payer pays."""
        ...

    async def get_payment(self, payment_id: str) -> Outcome[Operation]:
        """Read a payment; `Refused` only if it is canceled."""
        ...

    async def cancel_payment(self, payment_id: str) -> Outcome[Operation]:
        """Cancel a payment that nobody has paid: `Done` with the canceled payment, `Refused` if it is paid already."""
        ...

    async def create_refund(self, request: RefundRequest, *, repeated: bool = False) -> Outcome[Operation]:
        """Send money back to the payer."""
        ...

    async def get_refund(self, refund_id: str) -> Outcome[Operation]:
        """Read a refund; `Refused` only if it is canceled."""
        ...

    async def create_payout(self, request: PayoutRequest, *, repeated: bool = False) -> Outcome[Operation]:
        """Send money to a person."""
        ...

    async def get_payout(self, payout_id: str) -> Outcome[Operation]:
        """Read a payout; `Refused` only if it is canceled."""
        ...

    async def find_by_reference(self, reference: str, since: datetime, until: datetime) -> Outcome[FoundOperations]:
        """Return what was created under a reference within a window, its end excluded."""
        ...

    async def statement(self, currency: str, since: datetime, until: datetime) -> Outcome[Statement]:
        """Return the movements of a period, its end excluded."""
        ...

    async def balance(self, currency: str, at: datetime | None = None) -> Outcome[Balance]:
        """Return the balance before a moment, now by default."""
        ...

    async def find_self_employed(self, tax_id: str) -> Outcome[SelfEmployedPerson]:
        """Return what the provider knows of a self-employed person."""
        ...

    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, peer: str
    ) -> Sequence[WebhookEvent] | WebhookRefused:
        """Check a message and return its events; it reads nothing and changes nothing."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
