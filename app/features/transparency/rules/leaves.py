"""Rows of the ledger as the entries of the log, and their exact bytes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from app.core.transparency.canonical import VERSION, canonical_json
from app.features.ledger.schemas import CHART, Side
from app.features.papers import service as papers
from app.features.transparency.schemas import NO_ACCOUNT, AccountFacts, Entry, Move, PaperEntry

DEBIT_KINDS = frozenset(kind.value for kind, rules in CHART.items() if rules.side is Side.DEBIT)
"""Kinds of accounts whose normal side is the debit."""
FLOORED = frozenset(kind.value for kind, rules in CHART.items() if rules.has_balance)
"""Kinds of accounts that have a balance row and are never below zero."""
OWED = FLOORED - DEBIT_KINDS
"""Kinds of accounts that hold what the site owes to people: 20 to 27 of the chart."""
KINDS = frozenset(kind.value for kind in CHART)
HEADER_FIELDS = 11
# Rows hold the first fields of both in their order.
_MAKE_MOVE: Callable[..., Move] = Move
_MAKE_ENTRY: Callable[..., Entry] = Entry


class EntryReader:
    """Groups rows, one for each transfer, into entries; the accounts have to be known before."""

    def __init__(self, own_columns: int = 0) -> None:
        """Make a reader of rows that begin with so many columns of the caller, before those of the header."""
        self.accounts: dict[str, AccountFacts] = {}
        self._header = own_columns
        self._transfer = own_columns + HEADER_FIELDS

    def unknown_accounts(self, rows: Iterable[Sequence[Any]]) -> set[str]:
        """Return the accounts of these rows that are not known yet."""
        used = {row[self._transfer + side] for row in rows for side in (1, 2)}
        return used.difference(self.accounts, (None,))

    def read(self, rows: Iterable[Sequence[Any]]) -> Iterator[tuple[Sequence[Any], Entry]]:
        """Yield the caller's columns and the entry of each transaction; its rows are together."""
        facts, at, header = self.accounts.get, self._transfer, self._header
        for _name, group in groupby(rows, key=itemgetter(0)):
            found = list(group)
            first = found[0]
            moves = tuple(
                _MAKE_MOVE(*row[at:], facts(row[at + 1], NO_ACCOUNT), facts(row[at + 2], NO_ACCOUNT))
                for row in found
                if row[at] is not None
            )
            yield first[:header], _MAKE_ENTRY(*first[header:at], moves)


def entry_bytes(entry: Entry, salt: bytes) -> bytes:
    """Return the bytes that the leaf of an entry hashes; the same as `canonical_leaf` gives."""
    return canonical_json(
        {
            "actor": entry.actor,
            "business_key": entry.business_key,
            "contract": entry.contract,
            "effective_at": entry.effective_at,
            "milestone": entry.milestone,
            "reason": entry.reason,
            "reverses": entry.reverses,
            "salt": salt.hex(),
            "template": entry.template,
            "template_version": str(entry.template_version),
            "transfers": [
                {
                    "amount": str(move.amount),
                    "credit": move.credit,
                    "credit_kind": move.credit_facts.kind,
                    "credit_owner": move.credit_facts.owner,
                    "currency": move.currency,
                    "debit": move.debit,
                    "debit_kind": move.debit_facts.kind,
                    "debit_owner": move.debit_facts.owner,
                }
                for move in entry.moves
            ],
            "txn": entry.txn,
            "v": VERSION,
        }
    )


def paper_bytes(paper: PaperEntry, salt: bytes) -> bytes:
    """Return the bytes that the leaf of a paper hashes."""
    return canonical_json(
        {
            "contract": paper.contract,
            "document": paper.document,
            "issued_at": paper.issued_at,
            "kind": paper.kind,
            "milestone": paper.milestone,
            "number": papers.number_text(paper.series, paper.number),
            "salt": salt.hex(),
            "sha256": paper.sha256,
            "v": VERSION,
        }
    )


class Sums:
    """Debits and credits of accounts."""

    def __init__(self) -> None:
        self.debits: dict[str, int] = {}
        self.credits: dict[str, int] = {}
        self.kinds: dict[str, str] = {}

    def add(self, entry: Entry) -> None:
        """Add the transfers of an entry."""
        for move in entry.moves:
            self.debits[move.debit] = self.debits.get(move.debit, 0) + move.amount
            self.credits[move.credit] = self.credits.get(move.credit, 0) + move.amount
            self.kinds[move.debit] = move.debit_facts.kind
            self.kinds[move.credit] = move.credit_facts.kind

    def balance(self, account: str) -> int:
        """Return a balance on the normal side of the account."""
        return normal_balance(self.kinds[account], self.debits.get(account, 0), self.credits.get(account, 0))


def normal_balance(kind: str, debits: int | Decimal, credits_: int | Decimal) -> int:
    """Return a balance on the normal side of a kind of account."""
    return int(debits - credits_ if kind in DEBIT_KINDS else credits_ - debits)
