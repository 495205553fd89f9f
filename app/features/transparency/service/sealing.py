"""Seal transactions and papers: give them positions in the log, and sign what the log is now."""

import asyncio
import os
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc_now
from app.core.config import Settings
from app.core.transparency.canonical import SALT_BYTES
from app.core.transparency.checkpoints import Checkpoint, sign_checkpoint, verifier_key
from app.core.transparency.merkle import leaf_hash
from app.core.transparency.nodes import StoredNode, TreeBuilder, compute, cover
from app.core.unit_of_work import UnitOfWork
from app.features.transparency.repository import LogRepository, PaperLogRepository
from app.features.transparency.rules.leaves import FLOORED, EntryReader, Sums, entry_bytes, paper_bytes
from app.features.transparency.schemas import Entry, PaperEntry, Sealed, SnapshotRow
from app.models import LedgerCheckpoint

SEAL_TASK = "transparency.seal"
BATCH = 1_000
"""The most transactions that one checkpoint seals."""


@dataclass(frozen=True, slots=True)
class SealerState:
    """What waits to be sealed."""

    unsealed: int
    oldest_seconds: float
    sealed: int
    lag_seconds: float
    """The longest time from the beginning of a transaction to its checkpoint, in the newest checkpoint."""


def signing_seed(settings: Settings) -> bytes | None:
    """Return the private key of the log; None where none is set."""
    digits = settings.ledger_signing_key.get_secret_value()
    return bytes.fromhex(digits) if digits else None


async def read_state(session: AsyncSession) -> SealerState:
    """Return how much waits to be sealed."""
    return SealerState(*await LogRepository(session).sealer_state())


async def seal_batch(uow: UnitOfWork, seed: bytes) -> int:
    """Seal what waits, at most a batch; return how many leaves were added, or 0 while another sealer is at work.

    The order is that of the numbers drawn after the locks of the balances. A number that becomes visible later than a
    larger one belongs to a transaction that shares no locked account with it, so its place does not matter.
    """
    repository = LogRepository(uow.session)
    if not await repository.try_lock_sealer():
        return 0
    reader, rows = EntryReader(), await repository.waiting(BATCH)
    reader.accounts = await repository.accounts(reader.unknown_accounts(rows))
    entries = [entry for _own, entry in reader.read(rows)]
    papers = PaperLogRepository(uow.session)
    made = await papers.waiting(BATCH - len(entries))
    if not entries and not made:
        return 0
    newest = await repository.newest()
    size = newest.size if newest else 0
    peaks = cover(0, size)
    stored = await repository.stored(peaks)
    tree = TreeBuilder(size, [compute(node, stored) for node in peaks])
    leaves, nodes = _append(tree, [*entries, *made])
    await repository.insert_leaves(leaves)
    if made:
        await papers.place({it.document: size + len(entries) + place for place, it in enumerate(made)})
    if nodes:
        await repository.insert_nodes(nodes)
    published = await current_key(repository, uow.resources.settings, seed)
    checkpoint = Checkpoint(published.split("+")[0], tree.size, tree.root())
    note = await asyncio.to_thread(sign_checkpoint, checkpoint, seed)
    await repository.insert_checkpoint(
        LedgerCheckpoint(size=tree.size, root=checkpoint.root, note=note, published_key=published)
    )
    await _snapshot_appended(repository, tree.size, entries)
    return len(leaves)


async def snapshot_day(uow: UnitOfWork) -> None:
    """Store the sums of all accounts with balance rows at the last checkpoint of yesterday, if they are not yet."""
    repository = LogRepository(uow.session)
    if not await repository.try_lock_sealer():
        return
    midnight = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    size, since = await repository.size_before(midnight), await repository.last_daily_size()
    if size > since:
        await repository.insert_daily_snapshot(size, since)


def _append(tree: TreeBuilder, entries: list[Entry | PaperEntry]) -> tuple[list[Sealed], list[StoredNode]]:
    """Append transactions and papers to the tree; return their leaves and the subtrees that they completed."""
    leaves: list[Sealed] = []
    nodes: list[StoredNode] = []
    for entry in entries:
        salt = os.urandom(SALT_BYTES)
        if isinstance(entry, PaperEntry):
            hashed = leaf_hash(paper_bytes(entry, salt))
            leaves.append(Sealed(tree.size, None, None, salt, hashed))
        else:
            hashed = leaf_hash(entry_bytes(entry, salt))
            leaves.append(Sealed(tree.size, entry.txn, entry.contract, salt, hashed))
        nodes += tree.append(hashed)
    return leaves, nodes


async def current_key(repository: LogRepository, settings: Settings, seed: bytes) -> str:
    """Return the published form of the key, and add it to the keys of the log when it is new.

    The name of the log stays that of its first key, also where the address of the site changes later.
    """
    known = [key.published for key in await repository.keys()]
    origin = known[0].split("+")[0] if known else f"{urlsplit(settings.origin).netloc}/ledger"
    published = await asyncio.to_thread(verifier_key, origin, seed)
    if published not in known:
        await repository.add_key(published)
    return published


async def _snapshot_appended(repository: LogRepository, size: int, entries: list[Entry]) -> None:
    """Store the sums of the accounts without balance rows that these entries moved."""
    sums = Sums()
    for entry in entries:
        sums.add(entry)
    moved = [account for account, kind in sums.kinds.items() if kind not in FLOORED]
    if not moved:
        return
    before = await repository.latest_snapshots([UUID(account) for account in moved])
    rows: list[SnapshotRow] = []
    for account in moved:
        id_ = UUID(account)
        earlier = before.get(id_, SnapshotRow(id_, 0, 0))
        debits, credits_ = sums.debits.get(account, 0), sums.credits.get(account, 0)
        rows.append(SnapshotRow(id_, earlier.debits + debits, earlier.credits + credits_))
    await repository.insert_snapshots(size, rows)
