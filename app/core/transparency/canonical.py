"""The canonical bytes of a transaction: RFC 8785 JSON with fixed keys, in which every value is a text."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

SALT_BYTES = 16
VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafTransfer:
    """One transfer: an amount from the debited to the credited account, in minor units."""

    debit: UUID
    debit_kind: str
    credit: UUID
    credit_kind: str
    currency: str
    amount: int
    debit_owner: str = ""
    """The id of the owner, or the name of the provider; empty for accounts of the platform."""
    credit_owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafTransaction:
    """One transaction as the log keeps it: only ids and codes, no names and no texts of people."""

    id: UUID
    template: str
    template_version: int
    business_key: str
    effective_at: datetime
    actor: UUID | None = None
    deal: UUID | None = None
    """The id under the key `contract`."""
    milestone: UUID | None = None
    reverses: UUID | None = None
    reason: str = ""
    transfers: Sequence[LeafTransfer]


def canonical_json(value: object) -> bytes:
    """Return RFC 8785 JSON of objects, lists, texts and null; keys must be ASCII, and numbers are texts.

    Raises:
        UnicodeEncodeError: A text contains half of a surrogate pair.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def canonical_leaf(transaction: LeafTransaction, salt: bytes) -> bytes:
    """Return the bytes that a leaf hashes; the salt keeps a published hash from being guessed.

    Raises:
        ValueError: The salt has another length, the time has no zone, or an amount is not positive.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    return canonical_json(
        {
            "actor": _id(transaction.actor),
            "business_key": transaction.business_key,
            "contract": _id(transaction.deal),
            "effective_at": _time(transaction.effective_at),
            "milestone": _id(transaction.milestone),
            "reason": transaction.reason,
            "reverses": _id(transaction.reverses),
            "salt": salt.hex(),
            "template": transaction.template,
            "template_version": str(transaction.template_version),
            "transfers": [_transfer(transfer) for transfer in transaction.transfers],
            "txn": str(transaction.id),
            "v": VERSION,
        }
    )


def _transfer(transfer: LeafTransfer) -> dict[str, str]:
    if type(transfer.amount) is not int or transfer.amount <= 0:
        raise ValueError("an amount is a positive integer of minor units")
    return {
        "amount": str(transfer.amount),
        "credit": str(transfer.credit),
        "credit_kind": transfer.credit_kind,
        "credit_owner": transfer.credit_owner,
        "currency": transfer.currency,
        "debit": str(transfer.debit),
        "debit_kind": transfer.debit_kind,
        "debit_owner": transfer.debit_owner,
    }


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _time(moment: datetime) -> str:
    """Return a time in UTC with microseconds.

    Raises:
        ValueError: It has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time needs a zone")
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
