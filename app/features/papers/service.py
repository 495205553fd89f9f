"""Use cases of papers: issue a numbered paper, make its file again, and make samples."""

import asyncio
import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc_now
from app.core.i18n import use_locale
from app.core.ids import new_id
from app.core.unit_of_work import UnitOfWork
from app.features.legal import service as legal
from app.features.papers import rules
from app.features.papers.errors import PaperAlteredError, PaperNotFoundError
from app.features.papers.repository import DocumentRepository
from app.features.papers.schemas import Language, Paper, Sheet
from app.gateways.paper_renderer import render_paper
from app.models.document import Document, PaperKind


async def issue(uow: UnitOfWork, paper: Paper, language: Language, *, corrects_id: UUID | None = None) -> Document:
    """Give a paper the next number of its series and store it, in the transaction of what it is about.

    The counter of the series stays locked until that transaction ends, so issue papers last.

    Raises:
        PaperNotFoundError: There is no paper with the id `corrects_id`.
    """
    repository = DocumentRepository(uow.session)
    corrected = None if corrects_id is None else await _get(uow.session, corrects_id)
    series = rules.series_of(paper.kind, paper.day)
    number = await repository.take_number(series)
    now = utc_now()
    sheet = _composed(
        paper,
        language,
        rules.number_text(series, number),
        now,
        corrects="" if corrected is None else rules.number_text(corrected.series, corrected.number),
    )
    document = Document(
        id=new_id(),
        series=series,
        number=number,
        kind=paper.kind,
        language=language,
        sentences_version=sheet.version,
        input=sheet.model_dump(mode="json", by_alias=True),
        sha256=hashlib.sha256(await asyncio.to_thread(_render, sheet)).hexdigest(),
        corrects_id=corrects_id,
        created_at=now,
    )
    await repository.add(document)
    return document


async def read_file(session: AsyncSession, document_id: UUID) -> bytes:
    """Return the PDF of a paper, made again from what was stored.

    Raises:
        PaperNotFoundError: There is no such paper.
        PaperAlteredError: The file is not the one that was issued.
    """
    document = await _get(session, document_id)
    file = await asyncio.to_thread(_render, Sheet.model_validate(document.input))
    if hashlib.sha256(file).hexdigest() != document.sha256:
        raise PaperAlteredError
    return file


def make_sample(paper: Paper, language: Language, created_at: datetime) -> bytes:
    """Return a paper marked as a sample, with the number zero."""
    number = rules.number_text(rules.series_of(paper.kind, paper.day), 0)
    corrects = rules.number_text(rules.series_of(PaperKind.INVOICE, paper.day), 0) if paper.reason else ""
    return _render(_composed(paper, language, number, created_at, corrects=corrects, sample=True))


def _composed(
    paper: Paper, language: Language, number: str, created_at: datetime, *, corrects: str = "", sample: bool = False
) -> Sheet:
    with use_locale(language):
        details = {role: legal.shown_details(party) for role, party in paper.parties.items()}
    return rules.compose(paper, language, number, created_at, details, corrects=corrects, sample=sample)


def _render(sheet: Sheet) -> bytes:
    return render_paper(sheet.model_dump_json(by_alias=True), sheet.version, sheet.created_at)


async def _get(session: AsyncSession, document_id: UUID) -> Document:
    document = await DocumentRepository(session).get(document_id)
    if document is None:
        raise PaperNotFoundError
    return document
