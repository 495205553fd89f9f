"""Read checkpoints, proofs between them, and what one person may prove."""

import base64
import csv
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.money import Currency, amount_as_typed
from app.core.transparency.bundles import Proofs, bundle_files
from app.core.transparency.nodes import consistency_steps, inclusion_steps, proof_of
from app.features.papers import service as papers
from app.features.transparency.errors import NoCheckpointError, NotSealedYetError, ReceiptNotFoundError
from app.features.transparency.repository import LEAF_FIELDS, FoundReceipt, LogRepository, PartyRepository
from app.features.transparency.rules.leaves import EntryReader, entry_bytes
from app.features.transparency.schemas import CheckpointList, CheckpointRead, ConsistencyRead, Entry, ReceiptRead
from app.models import LedgerCheckpoint

COLUMNS = (
    "position", "time_utc", "transaction", "template", "business_key", "contract", "milestone",
    "from_kind", "from_account", "to_kind", "to_account", "amount", "currency",
)  # fmt: skip
"""The header of statement.csv."""


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


async def make_bundle(session: AsyncSession, actor: Actor, kept_sizes: Sequence[int] = ()) -> bytes:
    """Return the bundle of a person as a zip: own entries, their proofs, checkpoints, and the program.

    Args:
        session: A session.
        actor: The person.
        kept_sizes: Sizes of checkpoints that the person kept, so that the bundle holds the proofs for them.

    Raises:
        NotSealedYetError: Nothing is sealed yet.
    """
    log, party = LogRepository(session), PartyRepository(session)
    head = await log.head()
    if head is None:
        raise NotSealedYetError
    newest, keys = head
    own = await party.own_part(actor.id)
    positions = [position for position in own.positions if position < newest]
    rows, accounts = await party.entries(positions)
    reader = EntryReader(LEAF_FIELDS)
    reader.accounts = accounts
    found = list(reader.read(rows))
    notes = await party.notes(positions, [newest, *(size for size in kept_sizes if 0 < size < newest)])
    inclusion, consistency = await _prove(log, newest, positions, notes)
    proofs = Proofs(
        keys=keys,
        complete=False,
        positions=positions,
        hashes=[leaf[3] for leaf, _entry in found],
        inclusion=inclusion,
        consistency=consistency,
        balances=own.balances,
    )
    files = bundle_files([entry_bytes(entry, leaf[2]) for leaf, entry in found], proofs, notes)
    files["statement.csv"] = write_statement([(leaf[0], entry) for leaf, entry in found])
    files["papers.json"] = _papers_file(await papers.list_of_person(session, actor.id))
    return _zipped(files)


async def _prove(
    log: LogRepository, newest: int, positions: Iterable[int], sizes: Iterable[int]
) -> tuple[list[list[bytes]], dict[int, list[bytes]]]:
    """Return the proofs that positions and earlier checkpoints are in the newest one; one query reads all nodes."""
    inclusion = [inclusion_steps(position, newest) for position in positions]
    consistency = {size: consistency_steps(size, newest) for size in sizes}
    wanted = [step for steps in (*inclusion, *consistency.values()) for step in steps]
    stored = await log.stored({node for step in wanted for node in step})
    return (
        [proof_of(steps, stored) for steps in inclusion],
        {size: proof_of(steps, stored) for size, steps in consistency.items()},
    )


def write_statement(entries: Sequence[tuple[int, Entry]]) -> bytes:
    """Return transfers as CSV (RFC 4180), for spreadsheets; no field can begin a formula."""
    written = io.StringIO(newline="")
    table = csv.writer(written)
    table.writerow(COLUMNS)
    for position, entry in entries:
        for move in entry.moves:
            table.writerow(
                (
                    position,
                    entry.effective_at,
                    entry.txn,
                    entry.template,
                    entry.business_key.lstrip("-"),
                    entry.contract or "",
                    entry.milestone or "",
                    move.debit_facts.kind,
                    move.debit,
                    move.credit_facts.kind,
                    move.credit,
                    amount_as_typed(move.amount, Currency(move.currency)),
                    move.currency,
                )
            )
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _papers_file(found: Sequence[papers.StoredPaper]) -> bytes:
    """Return the person's papers with the checksums of their files, null where one is being made."""
    shown = [papers.read(paper).model_dump(mode="json", exclude={"id", "kind_words"}) for paper in found]
    return json.dumps(shown, ensure_ascii=False, indent=1).encode()


def _zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"bundle/{name}", content)
    return made.getvalue()


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
