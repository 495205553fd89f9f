"""Queries for papers in the log: those whose file is made wait to be sealed as transactions do."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.transparency.schemas import PaperEntry, SealedPaper

PAPER = """
    paper_leaves.document_id::text, documents.series, documents.number, documents.kind, document_files.sha256,
    document_files.contract_id::text, document_files.milestone_id::text,
    to_char(documents.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
SOURCE = """
    FROM paper_leaves JOIN documents ON documents.id = paper_leaves.document_id
    JOIN document_files ON document_files.document_id = documents.id"""
WAITING = f"""
    SELECT {PAPER} {SOURCE} WHERE paper_leaves.position IS NULL
    ORDER BY paper_leaves.document_id LIMIT :most"""
BETWEEN = f"""
    SELECT paper_leaves.position, {PAPER} {SOURCE}
    WHERE paper_leaves.position >= :first AND paper_leaves.position < :until"""
OWN = f"""
    SELECT paper_leaves.position, leaf.salt, leaf.hash, {PAPER} {SOURCE}
    JOIN ledger.leaf ON leaf.position = paper_leaves.position
    WHERE (document_files.client_id = :person OR document_files.freelancer_id = :person)
        AND paper_leaves.position < :size
    ORDER BY paper_leaves.position"""
PLACE = """
    UPDATE paper_leaves SET position = placed.position
    FROM unnest(CAST(:documents AS uuid[]), CAST(:positions AS bigint[])) AS placed (document_id, position)
    WHERE paper_leaves.document_id = placed.document_id"""


class PaperLogRepository:
    """Queries for papers in the log."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def waiting(self, most: int) -> list[PaperEntry]:
        """Return papers that wait to be sealed, in the order in which they were issued."""
        return [PaperEntry(*row) for row in await self._session.execute(text(WAITING), {"most": most})]

    async def between(self, first: int, until: int) -> dict[int, PaperEntry]:
        """Return the papers from a position up to another."""
        rows = await self._session.execute(text(BETWEEN), {"first": first, "until": until})
        return {row[0]: PaperEntry(*row[1:]) for row in rows}

    async def sealed(self, first: int, until: int, most: int) -> list[tuple[int, UUID]]:
        """Return position and id of so many papers from a position up to another, in rising positions."""
        query = """
            SELECT position, document_id FROM paper_leaves
            WHERE position >= :first AND position < :until ORDER BY position LIMIT :most"""
        values = {"first": first, "until": until, "most": most}
        return [(row[0], row[1]) for row in await self._session.execute(text(query), values)]

    async def of_person(self, person: UUID, size: int) -> list[SealedPaper]:
        """Return the papers that a person may read, below a size of the log, in rising positions."""
        rows: Sequence[Sequence[Any]] = (await self._session.execute(text(OWN), {"person": person, "size": size})).all()
        return [SealedPaper(row[0], row[1], row[2], PaperEntry(*row[3:])) for row in rows]

    async def place(self, positions: Mapping[str, int]) -> None:
        """Record the places of papers in the log."""
        await self._session.execute(text(PLACE), {"documents": list(positions), "positions": list(positions.values())})
