"""Entries of the log as they are read and sealed, and what routes answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from json.encoder import encode_basestring
from typing import Any, NamedTuple, Self
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.money import Currency
from app.models import TxnTemplate


class AccountFacts(NamedTuple):
    """What the log keeps of an account."""

    kind: str
    owner: str
    """The id of the owner, or the name of the provider; empty for accounts of the platform."""
    currency: str
    as_credit: str
    as_debit: str
    """How a leaf names the account, as JSON."""

    @classmethod
    def of(cls, account: str, kind: str = "", owner: str = "", currency: str = "") -> Self:
        """Return the facts of an account; those of one that is not there are empty."""
        named, *facts = map(encode_basestring, (account, kind, owner))
        as_credit, as_debit = [
            f'"{side}":{named},"{side}_kind":{facts[0]},"{side}_owner":{facts[1]}' for side in ("credit", "debit")
        ]
        return cls(kind, owner, currency, as_credit, as_debit)


class Move(NamedTuple):
    """One transfer with what the log keeps of its accounts."""

    n: int
    debit: str
    credit: str
    currency: str
    amount: int
    debit_facts: AccountFacts
    credit_facts: AccountFacts


class Entry(NamedTuple):
    """One transaction with all its transfers, as it stands in the tables; ids are texts."""

    txn: str
    template: str
    template_version: int
    transfers: int
    business_key: str
    reverses: str | None
    contract: str | None
    milestone: str | None
    actor: str | None
    reason: str
    effective_at: str
    """In UTC with microseconds, as the log writes it."""
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class LeafPage:
    """Leaves of the log in rising positions, and the rows of their transactions."""

    leaves: Sequence[Sequence[Any]]
    """Position, transaction, salt, hash and contract."""
    headers: Sequence[Sequence[Any]]
    """The fields of `Entry` before its moves."""
    transfers: Sequence[Sequence[Any]]
    """The transaction and the fields of `Move` before its accounts, in the order of both."""


@dataclass(frozen=True, slots=True)
class PaperEntry:
    """A paper whose file is made, as it stands in the tables; ids are texts."""

    document: str
    series: str
    number: int
    kind: str
    sha256: str
    contract: str | None
    milestone: str | None
    issued_at: str
    """In UTC with microseconds, as the log writes it."""


@dataclass(frozen=True, slots=True)
class SealedPaper:
    """A paper in the log."""

    position: int
    salt: bytes
    hash: bytes
    paper: PaperEntry


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a transaction or a paper becomes in the log."""

    position: int
    txn: str | None
    """None for a paper."""
    contract: str | None
    salt: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class OwedLeaf:
    """The balance of one account in the tree of a night."""

    currency: str
    position: int
    account: UUID
    balance: int
    kind: str
    """Empty where it was not asked for."""


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """The sums of an account at a checkpoint."""

    account: UUID
    debits: int
    credits: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of a verification: 0 it holds, 1 something is broken, 2 it cannot say; and what was found."""

    code: int
    said: str

    @property
    def line(self) -> str:
        """The answer as one line."""
        return f"{('HOLDS', 'BROKEN', 'CANNOT SAY')[self.code]}: {self.said}"


class CheckpointRead(BaseModel):
    """A signed size and root of the log."""

    size: int = Field(description="The number of transactions that it covers.")
    root: str = Field(description="The root of the Merkle tree, in base64.")
    note: str = Field(description="The signed note; keep this text to verify the log later.")
    key: str = Field(description="The published key that signed it.")
    sealed_at: datetime


class CheckpointList(BaseModel):
    """Checkpoints, the largest first."""

    keys: list[str] = Field(description="The published keys of the log, the oldest first; the last one signs now.")
    items: list[CheckpointRead]
    next_before: int | None = Field(description="Give it as `before` to read on; null at the end.")


class ConsistencyRead(BaseModel):
    """The proof that the log of one checkpoint continues that of another (RFC 9162, 2.1.4)."""

    earlier: CheckpointRead
    later: CheckpointRead
    proof: list[str] = Field(description="Hashes in base64.")


class ReceiptRead(BaseModel):
    """What proves that a transaction is in the log (RFC 9162, 2.1.3)."""

    position: int
    entry: str = Field(description="The exact text that the leaf hashes after a zero byte; it contains the salt.")
    leaf_hash: str = Field(description="In base64.")
    inclusion: list[str] = Field(description="Hashes in base64, from the leaf to the root of the checkpoint.")
    size: int = Field(description="The size of the checkpoint.")
    note: str
    key: str


class OwedTotal(BaseModel):
    """What the site owed to people in one currency, and what its payment provider held."""

    currency: Currency
    accounts: int = Field(description="The number of accounts with money.")
    owed: int = Field(description="In minor units.")
    held: int | None = Field(
        description="What the provider held by its last statement and what moved since, in minor units; null where "
        "nobody knows: it was not compared in the last days."
    )
    covered: bool | None = Field(description="Whether what is held is enough; null where nobody knows.")


class SolvencyRead(BaseModel):
    """What the site owed to people in a night, signed by the key of the log."""

    night: date
    size: int = Field(description="The size of the log at which the balances were taken.")
    totals: list[OwedTotal]
    note: str = Field(description="The signed note.")
    key: str


class SolvencyList(BaseModel):
    """Nights, the latest first."""

    items: list[SolvencyRead]


class OwedProof(BaseModel):
    """What proves that one of your balances is in the published total of its currency."""

    account: UUID
    kind: str
    currency: Currency
    balance: int = Field(description="In minor units.")
    salt: str = Field(description="In hexadecimal; new each night.")
    position: int
    steps: list[str] = Field(description="Nodes from the leaf to the root in base64: 16 bytes of a sum, 32 of a hash.")


class OwnSolvency(BaseModel):
    """A night with the proofs of one person."""

    night: date
    totals: list[OwedTotal]
    note: str
    key: str
    proofs: list[OwedProof]


class MoneyState(StrEnum):
    """Where money of a person can be."""

    AVAILABLE = "available"
    MATURING = "maturing"
    HELD = "held"
    PAID_IN = "paid_in"
    MOVING = "moving"


class StatementFormat(StrEnum):
    """The files that a statement is written as."""

    CSV = "csv"
    JSONL = "jsonl"
    PDF = "pdf"
    BEANCOUNT = "beancount"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of a person, both included, and the moments at which they begin and end."""

    currency: Currency
    first: date
    last: date
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """An account with money of a person."""

    state: MoneyState
    bears_fees: bool
    """Whether a fee that is taken from it is one of this person, and not of the other party."""


