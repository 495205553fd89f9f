"""Use cases of the transparency log that take several transactions: a batch of the sealer, a page of a statement."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

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


async def make_bundle(resources: Resources, actor: Actor, kept_sizes: Sequence[int]) -> bytes:
    """Return the bundle of a person as a zip, with the files of the papers that are in the log.

    Raises:
        NotSealedYetError: Nothing is sealed yet.
    """
    async with resources.read_sessions() as session:
        bundle = await service.open_bundle(session, actor, kept_sizes)
    for paper in bundle.papers:
        # A file that was altered and cannot be made again is left out: the verification names it.
        with suppress(PaperAlteredError):
            file = await papers.read_file(resources, paper)
            bundle.files[f"papers/{file.name}"] = file.content
    return await asyncio.to_thread(service.zip_bundle, bundle.files)


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
