"""Proof of solvency: a Merkle sum tree over what is owed at the end of a day, and the note that signs its totals.

A node is a sum of 16 bytes, big-endian, and a hash of 32 bytes; the hash of a parent covers the sums of both children.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from uuid import UUID

from app.core.transparency.canonical import SALT_BYTES, VERSION, canonical_json
from app.core.transparency.checkpoints import CheckpointError, sign_note

SUM_BYTES, HASH_BYTES = 16, 32
LIMIT = 2**120
"""No sum reaches it, so none wraps around, and one that stands for a negative number is seen."""
_WORD = "solvency"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,36}")
_HELD_UNKNOWN = "unknown"


class SumError(ValueError):
    """A sum is negative or impossibly large."""


@dataclass(frozen=True, slots=True)
class Total:
    """What is owed in one currency: of how many accounts, how much, and the root of their tree."""

    accounts: int
    owed: int
    root: bytes
    """The hash of the root, without its sum."""
    held: int | None
    """What the payment provider holds; None where nobody knows."""

    @property
    def is_covered(self) -> bool | None:
        """Whether what is held is enough; None where nobody knows."""
        return None if self.held is None else self.held >= self.owed


@dataclass(frozen=True, slots=True)
class Solvency:
    """What is owed to people at a size of the log, by currency."""

    origin: str
    night: date
    size: int
    totals: Mapping[str, Total]

    def text(self) -> str:
        """Return the text that is signed; its second line makes it none of a checkpoint."""
        lines = [self.origin, f"{_WORD} {self.night} {self.size}"]
        for currency, total in sorted(self.totals.items()):
            held = _HELD_UNKNOWN if total.held is None else str(total.held)
            lines.append(f"{currency} {total.accounts} {total.owed} {base64.b64encode(total.root).decode()} {held}")
        return "".join(f"{line}\n" for line in lines)

    def sign(self, seed: bytes) -> str:
        """Return the signed note."""
        return sign_note(self.origin, self.text(), seed)


def read_solvency(lines: Sequence[str]) -> Solvency:
    """Return what the lines of a note say, whose signature was verified.

    Raises:
        CheckpointError: They say something else.
    """
    try:
        origin, head, *rest = lines
        word, night, size = head.split(" ")
        totals: dict[str, Total] = {}
        for line in rest:
            currency, accounts, owed, root, held = line.split(" ")
            known = (
                None if held == _HELD_UNKNOWN else _number(held.removeprefix("-")) * (-1 if held.startswith("-") else 1)
            )
            totals[currency] = Total(_number(accounts), _number(owed), base64.b64decode(root, validate=True), known)
        found = Solvency(origin, date.fromisoformat(night), _number(size), totals)
    except ValueError as wrong:
        raise CheckpointError("this is no proof of solvency") from wrong
    if any(len(total.root) != HASH_BYTES for total in totals.values()):
        raise CheckpointError("this is no proof of solvency")
    if word != _WORD or found.text() != "".join(f"{line}\n" for line in lines):
        raise CheckpointError("this is no proof of solvency")
    return found


def salt_of(secret: bytes, account: UUID) -> bytes:
    """Return the salt of an account in one night; PostgreSQL computes the same to order the leaves."""
    return sha256(secret + account.bytes).digest()[:SALT_BYTES]


def balance_node(night: date, account: UUID, currency: str, balance: int, salt: bytes) -> bytes:
    """Return the node of a leaf: the balance of one account, whose owner its salted hash does not tell."""
    content = canonical_json(
        {
            "account": str(account),
            "balance": str(balance),
            "currency": currency,
            "night": night.isoformat(),
            "salt": salt.hex(),
            "v": VERSION,
        }
    )
    return _node(balance, sha256(b"\x00" + content).digest())


def join_sums(left: bytes, right: bytes) -> bytes:
    """Return the parent of two nodes.

    Raises:
        SumError: A sum is negative or impossibly large.
    """
    return _node(sum_of(left) + sum_of(right), sha256(b"\x01" + left + right).digest())


def sum_of(node: bytes) -> int:
    """Return the sum of a node.

    Raises:
        SumError: It is negative or impossibly large.
    """
    return _checked(int.from_bytes(node[:SUM_BYTES], signed=True))


def _node(amount: int, hashed: bytes) -> bytes:
    return _checked(amount).to_bytes(SUM_BYTES) + hashed


def _checked(amount: int) -> int:
    if not 0 <= amount < LIMIT:
        raise SumError(f"{amount} is no sum of what is owed")
    return amount


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return int(text)
