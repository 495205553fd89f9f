"""Entries of the log as they are read and sealed, and what routes answer."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Move:
    """One transfer with what the log keeps of its accounts."""

    n: int
    debit: str
    debit_kind: str
    debit_owner: str
    debit_currency: str
    credit: str
    credit_kind: str
    credit_owner: str
    credit_currency: str
    currency: str
    amount: int


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