@dataclass(frozen=True, slots=True)
class Balances:
    """Minor units by state; a part of what is held or paid in is in review."""

    by_state: Mapping[MoneyState, int]
    in_review: int


@dataclass(frozen=True, slots=True)
class Frame:
    """What a statement begins and ends with, and the transactions between, in the order of the ledger."""

    accounts: Mapping[str, OwnAccount]
    opening: Balances
    closing: Balances
    txns: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class OwnLeg:
    """One transfer of a transaction of a person."""

    debit: str
    debit_kind: str
    credit: str
    credit_kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class OwnTxn:
    """A transaction of a person with all its transfers."""

    id: str
    template: TxnTemplate
    contract: str
    milestone: str
    title: str
    """The title of the milestone, which a person typed."""
    at: datetime
    legs: tuple[OwnLeg, ...]


@dataclass(frozen=True, slots=True)
class StatementLine:
    """What a transaction changed for a person, and what the person had after it."""

    txn: OwnTxn
    text: str
    change: Mapping[MoneyState, int]
    fee: int
    tax: int
    """Contained in no other amount of the line: what the site took is the fee and the tax together."""
    balance: Mapping[MoneyState, int]


class StatementAmounts(BaseModel):
    """What somebody has, in minor units."""

    available: int = Field(description="It can be used or withdrawn.")
    maturing: int = Field(description="From accepted work, in its security period.")
    held: int = Field(description="Held for you: clients have paid it in.")
    paid_in: int = Field(description="Held for work you ordered, with the fee on it that is not earned yet.")
    moving: int = Field(description="On its way to a bank.")
    in_review: int = Field(description="The part of `held` and `paid_in` whose work waits to be reviewed.")


class StatementRead(BaseModel):
    """What a statement begins and ends with."""

    currency: Currency
    first: date
    last: date
    opening: StatementAmounts
    closing: StatementAmounts
    lines: int = Field(description="The number of transactions between.")
