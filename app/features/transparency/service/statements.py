"""Statements of a person's money for a period: what it begins and ends with, and its lines, a page at a time."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.config import Settings
from app.features.identity import service as identity
from app.features.papers import service as papers
from app.features.transparency.errors import StatementTooLongError
from app.features.transparency.repository import StatementRepository
from app.features.transparency.rules.accounting import BeancountStatement
from app.features.transparency.rules.statement_files import CsvStatement, JsonStatement
from app.features.transparency.rules.statement_paper import statement_sheet
from app.features.transparency.rules.statements import STATE_LABELS, amounts_of, period_of, read_lines
from app.features.transparency.schemas import (
    Balances,
    Frame,
    MoneyState,
    Period,
    StatementFormat,
    StatementLine,
    StatementRead,
)

STATEMENT_PAGE = 500
MAX_LINES: dict[StatementFormat, int] = {
    StatementFormat.CSV: 50_000,
    StatementFormat.JSONL: 50_000,
    StatementFormat.BEANCOUNT: 50_000,
    StatementFormat.PDF: 1_000,
}
MEDIA_TYPES: dict[StatementFormat, str] = {
    StatementFormat.CSV: "text/csv; charset=utf-8",
    StatementFormat.JSONL: "application/jsonl",
    StatementFormat.BEANCOUNT: "text/plain; charset=utf-8",
    StatementFormat.PDF: "application/pdf",
}
__all__ = [
    "MEDIA_TYPES",
    "STATEMENT_PAGE",
    "STATE_LABELS",
    "OpenStatement",
    "open_statement",
    "period_of",
    "print_statement",
    "read_page",
    "read_statement",
    "writer_of",
]


class Writer(Protocol):
    """Writes a statement, a piece at a time."""

    def begin(self, opening: Balances) -> bytes:
        """Return what comes before the lines."""
        ...

    def line(self, line: StatementLine) -> bytes:
        """Return one line."""
        ...

    def end(self, closing: Balances) -> bytes:
        """Return what comes after the lines."""
        ...


@dataclass(frozen=True, slots=True)
class OpenStatement:
    """A statement whose lines are not read yet."""

    period: Period
    frame: Frame
    person: str

    @property
    def name(self) -> str:
        """The name of its file, without the ending."""
        return f"statement-{self.period.currency}-{self.period.first}-{self.period.last}"


async def read_statement(session: AsyncSession, actor: Actor, period: Period) -> StatementRead:
    """Return what a person had at the beginning and at the end of a period, and how much happened between."""
    frame = await StatementRepository(session).frame(actor.id, period, MAX_LINES[StatementFormat.CSV])
    return StatementRead(
        currency=period.currency,
        first=period.first,
        last=period.last,
        opening=amounts_of(frame.opening),
        closing=amounts_of(frame.closing),
        lines=len(frame.txns),
    )


async def open_statement(session: AsyncSession, actor: Actor, period: Period, wanted: StatementFormat) -> OpenStatement:
    """Return a statement of a person that may be written in this format.

    Raises:
        StatementTooLongError: It has more lines than such a file may have.
    """
    most = MAX_LINES[wanted]
    frame = await StatementRepository(session).frame(actor.id, period, most + 1)
    if len(frame.txns) > most:
        raise StatementTooLongError(params={"most": most})
    names = await identity.usernames(session, [actor.id])
    return OpenStatement(period, frame, names[actor.id])


async def read_page(
    session: AsyncSession, statement: OpenStatement, start: int, before: Mapping[MoneyState, int]
) -> list[StatementLine]:
    """Return the lines from a place on, at most a page of them.

    Args:
        session: A session.
        statement: The statement.
        start: The place of the first line.
        before: What the person had before it.
    """
    txns = await StatementRepository(session).transactions(statement.frame.txns[start : start + STATEMENT_PAGE])
    return list(read_lines(statement.frame, txns, before))


def writer_of(statement: OpenStatement, wanted: StatementFormat) -> Writer:
    """Return what writes a statement in a format that is written line by line."""
    if wanted is StatementFormat.CSV:
        return CsvStatement(statement.period)
    if wanted is StatementFormat.JSONL:
        return JsonStatement(statement.period)
    return BeancountStatement(statement.period, statement.frame)


async def print_statement(settings: Settings, statement: OpenStatement, lines: Sequence[StatementLine]) -> bytes:
    """Return a statement as PDF; no transaction is open meanwhile."""
    issuer = settings.operator_legal_name
    sheet = statement_sheet(statement.period, statement.frame, lines, statement.person, issuer, utc_now())
    return await asyncio.to_thread(papers.render, sheet)
