"""Queries for papers and the counters of their series."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.document import Document, DocumentSeries


class DocumentRepository:
    """Queries for papers."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def take_number(self, series: str) -> int:
        """Return the next number of a series and lock its counter until the transaction ends.

        A transaction that is rolled back returns its number, so no number is left out.
        """
        first = insert(DocumentSeries).values(series=series, last_number=1)
        taken = first.on_conflict_do_update(
            index_elements=["series"], set_={"last_number": DocumentSeries.last_number + 1}
        )
        return (await self._session.execute(taken.returning(DocumentSeries.last_number))).scalar_one()

    async def add(self, document: Document) -> None:
        """Insert a paper."""
        self._session.add(document)
        await self._session.flush()

    async def get(self, document_id: UUID) -> Document | None:
        """Return a paper, or None."""
        return (await self._session.execute(select(Document).where(Document.id == document_id))).scalar_one_or_none()
