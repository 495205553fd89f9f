"""Replay of the log: hashes, roots, and balances after every transaction."""

from collections.abc import Mapping

from app.core.transparency.merkle import leaf_hash
from app.core.transparency.nodes import StoredNode, TreeBuilder
from app.features.transparency.rules.leaves import FLOORED, KINDS, OWED, entry_bytes, normal_balance, paper_bytes
from app.features.transparency.schemas import AccountFacts, Entry, PaperEntry

MAX_AMOUNT = 10**15


class LogBrokenError(Exception):
    """Something in the ledger does not hold; the message names the place."""


class Replay:
    """Balances after each transaction, in the order of the log."""

    def __init__(self) -> None:
        self.tree = TreeBuilder()
        self.debits: dict[str, int] = {}
        self.credits: dict[str, int] = {}
        self.facts: dict[str, AccountFacts] = {}
        self.owed: dict[str, int] = {}
        """What is owed to people, by currency."""
        self.transfers = 0
        self.papers = 0

    def append(self, leaf: tuple[int, str, bytes, bytes, str | None], entry: Entry) -> list[StoredNode]:
        """Verify one leaf and apply its transaction; return the subtrees that it completes.

        Raises:
            LogBrokenError: It does not hold.
        """
        position, txn, salt, stated, contract = leaf
        place = f"position {position}, transaction {txn}"
        if position != self.tree.size:
            raise LogBrokenError(f"position {self.tree.size}: expected here, found position {position}")
        if entry.txn != txn:
            raise LogBrokenError(f"{place}: it is not in ledger.txn")
        computed = leaf_hash(entry_bytes(entry, salt))
        if computed != stated:
            raise LogBrokenError(
                f"{place}: its rows or its leaf changed; expected hash {stated.hex()}, found {computed.hex()}"
            )
        if contract != entry.contract:
            raise LogBrokenError(f"{place}: its leaf names the contract {contract}, expected {entry.contract}")
        self.apply(entry, place)
        return self.tree.append(stated)

    def append_paper(self, position: int, salt: bytes, stated: bytes, paper: PaperEntry | None) -> list[StoredNode]:
        """Verify the leaf of a paper; return the subtrees that it completes.

        Raises:
            LogBrokenError: It does not hold.
        """
        if position != self.tree.size:
            raise LogBrokenError(f"position {self.tree.size}: expected here, found position {position}")
        if paper is None:
            raise LogBrokenError(f"position {position}: it is of no transaction and of no paper")
        computed = leaf_hash(paper_bytes(paper, salt))
        if computed != stated:
            raise LogBrokenError(
                f"position {position}, paper {paper.document}: its rows or its leaf changed; "
                f"expected hash {stated.hex()}, found {computed.hex()}"
            )
        self.papers += 1
        return self.tree.append(stated)

    def apply(self, entry: Entry, place: str) -> None:
        """Apply one transaction, and verify that no balance is below zero after it.

        Raises:
            LogBrokenError: It does not hold.
        """
        if [move.n for move in entry.moves] != list(range(1, entry.transfers + 1)):
            raise LogBrokenError(f"{place}: its header states {entry.transfers} transfers, found {len(entry.moves)}")
        for move in entry.moves:
            currencies = {move.currency, move.debit_facts.currency, move.credit_facts.currency}
            if len(currencies) != 1 or not 0 < move.amount <= MAX_AMOUNT or move.debit == move.credit:
                raise LogBrokenError(f"{place}: transfer {move.n} has a wrong currency, amount or account")
            self.debits[move.debit] = self.debits.get(move.debit, 0) + move.amount
            self.credits[move.credit] = self.credits.get(move.credit, 0) + move.amount
            if (change := (move.credit_facts.kind in OWED) - (move.debit_facts.kind in OWED)) != 0:
                self.owed[move.currency] = self.owed.get(move.currency, 0) + change * move.amount
            self.facts[move.debit] = move.debit_facts
            self.facts[move.credit] = move.credit_facts
        for move in entry.moves:
            self._check_not_negative(move.debit, move.debit_facts.kind, place)
            self._check_not_negative(move.credit, move.credit_facts.kind, place)
        self.transfers += len(entry.moves)

    def _check_not_negative(self, account: str, kind: str, place: str) -> None:
        if kind not in KINDS:
            raise LogBrokenError(f"{place}: the account {account} has no kind of the chart, but {kind!r}")
        if kind in FLOORED:
            balance = normal_balance(kind, *self.sums(account))
            if balance < 0:
                raise LogBrokenError(f"{place}: the balance of {kind} {account} is {balance} after it")

    def describe(self, checkpoints: int) -> str:
        """Return what was replayed, in words."""
        papers = f", {self.papers} papers" if self.papers else ""
        transactions = self.tree.size - self.papers
        return f"{transactions} transactions with {self.transfers} transfers{papers} and {checkpoints} checkpoints"

    def sums(self, account: str) -> tuple[int, int]:
        """Return the debits and credits of an account."""
        return self.debits.get(account, 0), self.credits.get(account, 0)


def check_sums(replay: Replay, stated: Mapping[str, tuple[int, int]], what: str) -> None:
    """Compare stated sums with those of the replay.

    Raises:
        LogBrokenError: They differ.
    """
    for account, sums in stated.items():
        if replay.sums(account) != sums:
            expected = "debits {} and credits {}".format(*replay.sums(account))
            found = "debits {} and credits {}".format(*sums)
            raise LogBrokenError(f"{what} {account}: expected {expected}, found {found}")
