"""Entries of the log as they are read and sealed, and what routes answer."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What the log keeps of an account."""

    kind: str
    owner: str
    """The id of the owner, or the name of the provider; empty for accounts of the platform."""
    currency: str


NO_ACCOUNT = AccountFacts("", "", "")
"""Stands for an account that is not there."""


@dataclass(frozen=True, slots=True)
class Move:
    """One transfer with what the log keeps of its accounts."""

    n: int
    debit: str
    credit: str
    currency: str
    amount: int
    debit_facts: AccountFacts
    credit_facts: AccountFacts


@dataclass(frozen=True, slots=True)
class Entry:
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
class Sealed:
    """What a transaction becomes in the log."""

    position: int
    txn: str
    contract: str | None
    salt: bytes
    hash: bytes


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
