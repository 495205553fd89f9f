"""Use cases of papers: issue numbered papers, make their files afterwards, read them, and make samples."""

import asyncio
import hashlib
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.i18n import _, use_locale
from app.core.ids import new_id
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.legal import service as legal
from app.features.legal.schemas import LegalDetails
from app.features.papers import rules
from app.features.papers.errors import PaperAlteredError, PaperBeingMadeError, PaperNotFoundError
from app.features.papers.repository import DocumentRepository, StoredPaper
from app.features.papers.schemas import Language, NewPaper, Occasion, Paper, PaperFile, PaperRead, Sheet
from app.gateways.paper_renderer import render_paper
from app.gateways.storage import ObjectMissingError, StorageUnavailableError, new_key, storage_of
from app.models.document import Document, DocumentFile, PaperKind

MAKE_TASK = "papers.make"
__all__ = [
    "MAKE_TASK",
    "StoredPaper",
    "claim",
    "get_paper",
    "issue",
    "list_for",
    "list_of_contract",
    "list_of_person",
    "make_file",
    "make_sample",
    "read",
    "read_file",
    "record_file",
    "terms_for",
]


async def issue(uow: UnitOfWork, *new: NewPaper) -> list[Document]:
    """Give papers the next numbers of their series and store them, in the transaction of what they are about.

    Their files are made afterwards by a task. The counters of the series stay locked until that transaction ends, so
    issue papers last, and all of a transaction at once: counters are locked in the order of their names. A paper that
    names no contract refers to the contract that is issued with it.

    Raises:
        PaperNotFoundError: There is no paper with an id of `corrects_id`.
    """
    repository = DocumentRepository(uow.session)
    wanted = {item.corrects_id for item in new if item.corrects_id is not None}
    corrected = await repository.get_all(wanted)
    if corrected.keys() != wanted:
        raise PaperNotFoundError
    now = utc_now()
    numbered: list[tuple[NewPaper, str, int]] = []
    for item in sorted(new, key=lambda item: rules.series_of(item.paper.kind, item.paper.day)):
        series = rules.series_of(item.paper.kind, item.paper.day)
        numbered.append((item, series, await repository.take_number(series)))
    contracts = [
        (rules.number_text(series, number), item.paper.day)
        for item, series, number in numbered
        if item.paper.kind is PaperKind.CONTRACT
    ]
    documents = [
        _document(rules.with_contract(item, contracts), series, number, corrected, now)
        for item, series, number in numbered
    ]
    await repository.add(documents, [_file_of(row[0], made) for row, made in zip(numbered, documents, strict=True)])
    uow.trigger_task(MAKE_TASK)
    return documents


def terms_for(client: LegalDetails, freelancer: LegalDetails) -> tuple[Language, frozenset[Occasion]]:
    """Return the language of the papers of a deal between two parties, and what papers are issued for."""
    pack = rules.pack_for(legal.get_forms(client.country).pack, legal.get_forms(freelancer.country).pack)
    return pack.language, rules.occasions(pack, client.kind, freelancer.kind)


async def list_of_contract(session: AsyncSession, contract_id: UUID) -> Sequence[StoredPaper]:
    """Return the papers of a contract in the order in which they were issued."""
    return await DocumentRepository(session).of_contract(contract_id)


async def list_for(session: AsyncSession, contract_id: UUID, reader: Actor) -> list[PaperRead]:
    """Return the papers of a contract that concern a reader, the newest first."""
    found = await DocumentRepository(session).of_contract(contract_id)
    return [read(paper) for paper in reversed(found) if rules.may_read(paper.file, reader.id)]


async def list_of_person(session: AsyncSession, user_id: UUID) -> Sequence[StoredPaper]:
    """Return the papers that a person may read, in the order in which they were issued."""
    return await DocumentRepository(session).of_person(user_id)


async def get_paper(session: AsyncSession, document_id: UUID, reader: Actor | None = None) -> StoredPaper:
    """Return a paper: to everybody who works for the site, or to a reader that it concerns.

    Raises:
        PaperNotFoundError: There is no such paper, or it does not concern the reader.
    """
    paper = await DocumentRepository(session).get(document_id)
    if paper is None or (reader is not None and not rules.may_read(paper.file, reader.id)):
        raise PaperNotFoundError
    return paper


async def claim(uow: UnitOfWork) -> UUID | None:
    """Return a paper whose file is to be made now; if that fails, it is tried again later."""
    return await DocumentRepository(uow.session).claim()


