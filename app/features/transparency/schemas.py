"""Entries of the log as they are read and sealed, and what routes answer."""

from dataclasses import dataclass
from uuid import UUID


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
