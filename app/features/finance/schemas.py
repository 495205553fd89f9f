"""What the finance pages and their API show."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from app.core.money import Currency, MoneyInput
from app.core.text.text_cleaning import CLEAN_LINE, CLEAN_LINES
from app.features.payments.schemas import StuckMoneyRead
from app.models import AccountKind, CorrectionKind, CorrectionReason, CorrectionState, TxnTemplate, WithdrawalState

MAX_SEARCH = 200
type SearchText = Annotated[str, Query(max_length=MAX_SEARCH, description="An id, a business key or a user name.")]


class HoldingRead(BaseModel):
    """What the accounts of one kind hold together, in minor units, on their normal side."""

    kind: AccountKind
    provider: str = Field(description="The payment provider; empty for other accounts.")
    currency: Currency
    amount: int


class CoverageRead(BaseModel):
    """Whether the money of people is there, in one currency."""

    currency: Currency
    owed: int = Field(description="What belongs to people, with what is on its way and taxes, in minor units.")
    there: int = Field(description="What the payment provider and the bank must hold, as the ledger says.")

    @property
    def missing(self) -> int:
        """How much is owed beyond what is there."""
        return max(0, self.owed - self.there)


class ComparisonRead(BaseModel):
    """The last comparison with a payment provider in one currency."""

    provider: str
    currency: Currency
    ours: int = Field(description="What the ledger said that the provider holds, in minor units.")
    theirs: int = Field(description="What the provider said.")
    lines: int
    matched: int
    opened: int
    compared_at: datetime


class CheckRead(BaseModel):
    """The last check of the ledger: 0 holds, 1 broken, 2 cannot say."""

    result: int
    transactions: int
    transfers: int
    findings: list[str]
    ended_at: datetime


class FinanceOverview(BaseModel):
    """How the money of the site stands."""

    holdings: list[HoldingRead]
    coverage: list[CoverageRead]
    comparisons: list[ComparisonRead]
    stuck: list[StuckMoneyRead] = Field(description="What does not move by itself, the oldest first.")
    timers_overdue: int = Field(description="Timers of contracts that should have fired.")
    oldest_timer_at: datetime | None
    unsealed: int = Field(description="Transactions that wait to be sealed.")
    unsealed_seconds: int = Field(description="For how long the oldest of them has waited.")
    sealed: int
    check: CheckRead | None


class FoundTransaction(BaseModel):
    """A transaction of the ledger in a list."""

    id: UUID
    template: TxnTemplate
    key: str
    amount: int
    currency: Currency
    contract_id: UUID | None
    recorded_at: datetime


class FoundOperation(BaseModel):
    """A payment, refund or withdrawal with what is known of it at the provider."""

    kind: str
    subject_id: UUID
    person: str
    reference: str
    provider_id: str | None
    amount: int
    currency: Currency
    state: str
    next_at: datetime | None
    created_at: datetime


class FoundContract(BaseModel):
    """A contract."""

    id: UUID
    title: str
    customer: str
    freelancer: str
    amount: int
    currency: Currency
    agreed_at: datetime


class FoundPerson(BaseModel):
    """An account of the site."""

    id: UUID
    name: str


class FinanceSearch(BaseModel):
    """What was found."""

    transactions: list[FoundTransaction] = Field(description="The newest first, at most 50.")
    operations: list[FoundOperation]
    contracts: list[FoundContract]
    people: list[FoundPerson]


class AccountRead(BaseModel):
    """An account of the ledger."""

    kind: AccountKind
    owner_id: UUID | None
    owner: str = Field(description="The name of the person or the provider; empty where it has none.")


class LegRead(BaseModel):
    """One transfer of a transaction."""

    number: int
    debit: AccountRead
    credit: AccountRead
    amount: int


class TransactionRead(BaseModel):
    """A transaction of the ledger with all its transfers."""

    id: UUID
    template: TxnTemplate
    template_version: int
    key: str
    currency: Currency
    amount: int
    legs: list[LegRead]
    contract_id: UUID | None
    milestone_id: UUID | None
    actor_id: UUID | None
    actor: str = Field(description="Who caused it; empty where the site did.")
    reason: str | None
    reverses: UUID | None
    reversed_by: UUID | None
    reversible: bool = Field(description="Whether a reversal can be proposed.")
    effective_at: datetime
    recorded_at: datetime
    position: int | None = Field(description="The place in the sealed log; null where it is not sealed yet.")
    checkpoint: int | None = Field(description="The size of the first checkpoint that covers it.")


type Explanation = Annotated[str, Field(min_length=1, max_length=2000), CLEAN_LINES]


class CorrectionCreate(BaseModel):
    """A correction to propose."""

    model_config = ConfigDict(extra="forbid")

    kind: CorrectionKind
    reverses: UUID | None = Field(default=None, description="For a reversal: the transaction.")
    debit: AccountKind | None = Field(default=None, description="For a correction: the account that is debited.")
    credit: AccountKind | None = Field(default=None, description="For a correction: the account that is credited.")
    username: Annotated[str, Field(max_length=64), CLEAN_LINE] = Field(
        default="", description="Whose wallet or claim is concerned."
    )
    money: MoneyInput | None = Field(default=None, description="Not for a reversal: it has the amount.")
    contract_id: UUID | None = Field(default=None, description="The contract on whose timeline it is shown.")
    reason: CorrectionReason
    explanation: Explanation
    evidence: Explanation = Field(description="What proves it: the number of a document, a letter, a link.")


class CorrectionDecision(BaseModel):
    """What the person who decides wants to say."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=2000), CLEAN_LINES] = ""


