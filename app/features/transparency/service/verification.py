"""Verify the whole ledger: leaves, checkpoints, balances after every transaction, and every table beside another."""

import asyncio
import gc
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.transparency.checkpoints import Checkpoint, CheckpointError, read_checkpoint, read_note
from app.core.transparency.merkle import EMPTY_ROOT
from app.core.transparency.nodes import StoredNode
from app.core.transparency.solvency import read_solvency
from app.features.ledger.schemas import CHART
from app.features.transparency.repository import (
    LogRepository,
    PaperLogRepository,
    SolvencyRepository,
    WholeLogRepository,
)
from app.features.transparency.rules.leaves import EntryReader
from app.features.transparency.rules.replay import LogBrokenError, Replay, check_sums
from app.features.transparency.schemas import LeafPage, PaperEntry, Verdict

PAGE = 5_000
TURN = 50
"""After so many leaves the next page, which arrives meanwhile, is received."""
OLDEST_SECONDS = 60
"""A transaction that waits longer makes the answer uncertain: nothing protects it yet."""


class Answer(IntEnum):
    """The answer of a verification, which is also the exit code of the command."""

    HOLDS = 0
    BROKEN = 1
    CANNOT_SAY = 2


async def verify_ledger(session: AsyncSession, kept: str | None = None, key: str | None = None) -> Verdict:
    """Verify the ledger in the database.

    Args:
        session: A session whose transaction sees one moment, because the ledger goes on meanwhile.
        kept: The note of a checkpoint that somebody else kept.
        key: The published key of the log, if it is known from elsewhere.
    """
    verification = _Verification(session)
    try:
        with _uncollected():
            said = await verification.run(kept, key)
    except LogBrokenError as broken:
        return Verdict(Answer.BROKEN, str(broken))
    if not verification.replay.tree.size:
        return Verdict(Answer.CANNOT_SAY, "nothing is sealed yet")
    if kept is None:
        return Verdict(Answer.CANNOT_SAY, f"{said} hold together, but no checkpoint kept elsewhere was given")
    state = await LogRepository(session).sealer_state()
    if state[1] > OLDEST_SECONDS:
        return Verdict(Answer.CANNOT_SAY, f"{said} hold, but a transaction has waited {state[1]:.0f} s to be sealed")
    return Verdict(Answer.HOLDS, said)


@contextmanager
def _uncollected() -> Generator[None]:
    """Let nobody look for circular garbage: a log has none, and looking through its rows takes a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of the log, and what is compared with it."""

    entries: LeafPage
    points: Mapping[int, Sequence[Any]]
    """Checkpoints by their size."""
    snapshots: Mapping[int, Mapping[str, tuple[int, int]]]
    papers: Mapping[int, PaperEntry]
    nights: Mapping[int, Sequence[str]]
    """Proofs of solvency by the size that they are of."""


