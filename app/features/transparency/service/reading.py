"""Read checkpoints, proofs between them, and receipts."""

import base64
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.transparency.nodes import consistency_steps, inclusion_steps, proof_of
from app.features.transparency.errors import NoCheckpointError, NotSealedYetError, ReceiptNotFoundError
from app.features.transparency.repository import LEAF_FIELDS, FoundReceipt, LogRepository, PartyRepository
from app.features.transparency.rules.leaves import EntryReader, entry_bytes
from app.features.transparency.schemas import CheckpointList, CheckpointRead, ConsistencyRead, ReceiptRead
from app.models import LedgerCheckpoint


async def list_checkpoints(session: AsyncSession, limit: int, before: int | None = None) -> CheckpointList:
    """Return checkpoints, the largest first, and the keys of the log."""
    repository = LogRepository(session)
    found = await repository.checkpoints(limit + 1, before)
    shown = [_read(point) for point in found[:limit]]
    keys = [row.published for row in await repository.keys()]
    return CheckpointList(keys=keys, items=shown, next_before=shown[-1].size if len(found) > limit else None)


async def read_checkpoint(session: AsyncSession, size: int) -> CheckpointRead:
    """Return the checkpoint of this size.

    Raises:
        NoCheckpointError: There is none.
    """
    found = await LogRepository(session).checkpoint(size)
    if found is None:
        raise NoCheckpointError
    return _read(found)


async def read_consistency(session: AsyncSession, earlier: int, later: int | None) -> ConsistencyRead:
    """Return the proof that the log continues from a checkpoint to a later one, or to the newest.

    Raises:
        NoCheckpointError: There is no checkpoint of one of the sizes, or the later one is smaller.
    """
    repository = LogRepository(session)
    old = await repository.checkpoint(earlier)
    new = await repository.newest() if later is None else await repository.checkpoint(later)
    if old is None or new is None or new.size < old.size:
        raise NoCheckpointError
    steps = consistency_steps(old.size, new.size)
    stored = await repository.stored(node for step in steps for node in step)
    return ConsistencyRead(earlier=_read(old), later=_read(new), proof=_texts(proof_of(steps, stored)))


async def read_receipt(session: AsyncSession, actor: Actor, txn_id: UUID) -> ReceiptRead:
    """Return what proves that a transaction of this person is in the log.

    Raises:
        ReceiptNotFoundError: There is no such transaction, or it is of other people.
        NotSealedYetError: It has no place in the log yet.
    """
    return await _receipt(session, await PartyRepository(session).receipt(actor.id, txn_id))


async def read_any_receipt(session: AsyncSession, txn_id: UUID) -> ReceiptRead:
    """Return what proves that a transaction is in the log; only for people who may see all transactions.

    Raises:
        ReceiptNotFoundError: There is no such transaction.
        NotSealedYetError: It has no place in the log yet.
    """
    return await _receipt(session, await PartyRepository(session).any_receipt(txn_id))


async def _receipt(session: AsyncSession, found: FoundReceipt | None) -> ReceiptRead:
    if found is None:
        raise ReceiptNotFoundError
    if found.position is None or not found.size:
        raise NotSealedYetError
    rows, accounts = await PartyRepository(session).entries([found.position])
    reader = EntryReader(LEAF_FIELDS)
    reader.accounts = accounts
    leaf, entry = next(reader.read(rows))
    steps = inclusion_steps(found.position, found.size)
    stored = await LogRepository(session).stored(node for step in steps for node in step)
    return ReceiptRead(
        position=found.position,
        entry=entry_bytes(entry, leaf[2]).decode(),
        leaf_hash=base64.b64encode(leaf[3]).decode(),
        inclusion=_texts(proof_of(steps, stored)),
        size=found.size,
        note=found.note,
        key=found.published_key,
    )


def _read(point: LedgerCheckpoint) -> CheckpointRead:
    return CheckpointRead(
        size=point.size,
        root=base64.b64encode(point.root).decode(),
        note=point.note,
        key=point.published_key,
        sealed_at=point.sealed_at,
    )


def _texts(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(hashed).decode() for hashed in hashes]
