"""Verify the whole ledger: leaves, checkpoints, balances after every transaction, and every table beside another."""

from collections.abc import Sequence
from enum import IntEnum

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.transparency.checkpoints import Checkpoint, CheckpointError, read_checkpoint, read_note
from app.core.transparency.merkle import EMPTY_ROOT
from app.core.transparency.solvency import read_solvency
from app.features.ledger.schemas import CHART
from app.features.transparency.repository import (
    LEAF_FIELDS,
    LogRepository,
    PaperLogRepository,
    SolvencyRepository,
    WholeLogRepository,
)
from app.features.transparency.rules.leaves import EntryReader
from app.features.transparency.rules.replay import LogBrokenError, Replay, check_sums
from app.features.transparency.schemas import Verdict

PAGE = 5_000
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


class _Verification:
    """One run over the whole ledger."""

    def __init__(self, session: AsyncSession) -> None:
        self.log = LogRepository(session)
        self.whole = WholeLogRepository(session)
        self.papers = PaperLogRepository(session)
        self.solvency = SolvencyRepository(session)
        self.replay = Replay()
        self.reader = EntryReader(LEAF_FIELDS)
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
        """Replay the log from its beginning, a page at a time.

        Raises:
            LogBrokenError: Something does not hold.
        """
        tree = self.replay.tree
        self._check_outside(outside)
        while rows := await self.log.leaf_page(tree.size, tree.size + PAGE):
            self.reader.accounts |= await self.log.accounts(self.reader.unknown_accounts(rows))
            points = {row[0]: row for row in await self.whole.checkpoints(tree.size, tree.size + PAGE)}
            snapshots = await self.whole.snapshots(tree.size, tree.size + PAGE)
            completed = []
            papers = await self.papers.between(tree.size, tree.size + PAGE)
            nights = await self.solvency.notes(tree.size, tree.size + PAGE)
            for leaf, entry in self.reader.read(rows):
                if leaf[1] is None:
                    completed += self.replay.append_paper(leaf[0], leaf[2], leaf[3], papers.get(leaf[0]))
                else:
                    completed += self.replay.append((leaf[0], leaf[1], leaf[2], leaf[3], leaf[4]), entry)
                if tree.size in points:
                    self._check_checkpoint(*points[tree.size][1:])
                    check_sums(self.replay, snapshots.get(tree.size, {}), f"snapshot at {tree.size} of account")
                self._check_nights(nights.get(tree.size, ()))
                self._check_outside(outside)
            self.nodes += len(completed)
            unlike = await self.whole.unlike_nodes(completed) if completed else ()
            if unlike:
                raise LogBrokenError(
                    "ledger.node: the subtree of height {} and index {} has another root".format(*unlike[0])
                )

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
