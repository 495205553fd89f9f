"""Use cases of files that take several transactions: bytes are transferred between them, never inside one."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import BinaryIO, Protocol
from uuid import UUID

import structlog

from app.core.actor import Actor
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.files import service
from app.features.files.errors import FileDamagedError, StorageDownError, UploadInterruptedError
from app.features.files.schemas import UploadRead
from app.features.files.service import Content, InspectionJob, SourceLostError
from app.gateways.malware_scanner import ScannerUnavailableError
from app.gateways.storage import StorageUnavailableError, StoredObject, storage_of
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


async def store_upload(
    resources: Resources, actor: Actor, kind: SubjectKind, upload: SentFile, replaces: UUID | None = None
) -> File:
    """Upload one file of a form: register it, store it and queue it for its check.

    It opens two short transactions around the slow part. A failure leaves nothing behind and charges nothing.
    """
    async with unit_of_work(resources) as uow:
        file = await service.reserve_upload(uow, actor, kind, upload.filename or "", upload.size or 0, replaces)
        key = await service.source_key(uow.session, file.id)
    try:
        try:
            await asyncio.to_thread(spool_of(resources.settings).keep, file.id, upload.file)
        except SpoolFullError as error:
            raise StorageDownError from error
        digest = await service.store_bytes(resources, file.id, key)
        async with unit_of_work(resources) as uow:
            return await service.complete_upload(uow, file.id, digest)
    finally:
        # A completed upload is not aborted; only its local copy is removed.
        async with unit_of_work(resources) as uow:
            await service.abort_upload(uow, file.id)


async def receive_piece(
    resources: Resources, actor: Actor, file_id: UUID, offset: int, pieces: AsyncIterator[bytes]
) -> UploadRead:
    """Append a piece to an upload as it arrives; after the last byte the file is stored and queued for its check.

    A client that lost the response to the last piece may send it again, empty: nothing happens twice.
    """
    async with resources.read_sessions() as session:
        upload = await service.find_upload(session, resources.settings, actor, file_id)
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
            await service.touch(uow, file_id)
    if length == upload.size and spool_of(resources.settings).length(file_id) == length:
        async with resources.read_sessions() as session:
            key = await service.source_key(session, file_id)
        digest = await service.store_bytes(resources, file_id, key)
        async with unit_of_work(resources) as uow:
            await service.complete_upload(uow, file_id, digest)
        await asyncio.to_thread(spool_of(resources.settings).drop, file_id)
    async with resources.read_sessions() as session:
        return await service.find_upload(session, resources.settings, actor, file_id)


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
            await log.awarning("file_put_off", error=type(error).__name__, again=str(again))
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