class _Verification:
    """One run over the whole ledger."""

    def __init__(self, session: AsyncSession) -> None:
        self.log = LogRepository(session)
        self.whole = WholeLogRepository(session)
        self.papers = PaperLogRepository(session)
        self.solvency = SolvencyRepository(session)
        self.replay = Replay()
        self.reader = EntryReader()
        self.keys: Sequence[str] = ()
        self.nodes = 0
        self.checkpoints = 0

    async def run(self, kept: str | None, key: str | None) -> str:
        """Verify everything and return what was verified.

        Raises:
            LogBrokenError: Something does not hold.
        """
        self.keys = [row.published for row in await self.log.keys()]
        if key is not None and key.strip() not in self.keys:
            raise LogBrokenError("the given key is none of the keys of the log")
        await self._check_chart()
        outside = None if kept is None else self._read(kept, "the kept checkpoint")
        leaves, nodes, _snapshots, newest = await self.whole.counts()
        await self._walk(outside)
        if outside is not None and outside.size > self.replay.tree.size:
            size = self.replay.tree.size
            raise LogBrokenError(f"position {size}: the log ends here, the kept checkpoint has {outside.size} entries")
        if (leaves, newest) != (self.replay.tree.size, self.replay.tree.size):
            size = self.replay.tree.size
            raise LogBrokenError(f"position {size}: {leaves} leaves, and the newest checkpoint covers {newest}")
        if nodes != self.nodes:
            raise LogBrokenError(f"ledger.node: expected {self.nodes} roots of subtrees, found {nodes}")
        differences = await self.whole.differences()
        if differences:
            raise LogBrokenError(differences[0])
        await self._check_balances()
        return self.replay.describe(self.checkpoints)

    async def _walk(self, outside: Checkpoint | None) -> None:
        """Replay the log from its beginning, a page at a time; the database reads the next page meanwhile.

        Raises:
            LogBrokenError: Something does not hold.
        """
        tree = self.replay.tree
        self._check_outside(outside)
        page = await self._page(0)
        while page.entries.leaves:
            following = asyncio.create_task(self._page(tree.size + PAGE))
            try:
                completed = await self._replay(page, outside)
            finally:
                page = await following
            self.nodes += len(completed)
            unlike = await self.whole.unlike_nodes(completed) if completed else ()
            if unlike:
                raise LogBrokenError(
                    "ledger.node: the subtree of height {} and index {} has another root".format(*unlike[0])
                )

    async def _page(self, first: int) -> _Page:
        """Return a page of the log, and what is compared with it."""
        entries = await self.log.leaf_page(first, first + PAGE)
        self.reader.accounts |= await self.log.accounts(self.reader.unknown_on_page(entries))
        return _Page(
            entries,
            {row[0]: row for row in await self.whole.checkpoints(first, first + PAGE)},
            await self.whole.snapshots(first, first + PAGE),
            await self.papers.between(first, first + PAGE),
            await self.solvency.notes(first, first + PAGE),
        )

    async def _replay(self, page: _Page, outside: Checkpoint | None) -> list[StoredNode]:
        """Replay a page; return the subtrees that it completes.

        Raises:
            LogBrokenError: Something does not hold.
        """
        tree, completed = self.replay.tree, list[StoredNode]()
        headers = page.entries.headers
        if len({row[0] for row in headers}) != len(headers):
            raise LogBrokenError("ledger.txn: two headers have the same id")
        for leaf, entry in self.reader.read_page(page.entries):
            if leaf[1] is None:
                completed += self.replay.append_paper(leaf[0], leaf[2], leaf[3], page.papers.get(leaf[0]))
            else:
                completed += self.replay.append((leaf[0], leaf[1], leaf[2], leaf[3], leaf[4]), entry)
            if tree.size in page.points:
                self._check_checkpoint(*page.points[tree.size][1:])
                check_sums(self.replay, page.snapshots.get(tree.size, {}), f"snapshot at {tree.size} of account")
            self._check_nights(page.nights.get(tree.size, ()))
            self._check_outside(outside)
            if tree.size % TURN == 0:
                await asyncio.sleep(0)
        return completed

    def _read(self, note: str, what: str) -> Checkpoint:
        wrong = "there is no key"
        for key in self.keys:
            try:
                return read_checkpoint(note, key)
            except CheckpointError as refused:
                wrong = str(refused)
        raise LogBrokenError(f"{what}: {wrong}")

    def _check_checkpoint(self, root: bytes, note: str) -> None:
        """Verify the checkpoint of the size that is reached.

        Raises:
            LogBrokenError: It does not hold.
        """
        size, computed = self.replay.tree.size, self.replay.tree.root()
        read = self._read(note, f"checkpoint {size}")
        if (read.size, read.root, root) != (size, computed, computed):
            raise LogBrokenError(f"checkpoint {size}: expected root {computed.hex()}, found {read.root.hex()}")
        self.checkpoints += 1

    def _check_nights(self, notes: Sequence[str]) -> None:
        """Compare what nights state to be owed at the size that is reached with the transactions.

        Raises:
            LogBrokenError: It differs, or is not signed.
        """
        owed = {currency: amount for currency, amount in self.replay.owed.items() if amount}
        for note in notes:
            try:
                stated = read_solvency(self._signed(note))
            except CheckpointError as wrong:
                raise LogBrokenError(f"proof of solvency at {self.replay.tree.size}: {wrong}") from wrong
            found = {currency: total.owed for currency, total in stated.totals.items()}
            if (stated.size, found) != (self.replay.tree.size, owed):
                raise LogBrokenError(f"proof of solvency of {stated.night}: expected {owed} at its size, found {found}")

    def _signed(self, note: str) -> list[str]:
        wrong = CheckpointError("there is no key")
        for key in self.keys:
            try:
                return read_note(note, key)
            except CheckpointError as refused:
                wrong = refused
        raise wrong

    def _check_outside(self, outside: Checkpoint | None) -> None:
        """Compare the log with the kept checkpoint when its size is reached.

        Raises:
            LogBrokenError: It is another log.
        """
        if outside is None or outside.size != self.replay.tree.size:
            return
        root = self.replay.tree.root() if outside.size else EMPTY_ROOT
        if root != outside.root:
            raise LogBrokenError(f"position 0 to {outside.size - 1}: the log is not the one of the kept checkpoint")

    async def _check_chart(self) -> None:
        """Compare the chart of accounts in the database with that of the code.

        Raises:
            LogBrokenError: They differ.
        """
        expected = {
            kind.value: (rules.side.value, rules.owner.value, rules.has_balance, rules.has_balance)
            for kind, rules in CHART.items()
        }
        found = {row[0]: tuple(row[1:]) for row in await self.whole.chart()}
        for kind in sorted({*expected, *found}):
            if expected.get(kind) != found.get(kind):
                raise LogBrokenError(f"kind of account {kind}: expected {expected.get(kind)}, found {found.get(kind)}")

    async def _check_balances(self) -> None:
        """Apply what waits to be sealed, and compare every balance row with the sum of its transfers.

        Raises:
            LogBrokenError: One differs.
        """
        reader, rows = EntryReader(), await self.log.waiting(None)
        reader.accounts = await self.log.accounts(reader.unknown_accounts(rows))
        for _own, entry in reader.read(rows):
            self.replay.apply(entry, f"transaction {entry.txn}, which waits to be sealed")
        after: str | None = None
        while page := await self.whole.balances(after, PAGE):
            check_sums(self.replay, {row[0]: (row[2], row[3]) for row in page}, "balance of account")
            after = page[-1][0]
