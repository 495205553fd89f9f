"""Use cases of papers: issue numbered papers, make their files afterwards, read them, and make samples."""

import asyncio
import hashlib
import tempfile
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.config import Settings
from app.core.i18n import _, use_locale
from app.core.ids import new_id
from app.core.resources import Resources
from app.core.security.rate_limits import Rate
from app.core.security.signing import Signer, same_secret
from app.core.unit_of_work import UnitOfWork
from app.features.authentication.service import Caller
from app.features.identity import service as identity
from app.features.legal import service as legal
from app.features.legal.schemas import LegalDetails
from app.features.papers import rules
from app.features.papers.errors import (
    NoEmailToSignError,
    PaperAlteredError,
    PaperBeingMadeError,
    PaperNotFoundError,
    PaperNotToSignError,
    WrongSignCodeError,
)
from app.features.papers.events import SignCodeRequested
from app.features.papers.repository import DocumentRepository, StoredPaper
from app.features.papers.rules import CURRENT_VERSION, format_amount, number_text
from app.features.papers.schemas import (
    Language,
    NewPaper,
    Occasion,
    Paper,
    PaperFile,
    PaperRead,
    Sheet,
    SignatureRead,
    SignMessage,
)
from app.gateways.paper_renderer import render_paper
from app.gateways.storage import ObjectMissingError, StorageUnavailableError, new_key, storage_of
from app.models.document import Document, DocumentFile, DocumentSignature, DocumentSignCode, PaperKind

