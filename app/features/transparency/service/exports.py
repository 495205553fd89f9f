"""Export the whole log: as a bundle that `verify.py` checks with the site off, and as a file for beancount."""

import struct
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.transparency.bundles import program_files, whole_proofs
from app.features.transparency.repository import (
    LogRepository,
    PaperLogRepository,
    SolvencyRepository,
    WholeLogRepository,
)
from app.features.transparency.rules.accounting import HEADER, BeancountLedger
from app.features.transparency.rules.leaves import FLOORED, EntryReader, Sums, entry_bytes, normal_balance, paper_bytes
from app.features.transparency.schemas import Entry, PaperEntry
from app.features.transparency.service.solvency import solvency_file

PAGE = 5_000
MAX_NIGHTS = 10_000
PAPERS_PAGE = 100
LEAF = struct.Struct(">Q32s")
"""The position and the hash of a leaf, as they wait for the file of proofs."""


async def stream_entries(session: AsyncSession, size: int) -> AsyncIterator[tuple[Sequence[Any], Entry | PaperEntry]]:
    """Yield the columns of each leaf below a size, with its transaction or paper."""
    repository, reader, papers = LogRepository(session), EntryReader(), PaperLogRepository(session)
    for first in range(0, size, PAGE):
        until = min(first + PAGE, size)
        page = await repository.leaf_page(first, until)
        reader.accounts |= await repository.accounts(reader.unknown_on_page(page))
        made = await papers.between(first, until)
        for leaf, entry in reader.read_page(page):
            yield leaf, made.get(leaf[0], entry) if leaf[1] is None else entry


async def stream_bundle(session: AsyncSession) -> AsyncIterator[tuple[str, bytes]]:
    """Yield the files of a bundle of the whole log, as names and pieces of their content."""
    repository, whole = LogRepository(session), WholeLogRepository(session)
    newest = await repository.newest()
    size = newest.size if newest else 0
    kinds: dict[str, str] = {}
    with tempfile.TemporaryFile() as kept:
        async for leaf, entry in stream_entries(session, size):
            kept.write(LEAF.pack(leaf[0], leaf[3]))
            if isinstance(entry, PaperEntry):
                yield "entries.jsonl", paper_bytes(entry, leaf[2]) + b"\n"
                continue
            kinds |= _kinds(entry)
            yield "entries.jsonl", entry_bytes(entry, leaf[2]) + b"\n"
        after = 0
        while points := await whole.checkpoints(after, size, PAGE):
            for point in points:
                yield f"checkpoints/{point[0]}.txt", point[2].encode()
            after = points[-1][0]
        for night in await SolvencyRepository(session).nights(MAX_NIGHTS, size):
            yield f"solvency/{night.night}.json", solvency_file(night.note)
        keys = [row.published for row in await repository.keys()]
        for piece in whole_proofs(keys, partial(_read_leaves, kept), await _stated_balances(session, kinds)):
            yield "proofs.json", piece
    for name, content in program_files().items():
        yield name, content


def _read_leaves(kept: BinaryIO) -> Iterator[tuple[int, bytes]]:
    kept.seek(0)
    for packed in iter(lambda: kept.read(LEAF.size), b""):
        position, hashed = LEAF.unpack(packed)
        yield position, hashed


async def list_sealed_papers(session: AsyncSession, after: int, until: int) -> list[tuple[int, UUID]]:
    """Return position and id of papers in the log, from a position up to another, at most a page of them."""
    return await PaperLogRepository(session).sealed(after, until, PAPERS_PAGE)


async def stream_beancount(session: AsyncSession) -> AsyncIterator[bytes]:
    """Yield the whole log as a file for beancount; it asserts the balances that the tables state."""
    newest = await LogRepository(session).newest()
    book, kinds = BeancountLedger(), dict[str, str]()
    yield HEADER
    async for _leaf, entry in stream_entries(session, newest.size if newest else 0):
        if isinstance(entry, Entry):
            yield book.entry(entry)
            kinds |= _kinds(entry)
    for assertion in book.end(await _stated_balances(session, kinds)):
        yield assertion


def _kinds(entry: Entry) -> dict[str, str]:
    """Return the kinds of the accounts of a transaction."""
    found: dict[str, str] = {}
    for move in entry.moves:
        found[move.debit], found[move.credit] = move.debit_facts.kind, move.credit_facts.kind
    return found


async def _stated_balances(session: AsyncSession, kinds: dict[str, str]) -> dict[str, int]:
    """Return the balances of these accounts at the newest checkpoint, as the tables state them."""
    repository, whole = LogRepository(session), WholeLogRepository(session)
    reader, rows = EntryReader(), await repository.waiting(None)
    reader.accounts = await repository.accounts(reader.unknown_accounts(rows))
    waiting = Sums()
    for _own, entry in reader.read(rows):
        waiting.add(entry)
    stated: dict[str, int] = {}
    after: str | None = None
    while page := await whole.balances(after, PAGE):
        for account, kind, debits, credits_ in page:
            if account in kinds:
                unsealed = waiting.debits.get(account, 0), waiting.credits.get(account, 0)
                stated[account] = normal_balance(kind, debits - unsealed[0], credits_ - unsealed[1])
        after = page[-1][0]
    appended = [UUID(account) for account, kind in kinds.items() if kind not in FLOORED]
    for snapshot in (await repository.latest_snapshots(appended)).values():
        account = str(snapshot.account)
        stated[account] = normal_balance(kinds[account], snapshot.debits, snapshot.credits)
    return stated
