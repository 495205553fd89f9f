"""Use cases of files that take several transactions: bytes are transferred between them, never inside one."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import BinaryIO, Protocol
from uuid import UUID

import structlog

from app.core.actor import Actor
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.files import service
from app.features.files.errors import (
    FileDamagedError,
    FileTooLargeError,
    NoSuchFileError,
    StorageDownError,
    UploadInterruptedError,
)
from app.features.files.schemas import UploadRead
from app.features.files.service import Content, InspectionJob, ReservedUpload, SourceLostError
from app.gateways.malware_scanner import ScannerUnavailableError
from app.gateways.storage import Digest, StorageUnavailableError, StoredObject, storage_of
from app.gateways.upload_spool import SpoolFullError, spool_of
from app.models.file import File, SubjectKind

log = structlog.get_logger()

MAX_BATCHES = 20
"""Maximum per run; the rest is processed by the next one."""
SCRUB_SECONDS = 8.0
"""No new verification starts after this time."""
LISTED = 500
PROCESS_SECONDS = 4.0
"""No new check starts after this time, so that even a slow one ends within the time limit of the task."""


class SentFile(Protocol):
    """A file uploaded with a form."""

    @property
    def filename(self) -> str | None:
        """Its name, as sent by the client."""
        ...

    @property
    def size(self) -> int | None:
        """Its length in bytes."""
        ...

    @property
    def file(self) -> BinaryIO:
        """Its bytes."""
        ...


async def store_uploads(
    resources: Resources, actor: Actor, kind: SubjectKind, uploads: Sequence[tuple[SentFile, UUID | None]]
) -> list[File]:
    """Upload the files of a form: register them, store them and queue them for their check, all or none.

    Each comes with the id of the file that it replaces. Two short transactions enclose the slow part, whatever
    the number of files. A failure leaves nothing behind and charges nothing.
    """
    sent = [service.NewUpload(file.filename or "", file.size or 0, replaces) for file, replaces in uploads]
    async with unit_of_work(resources) as uow:
        reserved = await service.reserve_uploads(uow, actor, kind, sent)
    try:
        stored = {
            item.file.id: (item.key, await _store(resources, item, file))
            for item, (file, _replaces) in zip(reserved, uploads, strict=True)
        }
        async with unit_of_work(resources) as uow:
            return await service.complete_uploads(uow, stored)
    except BaseException:
        # A completed upload is not aborted.
        async with unit_of_work(resources) as uow:
            await service.abort_uploads(uow, [item.file.id for item in reserved])
        raise


async def _store(resources: Resources, item: ReservedUpload, sent: SentFile) -> Digest:
    """Copy the bytes of one file of a form to the storage; the local copy is removed afterwards."""
    spool = spool_of(resources.settings)
    try:
        await asyncio.to_thread(spool.keep, item.file.id, sent.file)
    except SpoolFullError as error:
        raise StorageDownError from error
    digest = await service.store_bytes(resources, item.file.id, item.key)
    await asyncio.to_thread(spool.drop, item.file.id)
    return digest


async def receive_piece(
    resources: Resources, actor: Actor, file_id: UUID, offset: int, pieces: AsyncIterator[bytes]
) -> UploadRead:
    """Append a piece to an upload as it arrives; after the last byte the file is stored and queued for its check.

    A client that lost the response to the last piece may send it again, empty: nothing happens twice.
    """
    async with resources.read_sessions() as session:
        upload, key = await service.find_upload_with_key(session, resources.settings, actor, file_id)
    if upload.whole:
        return upload
    length = offset
    try:
        length = await service.receive(resources, upload, offset, pieces)
    except UploadInterruptedError:
        # Nobody reads the response; the received bytes stay.
        await log.ainfo("upload_broke", file_id=str(file_id))
    finally:
        async with unit_of_work(resources) as uow:
            file = await service.touch(uow, file_id)
    if file is None:
        raise NoSuchFileError
    if length == upload.size and spool_of(resources.settings).length(file_id) == length:
        try:
            digest = await service.store_bytes(resources, file_id, key)
        except FileTooLargeError:
            # Sending it again would not help.
            async with unit_of_work(resources) as uow:
                await service.abort_uploads(uow, [file_id])
            raise
        async with unit_of_work(resources) as uow:
            file = (await service.complete_uploads(uow, {file_id: (key, digest)}))[0]
        await asyncio.to_thread(spool_of(resources.settings).drop, file_id)
    return service.progress_of(resources.settings, file)


async def read_pieces(resources: Resources, content: Content, start: int, end: int) -> AsyncGenerator[bytes]:
    """Yield the bytes; if they are damaged, mark the file as damaged once."""
    try:
        async for piece in service.pieces(resources, content, start, end):
            yield piece
    except FileDamagedError:
        async with unit_of_work(resources) as uow:
            await service.mark_damaged(uow, content.file_id, content.key)
        raise


async def process_files(resources: Resources) -> None:
    """Check uploaded files, one after the other."""
    began = time.monotonic()
    while time.monotonic() - began < PROCESS_SECONDS:
        async with unit_of_work(resources) as uow:
            work = await service.claim_file(uow)
        if work is None:
            return
        await _process(resources, work)


async def _process(resources: Resources, work: InspectionJob) -> None:
    with structlog.contextvars.bound_contextvars(file_id=str(work.file_id)):
        try:
            findings = await service.examine(resources, work)
        except (SourceLostError, StorageUnavailableError, ScannerUnavailableError) as error:
            lost, unscanned = isinstance(error, SourceLostError), isinstance(error, ScannerUnavailableError)
            async with unit_of_work(resources) as uow:
                again = await service.retry_inspection_later(uow, work, lost=lost, unscanned=unscanned)
            await log.awarning("file_put_off", error=type(error).__name__, reason=str(error), again=str(again))
            return
        async with unit_of_work(resources) as uow:
            await service.settle_file(uow, work, findings)
        await log.ainfo("file_seen", refusal=findings.refusal)


async def sweep_files(resources: Resources) -> None:
    """Remove unfinished uploads and unattached files, then the bytes whose grace period is over."""
    for _batch in range(MAX_BATCHES):
        async with unit_of_work(resources) as uow:
            if not await service.remove_abandoned_files(uow):
                break
    for _batch in range(MAX_BATCHES):
        async with unit_of_work(resources) as uow:
            keys = await service.keys_due_for_deletion(uow)
        if not keys:
            break
        # First the bytes, then the row: a run that dies in between removes missing bytes again, which is no error.
        await storage_of(resources).remove(keys)
        async with unit_of_work(resources) as uow:
            await service.delete_object_rows(uow, keys)
    await service.tidy_spool(resources)


async def remove_orphans(resources: Resources) -> None:
    """Remove objects without a row, which a worker stored and could not record."""
    listed: list[StoredObject] = []
    async for item in storage_of(resources).objects():
        listed.append(item)
        if len(listed) == LISTED:
            await _remove_orphans(resources, listed)
            listed = []
    await _remove_orphans(resources, listed)


async def _remove_orphans(resources: Resources, listed: list[StoredObject]) -> None:
    async with unit_of_work(resources) as uow:
        orphans = await service.orphan_keys(uow, listed)
    if orphans:
        await storage_of(resources).remove(orphans)
        await log.awarning("orphans_removed", count=len(orphans))


async def scrub_files(resources: Resources) -> None:
    """Verify the objects that were verified longest ago, and stop serving damaged ones."""
    began = time.monotonic()
    while time.monotonic() - began < SCRUB_SECONDS:
        async with unit_of_work(resources) as uow:
            checked = await service.next_object_to_verify(uow)
        if checked is None:
            return
        if not await service.is_intact(resources, checked):
            async with unit_of_work(resources) as uow:
                await service.report_damage(uow, checked)
        elif checked.damaged:
            await _heal(resources, checked)


async def _heal(resources: Resources, checked: service.Checked) -> None:
    """Serve a file again that was marked as damaged, if all its objects are intact now."""
    async with resources.read_sessions() as session:
        others = await service.other_objects(session, checked)
    for other in others:
        if not await service.is_intact(resources, other):
            return
    async with unit_of_work(resources) as uow:
        await service.report_healed(uow, checked)
