"""Rows of the ledger as the entries of the log, and their exact bytes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Any, cast

from app.core.transparency.canonical import VERSION, canonical_json
from app.features.ledger.schemas import CHART, Side
from app.features.papers import service as papers
from app.features.transparency.schemas import AccountFacts, Entry, LeafPage, Move, PaperEntry

DEBIT_KINDS = frozenset(kind.value for kind, rules in CHART.items() if rules.side is Side.DEBIT)
"""Kinds of accounts whose normal side is the debit."""
FLOORED = frozenset(kind.value for kind, rules in CHART.items() if rules.has_balance)
"""Kinds of accounts that have a balance row and are never below zero."""
OWED = FLOORED - DEBIT_KINDS
"""Kinds of accounts that hold what the site owes to people: 20 to 27 of the chart."""
LOWER_LIMITS: Mapping[str, int] = {
    kind.value: (1 if rules.side is Side.DEBIT else -1) if rules.has_balance else 0 for kind, rules in CHART.items()
}
"""For each kind: the sign that makes debits less credits the balance; 0 where the balance may be below zero."""
HEADER_FIELDS = 11
DEBIT_FIELD = 2
"""Where the transfers of a page have the account that is debited; the other account is the next field."""
# Rows hold the first fields of both in their order.
_MAKE_MOVE = cast("Callable[..., Move]", Move)
_MAKE_ENTRY = cast("Callable[..., Entry]", Entry)
_NO_ENTRY = _MAKE_ENTRY(*(None,) * HEADER_FIELDS, ())
_quoted = encode_basestring
"""Writes a text as JSON without escaping what is not ASCII."""


class EntryReader:
    """Groups rows, one for each transfer, into entries; the accounts have to be known before."""

    def __init__(self, own_columns: int = 0) -> None:
        """Make a reader of rows that begin with so many columns of the caller, before those of the header."""
        self.accounts: dict[str, AccountFacts] = {}
        self._header = own_columns
        self._transfer = own_columns + HEADER_FIELDS

    def unknown_accounts(self, rows: Iterable[Sequence[Any]]) -> set[str]:
        """Return the accounts of these rows that are not known yet."""
        return self._unknown(rows, self._transfer + 1)

    def unknown_on_page(self, page: LeafPage) -> set[str]:
        """Return the accounts of a page that are not known yet."""
        return self._unknown(page.transfers, DEBIT_FIELD)

    def _unknown(self, rows: Iterable[Sequence[Any]], debit: int) -> set[str]:
        used = {row[side] for row in rows for side in (debit, debit + 1)}
        return used.difference(self.accounts, (None,))

    def read(self, rows: Iterable[Sequence[Any]]) -> Iterator[tuple[Sequence[Any], Entry]]:
        """Yield the caller's columns and the entry of each transaction; its rows are together."""
        at, header = self._transfer, self._header
        for _name, group in groupby(rows, key=itemgetter(0)):
            found = list(group)
            first = found[0]
            moves = tuple(
                _MAKE_MOVE(*row[at:], self._facts(row[at + 1]), self._facts(row[at + 2]))
                for row in found
                if row[at] is not None
            )
            yield first[:header], _MAKE_ENTRY(*first[header:at], moves)

    def read_page(self, page: LeafPage) -> Iterator[tuple[Sequence[Any], Entry]]:
        """Yield each leaf and the entry of its transaction; one that is not there has no fields."""
        known, facts = self.accounts.get, self._facts
        headers = {row[0]: row for row in page.headers}
        moves: dict[str, list[Move]] = {}
        for txn, n, debit, credit, currency, amount in page.transfers:
            sides = known(debit) or facts(debit), known(credit) or facts(credit)
            move = Move(n, debit, credit, currency, amount, *sides)
            if txn in moves:
                moves[txn].append(move)
            else:
                moves[txn] = [move]
        for leaf in page.leaves:
            header = headers.get(leaf[1])
            yield leaf, _NO_ENTRY if header is None else _MAKE_ENTRY(*header, tuple(moves.get(leaf[1], ())))

    def _facts(self, account: str) -> AccountFacts:
        return self.accounts.get(account) or AccountFacts.of(account)


def entry_bytes(entry: Entry, salt: bytes) -> bytes:
    """Return the bytes that the leaf of an entry hashes; the same as `canonical_leaf` gives.

    They are written out, because the log has one for each transaction: a general writer of JSON takes four times as
    long.
    """
    transfers = ",".join(
        [
            f'{{"amount":"{move.amount}",{move.credit_facts.as_credit},"currency":{_quoted(move.currency)},'
            f"{move.debit_facts.as_debit}}}"
            for move in entry.moves
        ]
    )
    return (
        f'{{"actor":{_optional(entry.actor)},"business_key":{_optional(entry.business_key)},'
        f'"contract":{_optional(entry.contract)},"effective_at":{_optional(entry.effective_at)},'
        f'"milestone":{_optional(entry.milestone)},"reason":{_optional(entry.reason)},'
        f'"reverses":{_optional(entry.reverses)},"salt":"{salt.hex()}","template":{_optional(entry.template)},'
        f'"template_version":"{entry.template_version}","transfers":[{transfers}],"txn":{_optional(entry.txn)},'
        f'"v":"{VERSION}"}}'
    ).encode()


def _optional(value: str | None) -> str:
    """Return a text as JSON; a transaction that is not in its table has none."""
    return "null" if value is None else _quoted(value)


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
