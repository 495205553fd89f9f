"""Use cases of the transparency log that take several transactions: a batch of the sealer, a page of a statement."""

import asyncio
import tempfile
import zipfile
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

import structlog

from app.core.actor import Actor
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.papers import service as papers
from app.features.papers.errors import PaperAlteredError
from app.features.transparency import service
from app.features.transparency.errors import NotSealedYetError
from app.features.transparency.schemas import Period, StatementFormat, StatementLine

log = structlog.get_logger()

SENT_AT_ONCE = 256 * 1024
BATCHES = 10
"""A run of the sealer ends after so many batches; the next run goes on a second later."""


async def seal(resources: Resources) -> int:
    """Seal what waits; return how many transactions. Only one sealer works at a time."""
    seed = service.signing_seed(resources.settings)
    if seed is None:
        async with resources.read_sessions() as session:
            waiting = (await service.read_state(session)).unsealed
        if waiting:
            await log.aerror("ledger_not_sealed", waiting=waiting, reason="LEDGER_SIGNING_KEY is missing")
        return 0
    sealed = 0
    for _batch in range(BATCHES):
        async with unit_of_work(resources) as uow:
            done = await service.seal_batch(uow, seed)
        sealed += done
        if done < service.BATCH:
            break
    return sealed


async def snapshot(resources: Resources) -> None:
    """Store the daily sums of accounts."""
    async with unit_of_work(resources) as uow:
        await service.snapshot_day(uow)


async def prove_solvency(resources: Resources) -> service.MadeNight | None:
    """Sign what is owed to people tonight; None where the log has no key or nothing is sealed."""
    seed = service.signing_seed(resources.settings)
    if seed is None:
        await log.aerror("solvency_not_proved", reason="LEDGER_SIGNING_KEY is missing")
        return None
    with suppress(NotSealedYetError):
        async with unit_of_work(resources) as uow:
            return await service.make_night(uow, seed)
    return None


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is written while it is sent."""

    name: str
    media_type: str
    pieces: AsyncIterator[bytes]

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response."""
        return {"Content-Disposition": f'attachment; filename="{self.name}"', "Cache-Control": "private, no-store"}


async def make_bundle(resources: Resources, actor: Actor, kept_sizes: Sequence[int]) -> Download:
    """Return the bundle of a person as a zip, with the files of the papers that are in the log.

    It is made on the disk, and holds one paper in memory at a time.

    Raises:
        NotSealedYetError: Nothing is sealed yet.
    """
    async with resources.read_sessions() as session:
        bundle = await service.open_bundle(session, actor, kept_sizes)
    made = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed when it is sent
    try:
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in bundle.files.items():
                await asyncio.to_thread(archive.writestr, f"bundle/{name}", content)
            for paper in bundle.papers:
                # A file that was altered and cannot be made again is left out: the verification names it.
                with suppress(PaperAlteredError):
                    file = await papers.read_file(resources, paper)
                    await asyncio.to_thread(archive.writestr, f"bundle/papers/{file.name}", file.content)
    except BaseException:
        made.close()
        raise
    return Download("bundle.zip", "application/zip", _sent(made))


async def _sent(made: IO[bytes]) -> AsyncIterator[bytes]:
    """Yield the content of a file from its beginning, and close it."""
    with made:
        made.seek(0)
        while piece := await asyncio.to_thread(made.read, SENT_AT_ONCE):
            yield piece


async def export_papers(resources: Resources, until: int) -> AsyncIterator[tuple[str, bytes]]:
    """Yield name and content of the papers in the log below a size, one at a time; no transaction is open meanwhile."""
    after = 0
    while True:
        async with resources.read_sessions() as session:
            page = await service.list_sealed_papers(session, after, until)
            found = [await papers.get_paper(session, document_id) for _position, document_id in page]
        for paper in found:
            with suppress(PaperAlteredError):
                file = await papers.read_file(resources, paper)
                yield f"papers/{file.name}", file.content
        if not page:
            return
        after = page[-1][0] + 1


async def write_statement(resources: Resources, actor: Actor, period: Period, wanted: StatementFormat) -> Download:
    """Return a statement as a file; each page of its lines is read in a transaction of its own.

    Raises:
        StatementTooLongError: It has more lines than such a file may have.
    """
    async with resources.read_sessions() as session:
        statement = await service.open_statement(session, actor, period, wanted)
    if wanted is StatementFormat.PDF:
        lines = [line async for line in _lines(resources, statement)]
        pieces = _one(await service.print_statement(resources.settings, statement, lines))
    else:
        pieces = _written(resources, statement, wanted)
    return Download(f"{statement.name}.{wanted}", service.MEDIA_TYPES[wanted], pieces)


async def _lines(resources: Resources, statement: service.OpenStatement) -> AsyncIterator[StatementLine]:
    before = statement.frame.opening.by_state
    for start in range(0, len(statement.frame.txns), service.STATEMENT_PAGE):
        async with resources.read_sessions() as session:
            page = await service.read_page(session, statement, start, before)
        for line in page:
            yield line
        before = page[-1].balance


async def _written(
    resources: Resources, statement: service.OpenStatement, wanted: StatementFormat
) -> AsyncIterator[bytes]:
    writer = service.writer_of(statement, wanted)
    yield writer.begin(statement.frame.opening)
    async for line in _lines(resources, statement):
        yield writer.line(line)
    yield writer.end(statement.frame.closing)


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content