class CorrectionRead(BaseModel):
    """A correction and who decided about it."""

    id: UUID
    kind: CorrectionKind
    reverses: UUID | None
    debit: AccountKind | None
    credit: AccountKind | None
    person: str = Field(description="Whose wallet or claim is concerned; empty for nobody's.")
    amount: int
    currency: Currency
    contract_id: UUID | None
    reason: CorrectionReason
    explanation: str
    evidence: str
    state: CorrectionState
    expired: bool = Field(description="Whether nobody decided in time.")
    alone: bool = Field(description="Whether it was so small that one person sufficed.")
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    decided_by: str = Field(description="Empty while nobody has decided.")
    decided_at: datetime | None
    note: str
    txn_id: UUID | None
    is_own: bool = Field(description="Whether you have proposed it.")
    may_approve: bool = Field(description="Whether your role lets you decide about corrections of others.")


class CorrectionList(BaseModel):
    """Corrections, the newest first."""

    items: list[CorrectionRead]
    next_cursor: str | None


class WithdrawalRefusal(BaseModel):
    """Why a withdrawal is refused; its owner reads it."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=2000), CLEAN_LINES]


class WithdrawalToApprove(BaseModel):
    """A withdrawal above a limit of the site."""

    id: UUID
    person_id: UUID
    person: str = Field(description="Who withdraws.")
    amount: int = Field(description="In minor units.")
    fee: int
    currency: Currency
    parts: int
    state: WithdrawalState
    approvals_needed: int
    first_approved_by: str = Field(description="The first of two people; empty until there is one.")
    first_approved_at: datetime | None
    decided_by: str
    decided_at: datetime | None
    note: str = Field(description="Why it was refused.")
    created_at: datetime
    decided_until: datetime | None = Field(description="If nobody has decided by then, the money goes back.")
    may_approve: bool = Field(description="Whether you may decide about it.")


class WithdrawalList(BaseModel):
    """Withdrawals above a limit of the site, the newest first."""

    items: list[WithdrawalToApprove]
    next_cursor: str | None


class AuditFilter(BaseModel):
    """Which entries of the audit log are wanted; days are those of UTC."""

    model_config = ConfigDict(extra="forbid")

    person: str = Field(default="", max_length=MAX_SEARCH, description="Who changed it, as the log names them.")
    kind: str = Field(default="", max_length=MAX_SEARCH, description="The action, or how it begins.")
    subject: str = Field(default="", max_length=MAX_SEARCH, description="The id of what was changed.")
    since: date | None = None
    until: date | None = None


class AuditRead(BaseModel):
    """One change by an operator."""

    id: UUID
    action: str
    subject: str
    actor: str
    source: str = Field(description="From where, such as a command on the server.")
    old_values: dict[str, Any]
    new_values: dict[str, Any]
    reason: str
    created_at: datetime


class AuditList(BaseModel):
    """Changes by operators, the newest first."""

    items: list[AuditRead]
    next_cursor: str | None
