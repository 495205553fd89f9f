"""What the edges of this room and of those above share: taking the bytes of a form in, and reading its files."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect

from app.core.actor import Actor
from app.core.body_limits import LongBody
from app.core.errors import DomainError
from app.core.http import PostedForm, connection_resources
from app.core.resources import Resources
from app.core.uow import unit_of_work
from app.features.files import rules, service
from app.features.files.errors import StorageDownError
from app.features.files.schemas import UploadRead
from app.features.identity.access import CurrentActor
from app.gateways.spool import SpoolFullError, spool_of
from app.models.file import File, SubjectKind

log = structlog.get_logger()

FORM_OVERHEAD = 65_536
"""What a form may add to the bytes of its file."""
FORMS_AT_ONCE = 4
"""Forms of one process whose files are taken in at once: each file takes several transactions, and others need some."""
FIELD = "files"
"""What a form calls the ids of its files."""
NEW = "_new"
"""What the file input of a field is called beside the ids that it yields: `files` and `files_new`."""


async def take(
    resources: Resources, actor: Actor, kind: SubjectKind, upload: UploadFile, replaces: UUID | None = None
) -> File:
    """Take one file of a form in: announced, kept, and handed to whoever looks at it.

    It opens two short transactions around the slow part. What fails leaves nothing behind and nothing charged.
    """
    async with unit_of_work(resources) as uow:
        file = await service.announce(uow, actor, kind, upload.filename or "", upload.size or 0, replaces)
        key = await service.source_key(uow.session, file.id)
    try:
        try:
            await asyncio.to_thread(spool_of(resources.settings).keep, file.id, upload.file)
        except SpoolFullError as error:
            raise StorageDownError from error
        digest = await service.keep_bytes(resources, file.id, key)
        async with unit_of_work(resources) as uow:
            return await service.arrived(uow, file.id, digest)
    finally:
        # Nothing to give up once it arrived; then only the copy of this machine goes.
        async with unit_of_work(resources) as uow:
            await service.give_up(uow, file.id)


async def take_piece(request: Request, actor: Actor, file_id: UUID, offset: int) -> UploadRead:
    """Add the body of a request to an upload; with the last byte the file is kept and handed to whoever looks at it.

    A piece that was answered and whose answer got lost may be sent again, empty: nothing happens twice.
    """
    resources = connection_resources(request)
    async with resources.read_sessions() as session:
        upload = await service.find_upload(session, resources.settings, actor, file_id)
    if upload.whole:
        return upload
    length = offset
    try:
        length = await service.receive(resources, upload, offset, request.stream())
    except ClientDisconnect:
        # Nobody reads the answer; what arrived stays.
        await log.ainfo("upload_broke", file_id=str(file_id))
    finally:
        async with unit_of_work(resources) as uow:
            await service.touch(uow, file_id)
    if length == upload.size and spool_of(resources.settings).length(file_id) == length:
        async with resources.read_sessions() as session:
            key = await service.source_key(session, file_id)
        digest = await service.keep_bytes(resources, file_id, key)
        async with unit_of_work(resources) as uow:
            await service.arrived(uow, file_id, digest)
        await asyncio.to_thread(spool_of(resources.settings).drop, file_id)
    async with resources.read_sessions() as session:
        return await service.find_upload(session, resources.settings, actor, file_id)


def form_with_files(path: str) -> LongBody:
    """Let a page's form at this address (a pattern) bring files; the room of the page lists it in `app/main.py`."""
    return LongBody("POST", re.compile(path), "multipart/form-data", rules.LONGEST_FILE + FORM_OVERHEAD)


def sent_ids(form: FormData, name: str) -> list[UUID]:
    """Return the ids that a field of files yields; what is no id is left aside."""
    return ids_in(form.getlist(name))


def ids_in(values: Iterable[object]) -> list[UUID]:
    """Return the ids among the values of a field."""
    found: list[UUID] = []
    for value in values:
        if isinstance(value, str):
            with suppress(ValueError):
                found.append(UUID(value))
    return found


@dataclass(frozen=True, slots=True)
class SentFiles:
    """The files of a posted form, taken in before any transaction of the request."""

    known: Sequence[UUID]
    """The ids that the form named."""
    stored: Sequence[UUID]
    """All files of the form in its order; only the known ones where a new one was refused."""
    refusal: DomainError | None = None

    @property
    def ids(self) -> Sequence[UUID]:
        """Return the ids of all files of the form in its order.

        Raises:
            DomainError: One of those that came with the form was refused.
        """
        if self.refusal is not None:
            raise self.refusal
        return self.stored


def files_of_form(kind: SubjectKind) -> Callable[..., Awaitable[SentFiles]]:
    """Return the dependency that takes in the files of a posted form, once it is known who sends them.

    A refusal is kept for the endpoint, which shows the form again with it.
    """

    async def take_in(request: Request, actor: CurrentActor, form: PostedForm) -> SentFiles:
        known = sent_ids(form, FIELD)
        try:
            return SentFiles(known, await _ids_of(connection_resources(request), actor, form, kind))
        except DomainError as refusal:
            return SentFiles(known, known, refusal)

    return take_in


async def _ids_of(resources: Resources, actor: Actor, form: FormData, kind: SubjectKind) -> Sequence[UUID]:
    """Return the ids of a form's files: those uploaded before, then those that came with the form itself.

    Without JavaScript a browser sends the bytes within the form; they are taken in here. Boxes that say `remove` take
    an id away again. Where a choice says what is replaced, the first of the new files becomes its next version.
    """
    removed = set(sent_ids(form, f"{FIELD}_remove"))
    ids = [file_id for file_id in sent_ids(form, FIELD) if file_id not in removed]
    sent = [item for item in form.getlist(f"{FIELD}{NEW}") if isinstance(item, UploadFile) and item.filename]
    old = next((file_id for file_id in sent_ids(form, f"{FIELD}_replaces") if file_id in ids), None)
    if not sent:
        return ids
    async with _taking_in(resources):
        taken = [(await take(resources, actor, kind, new, None if place else old)).id for place, new in enumerate(sent)]
    if old:
        ids[ids.index(old)] = taken.pop(0)
    return [*ids, *taken]


def _taking_in(resources: Resources) -> asyncio.Semaphore:
    """Return what lets a few forms of this process at a time take in their files; the others hold no connection."""
    made = resources.extras.get("taking_in")
    if not isinstance(made, asyncio.Semaphore):
        made = resources.extras["taking_in"] = asyncio.Semaphore(FORMS_AT_ONCE)
    return made


OrderFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.ORDER), scope="function")]
ProposalFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.PROPOSAL), scope="function")]
MessageFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.MESSAGE), scope="function")]
AvatarFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.AVATAR), scope="function")]
PortfolioFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.PORTFOLIO), scope="function")]
