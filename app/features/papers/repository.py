"""Queries for papers, the counters of their series, and their files."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.document import Document, DocumentFile, DocumentSeries, DocumentSignature, DocumentSignCode

FIRST_RETRY, LAST_RETRY = timedelta(seconds=20), timedelta(hours=1)
"""The pause after a failed attempt doubles from the first to the last."""
MAX_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class StoredPaper:
    """A paper with its file; papers of the first release have none."""

    document: Document
    file: DocumentFile | None

    @property
    def sha256(self) -> str | None:
        """The checksum of the file, None while it is being made."""
        return self.file.sha256 if self.file is not None else self.document.sha256


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

    async def add(self, documents: Sequence[Document], files: Sequence[DocumentFile]) -> None:
        """Insert papers, then what is known of their files."""
        for rows in (documents, files):
            self._session.add_all(rows)
            await self._session.flush()

    async def get(self, document_id: UUID) -> StoredPaper | None:
        """Return a paper, or None."""
        found = await self._papers(Document.id == document_id)
        return found[0] if found else None

    async def get_all(self, document_ids: Collection[UUID]) -> dict[UUID, Document]:
        """Return papers by their ids."""
        found = await self._papers(Document.id.in_(document_ids)) if document_ids else []
        return {paper.document.id: paper.document for paper in found}

    async def of_contract(self, contract_id: UUID) -> Sequence[StoredPaper]:
        """Return the papers of a contract in the order in which they were issued."""
        return await self._papers(DocumentFile.contract_id == contract_id)

    async def of_contracts(self, contract_ids: Collection[UUID]) -> dict[UUID, list[StoredPaper]]:
        """Return the papers of each contract in the order in which they were issued."""
        found: dict[UUID, list[StoredPaper]] = {key: [] for key in contract_ids}
        for paper in await self._papers(DocumentFile.contract_id.in_(contract_ids)):
            if paper.file is not None and paper.file.contract_id is not None:
                found[paper.file.contract_id].append(paper)
        return found

    async def of_person(self, user_id: UUID) -> Sequence[StoredPaper]:
        """Return the papers that a person may read, in the order in which they were issued."""
        return await self._papers(or_(DocumentFile.client_id == user_id, DocumentFile.freelancer_id == user_id))

    async def claim(self) -> UUID | None:
        """Return a paper whose file is to be made now, and set its next attempt to later."""
        waiting = (
            select(DocumentFile.document_id)
            .where(DocumentFile.sha256.is_(None), DocumentFile.next_try_at <= func.now())
            .order_by(DocumentFile.next_try_at)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        doubled = FIRST_RETRY * func.power(2, func.least(DocumentFile.attempts, MAX_DOUBLINGS))
        statement = (
            update(DocumentFile)
            .where(DocumentFile.document_id == waiting)
            .values(attempts=DocumentFile.attempts + 1, next_try_at=func.now() + func.least(doubled, LAST_RETRY))
            .returning(DocumentFile.document_id)
            .execution_options(synchronize_session=False)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def signatures_of(self, contract_id: UUID) -> Sequence[DocumentSignature]:
        """Return the signatures of the papers of a contract, oldest first."""
        statement = (
            select(DocumentSignature)
            .join(DocumentFile, DocumentFile.document_id == DocumentSignature.document_id)
            .where(DocumentFile.contract_id == contract_id)
            .order_by(DocumentSignature.signed_at)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def has_signed(self, document_id: UUID, user_id: UUID) -> bool:
        """Tell whether a person has signed a paper."""
        return await self._session.get(DocumentSignature, (document_id, user_id)) is not None

    async def insert(self, row: DocumentSignature | DocumentSignCode) -> None:
        """Insert a signature or a code."""
        self._session.add(row)
        await self._session.flush()

    async def get_code(self, code_id: UUID) -> DocumentSignCode | None:
        """Return a code, or None."""
        return await self._session.get(DocumentSignCode, code_id)

    async def close_codes(self, document_id: UUID, user_id: UUID) -> None:
        """End the codes of a person for a paper."""
        statement = update(DocumentSignCode).where(
            DocumentSignCode.document_id == document_id,
            DocumentSignCode.user_id == user_id,
            DocumentSignCode.closed_at.is_(None),
        )
        await self._session.execute(statement.values(closed_at=func.now()).execution_options(synchronize_session=False))

    async def lock_code(self, document_id: UUID, user_id: UUID, life: timedelta) -> DocumentSignCode | None:
        """Lock the code of a person for a paper that is not over yet, so that guesses are counted one by one."""
        statement = (
            select(DocumentSignCode)
            .where(
                DocumentSignCode.document_id == document_id,
                DocumentSignCode.user_id == user_id,
                DocumentSignCode.closed_at.is_(None),
                DocumentSignCode.sent_at > func.now() - life,
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalars().first()

    async def record_file(self, document_id: UUID, sha256: str) -> None:
        """Record the checksum of a file that is stored now; that of one made before stays."""
        statement = (
            update(DocumentFile)
            .where(DocumentFile.document_id == document_id, DocumentFile.sha256.is_(None))
            .values(sha256=sha256, made_at=func.now())
            .execution_options(synchronize_session=False)
        )
        await self._session.execute(statement)

    async def _papers(self, condition: ColumnElement[bool]) -> Sequence[StoredPaper]:
        statement = (
            select(Document, DocumentFile)
            .outerjoin(DocumentFile, DocumentFile.document_id == Document.id)
            .where(condition)
            .order_by(Document.id)
        )
        return [StoredPaper(row[0], row[1]) for row in await self._session.execute(statement)]
