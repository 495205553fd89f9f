"""The bundle of a person: own transactions and papers, their proofs, checkpoints, and the program."""

import csv
import io
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.money import Currency, amount_as_typed
from app.core.transparency.bundles import Proofs, bundle_files
from app.core.transparency.nodes import consistency_steps, inclusion_steps, proof_of
from app.features.papers import service as papers
from app.features.transparency.errors import NotSealedYetError
from app.features.transparency.repository import LEAF_FIELDS, LogRepository, PaperLogRepository, PartyRepository
from app.features.transparency.rules.leaves import EntryReader, entry_bytes, paper_bytes
from app.features.transparency.schemas import Entry, SealedPaper
from app.features.transparency.service.solvency import find_own_solvency, solvency_file

COLUMNS = (
    "position", "time_utc", "transaction", "template", "business_key", "contract", "milestone",
    "from_kind", "from_account", "to_kind", "to_account", "amount", "currency",
)  # fmt: skip
"""The header of statement.csv."""


class _Line(NamedTuple):
    """A line of entries.jsonl, with its place and hash."""

    position: int
    hash: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class OpenBundle:
    """A bundle without the files of its papers."""

    files: dict[str, bytes]
    papers: Sequence[papers.StoredPaper]
    """The papers that are in the log."""


async def open_bundle(session: AsyncSession, actor: Actor, kept_sizes: Sequence[int] = ()) -> OpenBundle:
    """Return the bundle of a person: own entries and papers, their proofs, checkpoints, and the program.

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
    found = await _read_entries(party, _below(own.positions, newest))
    made = await PaperLogRepository(session).of_person(actor.id, newest)
    entries = sorted([*(line for line, _entry in found), *_paper_lines(made)])
    positions = [line.position for line in entries]
    notes = await party.notes(positions, [newest, *_below(kept_sizes, newest)])
    inclusion, consistency = await _prove(log, newest, positions, notes)
    proofs = Proofs(
        keys=keys,
        complete=False,
        positions=positions,
        hashes=[line.hash for line in entries],
        inclusion=inclusion,
        consistency=consistency,
        balances=own.balances,
    )
    files = bundle_files([line.content for line in entries], proofs, notes)
    files["statement.csv"] = write_statement([(line.position, entry) for line, entry in found])
    solvency = await find_own_solvency(session, own.balances.keys(), newest)
    if solvency is not None:
        files[f"solvency/{solvency.night}.json"] = solvency_file(solvency.note, solvency.proofs)
    issued = await papers.list_of_person(session, actor.id)
    files["papers.json"] = _papers_file(issued)
    return OpenBundle(files, _among(issued, {it.paper.document for it in made}))


async def _read_entries(party: PartyRepository, positions: Sequence[int]) -> list[tuple[_Line, Entry]]:
    """Return the transactions at these positions, with their lines in the bundle."""
    rows, accounts = await party.entries(positions)
    reader = EntryReader(LEAF_FIELDS)
    reader.accounts = accounts
    return [(_Line(leaf[0], leaf[3], entry_bytes(entry, leaf[2])), entry) for leaf, entry in reader.read(rows)]


def _below(numbers: Iterable[int], size: int) -> list[int]:
    """Return what is below a size of the log, and not negative."""
    return [number for number in numbers if 0 <= number < size]


def _paper_lines(made: Iterable[SealedPaper]) -> list[_Line]:
    return [_Line(it.position, it.hash, paper_bytes(it.paper, it.salt)) for it in made]


def _among(issued: Iterable[papers.StoredPaper], ids: Collection[str]) -> list[papers.StoredPaper]:
    return [paper for paper in issued if str(paper.document.id) in ids]


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