async def record_file(uow: UnitOfWork, document_id: UUID, sha256: str) -> None:
    """Record the checksum of the file that was made and stored."""
    await DocumentRepository(uow.session).record_file(document_id, sha256)


async def make_file(resources: Resources, paper: StoredPaper) -> str:
    """Make the file of a paper, store it, and return its checksum; no transaction is open meanwhile.

    Raises:
        StorageUnavailableError: The storage does not answer.
    """
    content = await asyncio.to_thread(_render, Sheet.model_validate(paper.document.input))
    if paper.file is not None:
        await _store(resources, paper.file.storage_key, content)
    return hashlib.sha256(content).hexdigest()


async def read_file(resources: Resources, paper: StoredPaper) -> PaperFile:
    """Return the file of a paper: the stored one, or, where the storage has lost it, the same made again.

    Raises:
        PaperBeingMadeError: It is not made yet.
        PaperAlteredError: The stored file, and the one made again, are not the one that was issued.
    """
    if paper.sha256 is None:
        raise PaperBeingMadeError
    content = await _stored(resources, paper)
    if content is None or hashlib.sha256(content).hexdigest() != paper.sha256:
        content = await asyncio.to_thread(_render, Sheet.model_validate(paper.document.input))
        if hashlib.sha256(content).hexdigest() != paper.sha256:
            raise PaperAlteredError
    number = rules.number_text(paper.document.series, paper.document.number)
    return PaperFile(f"{number}.pdf", content, paper.sha256)


def read(paper: StoredPaper) -> PaperRead:
    """Return a paper as those whom it concerns read it."""
    document = paper.document
    return PaperRead(
        id=document.id,
        number=rules.number_text(document.series, document.number),
        kind=document.kind,
        kind_words=_(rules.KIND_LABELS[document.kind]),
        issued_at=document.created_at,
        sha256=paper.sha256,
        milestone_id=paper.file.milestone_id if paper.file is not None else None,
    )


def make_sample(paper: Paper, language: Language, created_at: datetime) -> bytes:
    """Return a paper marked as a sample, with the number zero."""
    number = rules.number_text(rules.series_of(paper.kind, paper.day), 0)
    corrects = rules.number_text(rules.series_of(PaperKind.INVOICE, paper.day), 0) if paper.reason else ""
    return _render(_composed(paper, language, number, created_at, corrects=corrects, sample=True))


def _document(new: NewPaper, series: str, number: int, corrected: dict[UUID, Document], now: datetime) -> Document:
    old = None if new.corrects_id is None else corrected[new.corrects_id]
    sheet = _composed(
        new.paper,
        new.language,
        rules.number_text(series, number),
        now,
        corrects="" if old is None else rules.number_text(old.series, old.number),
    )
    return Document(
        id=new_id(),
        series=series,
        number=number,
        kind=new.paper.kind,
        language=new.language,
        sentences_version=sheet.version,
        input=sheet.model_dump(mode="json", by_alias=True),
        corrects_id=new.corrects_id,
        created_at=now,
    )


def _file_of(new: NewPaper, document: Document) -> DocumentFile:
    return DocumentFile(
        document_id=document.id,
        contract_id=new.contract_id,
        milestone_id=new.milestone_id,
        client_id=new.client_id,
        freelancer_id=new.freelancer_id,
        storage_key=new_key(),
    )


def _composed(
    paper: Paper, language: Language, number: str, created_at: datetime, *, corrects: str = "", sample: bool = False
) -> Sheet:
    with use_locale(language):
        details = {role: legal.shown_details(party) for role, party in paper.parties.items()}
    return rules.compose(paper, language, number, created_at, details, corrects=corrects, sample=sample)


def _render(sheet: Sheet) -> bytes:
    return render_paper(sheet.model_dump_json(by_alias=True), sheet.version, sheet.created_at)


async def _store(resources: Resources, key: str, content: bytes) -> None:
    folder = resources.settings.data_dir / "papers"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        source = Path(name) / "paper.pdf"
        await asyncio.to_thread(source.write_bytes, content)
        await storage_of(resources).put(key, source)


async def _stored(resources: Resources, paper: StoredPaper) -> bytes | None:
    """Return the stored bytes; None where there are none, or the storage does not answer."""
    if paper.file is None:
        return None
    try:
        return b"".join([piece async for piece in storage_of(resources).read(paper.file.storage_key)])
    except (ObjectMissingError, StorageUnavailableError):
        return None
