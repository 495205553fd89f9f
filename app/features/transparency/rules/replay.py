"""Replay of the log: hashes, roots, and balances after every transaction."""

from collections.abc import Mapping, Sequence

from app.core.transparency.merkle import leaf_hash
from app.core.transparency.nodes import StoredNode, TreeBuilder
from app.features.transparency.rules.leaves import LOWER_LIMITS, OWED, entry_bytes, paper_bytes
from app.features.transparency.schemas import AccountFacts, Entry, PaperEntry

MAX_AMOUNT = 10**15


class LogBrokenError(Exception):
    """Something in the ledger does not hold; the message names the place."""


class Replay:
    """Balances after each transaction, in the order of the log."""

    def __init__(self) -> None:
        self.tree = TreeBuilder()
        self._sums: dict[str, list[int]] = {}
        """Debits, credits, and the sign of `LOWER_LIMITS`, by account."""
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
        moves, known = entry.moves, self._sums.get
        if [move.n for move in moves] != list(range(1, entry.transfers + 1)):
            raise LogBrokenError(f"{place}: its header states {entry.transfers} transfers, found {len(moves)}")
        changed: list[tuple[list[int], str, AccountFacts]] = []
        for n, debit, credit, currency, amount, debit_facts, credit_facts in moves:
            in_one_currency = debit_facts.currency == currency == credit_facts.currency
            if not in_one_currency or not 0 < amount <= MAX_AMOUNT or debit == credit:
                raise LogBrokenError(f"{place}: transfer {n} has a wrong currency, amount or account")
            source = known(debit) or self._open(debit, debit_facts.kind, place)
            target = known(credit) or self._open(credit, credit_facts.kind, place)
            source[0] += amount
            target[1] += amount
            self._count_owed(currency, amount, debit_facts.kind in OWED, credit_facts.kind in OWED)
            changed += (source, debit, debit_facts), (target, credit, credit_facts)
        self.transfers += len(moves)
        for sums, account, facts in changed:
            _check_not_negative(sums, account, facts.kind, place)

    def _count_owed(self, currency: str, amount: int, was_owed: bool, is_owed: bool) -> None:
        if was_owed is not is_owed:
            self.owed[currency] = self.owed.get(currency, 0) + (amount if is_owed else -amount)

    def _open(self, account: str, kind: str, place: str) -> list[int]:
        """Return the sums of an account that was not used before.

        Raises:
            LogBrokenError: Its kind is not known.
        """
        if kind not in LOWER_LIMITS:
            raise LogBrokenError(f"{place}: the account {account} has no kind of the chart, but {kind!r}")
        self._sums[account] = [0, 0, LOWER_LIMITS[kind]]
        return self._sums[account]

    def describe(self, checkpoints: int) -> str:
        """Return what was replayed, in words."""
        papers = f", {self.papers} papers" if self.papers else ""
        transactions = self.tree.size - self.papers
        return f"{transactions} transactions with {self.transfers} transfers{papers} and {checkpoints} checkpoints"

    def sums(self, account: str) -> tuple[int, int]:
        """Return the debits and credits of an account."""
        debits, credits_, _sign = self._sums.get(account, (0, 0, 0))
        return debits, credits_


def _check_not_negative(sums: Sequence[int], account: str, kind: str, place: str) -> None:
    debits, credits_, sign = sums
    balance = sign * (debits - credits_)
    if balance < 0:
        raise LogBrokenError(f"{place}: the balance of {kind} {account} is {balance} after it")


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