MAKE_TASK = "papers.make"
CODES = Signer("paper-signature")
CODE_DIGITS = 6
CODE_LIFE = timedelta(minutes=10)
MAX_WRONG_CODES = 5
CODES_PER_ACCOUNT = Rate("paper-codes", 20, 3600)
__all__ = [
    "CURRENT_VERSION",
    "MAKE_TASK",
    "StoredPaper",
    "claim",
    "format_amount",
    "get_paper",
    "issue",
    "list_for",
    "list_of_contract",
    "list_of_contracts",
    "list_of_person",
    "make_file",
    "make_sample",
    "number_text",
    "read",
    "read_file",
    "record_file",
    "render",
    "send_code",
    "sign",
    "sign_message",
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


async def list_of_contracts(session: AsyncSession, contract_ids: Collection[UUID]) -> dict[UUID, list[StoredPaper]]:
    """Return the papers of each contract in the order in which they were issued."""
    return await DocumentRepository(session).of_contracts(contract_ids)


async def list_for(session: AsyncSession, contract_id: UUID, reader: Actor) -> list[PaperRead]:
    """Return the papers of a contract that concern a reader, the newest first."""
    repository = DocumentRepository(session)
    found = [paper for paper in await repository.of_contract(contract_id) if rules.may_read(paper.file, reader.id)]
    signatures = await repository.signatures_of(contract_id) if found else []
    return [_read_signed(paper, signatures, reader) for paper in reversed(found)]


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


async def send_code(uow: UnitOfWork, actor: Actor, document_id: UUID) -> None:
    """Send the actor a code to sign a paper with; it is bound to the checksum of the file. Emits `SignCodeRequested`.

    Raises:
        PaperNotFoundError: There is no such paper, or it does not concern the actor.
        PaperBeingMadeError: Its file is not made yet, so there is nothing to sign.
        PaperNotToSignError: It needs no signature of the actor, or has it.
        NoEmailToSignError: The account has no confirmed e-mail address.
        TooManyTriesError: Too many codes were asked for.
    """
    sha256 = await _signable(uow, actor, await get_paper(uow.session, document_id, actor))
    contact = await identity.contact_of(uow.session, actor.id)
    if contact is None or not contact.email or not contact.email_confirmed:
        raise NoEmailToSignError
    await uow.resources.limiter.hit(CODES_PER_ACCOUNT, str(actor.id))
    repository = DocumentRepository(uow.session)
    await repository.close_codes(document_id, actor.id)
    made = DocumentSignCode(id=new_id(), document_id=document_id, user_id=actor.id, sha256=sha256)
    await repository.insert(made)
    uow.emit(SignCodeRequested(user_id=str(actor.id), code_id=str(made.id)))


async def sign(uow: UnitOfWork, actor: Actor, paper: StoredPaper, code: str, caller: Caller) -> tuple[str, str]:
    """Sign a paper that concerns the actor by a code; who, when, from where and which checksum is recorded.

    Returns:
        The number of the paper, and the SHA-256 of its file in hexadecimal digits.

    Raises:
        PaperBeingMadeError: Its file is not made yet.
        PaperNotToSignError: It needs no signature of the actor, or has it.
        WrongSignCodeError: The code is wrong or too old.
    """
    sha256, document_id = await _signable(uow, actor, paper), paper.document.id
    repository = DocumentRepository(uow.session)
    sent = await repository.lock_code(document_id, actor.id, CODE_LIFE)
    if sent is None or sent.sha256 != sha256 or sent.attempts >= MAX_WRONG_CODES:
        raise WrongSignCodeError
    typed = "".join(code.split())
    if not any(same_secret(valid, typed) for valid in _codes(uow.resources.settings, sent)):
        sent.attempts += 1
        raise WrongSignCodeError
    await repository.close_codes(document_id, actor.id)
    await repository.insert(
        DocumentSignature(document_id=document_id, user_id=actor.id, sha256=sha256, ip=caller.address)
    )
    return rules.number_text(paper.document.series, paper.document.number), sha256


async def sign_message(session: AsyncSession, settings: Settings, code_id: UUID) -> SignMessage | None:
    """Return what the message with a code contains; None for one that is over."""
    sent = await DocumentRepository(session).get_code(code_id)
    if sent is None or sent.closed_at is not None:
        return None
    paper = await get_paper(session, sent.document_id)
    number = rules.number_text(paper.document.series, paper.document.number)
    return SignMessage(sent.document_id, number, sent.sha256, _codes(settings, sent)[0])


def _codes(settings: Settings, sent: DocumentSignCode) -> list[str]:
    """Return the valid codes, one for each secret in use; they depend on the checksum."""
    digests = CODES.candidates(settings, str(sent.id), str(sent.user_id), str(sent.document_id), sent.sha256)
    return [f"{int.from_bytes(digest[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}d}" for digest in digests]


async def _signable(uow: UnitOfWork, actor: Actor, paper: StoredPaper) -> str:
    """Return the checksum of a paper that waits for the actor's signature."""
    if not rules.signs(paper.document.kind, paper.file, actor.id):
        raise PaperNotToSignError
    if paper.sha256 is None:
        raise PaperBeingMadeError
    if await DocumentRepository(uow.session).has_signed(paper.document.id, actor.id):
        raise PaperNotToSignError
    return paper.sha256


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
    content = await asyncio.to_thread(render, Sheet.model_validate(paper.document.input))
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
        content = await asyncio.to_thread(render, Sheet.model_validate(paper.document.input))
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


def _read_signed(paper: StoredPaper, signatures: Sequence[DocumentSignature], reader: Actor) -> PaperRead:
    own = [it for it in signatures if it.document_id == paper.document.id]
    waits = rules.signs(paper.document.kind, paper.file, reader.id) and paper.sha256 is not None
    return read(paper).model_copy(
        update={
            "signatures": [
                SignatureRead(side=rules.side_of(paper.file, it.user_id), signed_at=it.signed_at, sha256=it.sha256)
                for it in own
            ],
            "can_sign": waits and all(it.user_id != reader.id for it in own),
        }
    )


def make_sample(paper: Paper, language: Language, created_at: datetime) -> bytes:
    """Return a paper marked as a sample, with the number zero."""
    number = rules.number_text(rules.series_of(paper.kind, paper.day), 0)
    corrects = rules.number_text(rules.series_of(PaperKind.INVOICE, paper.day), 0) if paper.reason else ""
    return render(_composed(paper, language, number, created_at, corrects=corrects, sample=True))


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


def render(sheet: Sheet) -> bytes:
    """Return the file of a sheet; the same sheet gives the same bytes."""
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
