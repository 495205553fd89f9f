"""Uploads: registered, received, copied to the storage, queued for their check.

The bytes are transferred between two short transactions, never inside one. A file is charged to its owner's quota when
it is registered, under a lock of the owner, so that simultaneous uploads cannot exceed the quota.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import real_now
from app.core.config import Settings
from app.core.disk_space import has_space
from app.core.errors import FieldError
from app.core.http.problem_details import InsufficientStorageError
from app.core.i18n import N_
from app.core.ids import new_id
from app.core.resources import Resources
from app.core.security.rate_limits import TooManyTriesError
from app.core.text.humanize import format_size
from app.core.unit_of_work import UnitOfWork
from app.features.files import rules
from app.features.files.errors import (
    EmptyFileError,
    FileTooLargeError,
    FileTypeError,
    InvalidFilesError,
    NoSuchFileError,
    QuotaExceededError,
    StorageDownError,
    TooManyUploadsError,
    UploadBusyError,
    UploadOffsetError,
)
from app.features.files.repository import FileRepository
from app.features.files.schemas import UploadRead
from app.gateways.storage import (
    Digest,
    ObjectTooLargeError,
    StorageUnavailableError,
    digest_of,
    new_key,
    storage_of,
)
from app.gateways.upload_spool import SpoolBusyError, SpoolFullError, SpoolOverflowError, append, spool_of
from app.models.file import File, FileObject, FileStatus, ObjectRole, SubjectKind

PROCESS_TASK = "files.process"
NOT_REPLACED = N_("The file that this one should replace is not there any more. Add this one as a new file.")


@dataclass(frozen=True, slots=True)
class NewUpload:
    """A file to register: its name and size as sent by the client, and the file that it is the next version of."""

    name: str
    size: int
    replaces: UUID | None = None


@dataclass(frozen=True, slots=True)
class ReservedUpload:
    """A registered file and the key of its object in the storage."""

    file: File
    key: str


async def reserve_upload(
    uow: UnitOfWork, actor: Actor, kind: SubjectKind, name: str, size: int, replaces: UUID | None = None
) -> ReservedUpload:
    """Register one file; like `reserve_uploads`."""
    return (await reserve_uploads(uow, actor, kind, [NewUpload(name, size, replaces)]))[0]


async def reserve_uploads(
    uow: UnitOfWork, actor: Actor, kind: SubjectKind, uploads: Sequence[NewUpload]
) -> list[ReservedUpload]:
    """Register files and reserve their quota, all or none.

    The next version of another file replaces it once it is attached to the same object.

    Raises:
        FileTypeError: An extension is not accepted for this kind.
        EmptyFileError: One has no bytes.
        FileTooLargeError: One is larger than the kind allows.
        TooManyUploadsError: The person uploaded too much lately, or has to wait after a file that took too long.
        InsufficientStorageError: The disk would have less free space than the reserve.
        QuotaExceededError: They would exceed the person's quota.
        InvalidFilesError: The file to replace is not the person's or not of this kind.
    """
    repository, quota = FileRepository(uow.session), uow.resources.settings.file_quota_bytes
    files = [_checked(actor, kind, upload) for upload in uploads]
    await _check_replaced(repository, actor, kind, [upload.replaces for upload in uploads if upload.replaces])
    total = sum(file.size for file in files)
    await _check_rates(uow.resources, actor, len(files), total)
    if not await asyncio.to_thread(has_space, uow.resources.settings, total):
        raise InsufficientStorageError
    # The sum is read by a statement of its own: one that also waited for the lock would not see what was committed
    # meanwhile.
    await repository.lock_owner(actor.id)
    usage = await repository.usage(actor.id)
    if usage.kept + usage.removed + total > quota or usage.files + len(files) > rules.MAX_FILES:
        raise QuotaExceededError(params={"limit": format_size(quota)})
    repository.add_all(files)
    await uow.session.flush()
    objects = [
        FileObject(key=new_key(), file_id=file.id, role=ObjectRole.SOURCE, size=file.size, media_type=file.media_type)
        for file in files
    ]
    repository.add_all(objects)
    await uow.session.flush()
    return [ReservedUpload(file, stored.key) for file, stored in zip(files, objects, strict=True)]


async def _check_rates(resources: Resources, actor: Actor, count: int, total: int) -> None:
    """Count uploads before anything else can refuse them, so that refused ones count too."""
    key, (files, megabytes) = str(actor.id), rules.upload_rates(resources.settings)
    try:
        await resources.limiter.refuse_if_full(rules.SLOW, key)
    except TooManyTriesError as error:
        raise TooManyUploadsError.wait(error.retry_after or rules.SLOW.seconds, TooManyUploadsError.slow) from error
    try:
        await resources.limiter.hit(files, key, count)
        await resources.limiter.hit(megabytes, key, -(-total // rules.MEGABYTE))
    except TooManyTriesError as error:
        raise TooManyUploadsError.wait(error.retry_after or files.seconds) from error


async def _check_replaced(repository: FileRepository, actor: Actor, kind: SubjectKind, ids: Sequence[UUID]) -> None:
    for old_id in ids:
        old = await repository.get(old_id)
        if old is None or old.owner_id != actor.id or old.kind is not kind:
            raise InvalidFilesError(errors=[FieldError(("replaces",), NOT_REPLACED)])


def _checked(actor: Actor, kind: SubjectKind, upload: NewUpload) -> File:
    limits, cleaned = rules.LIMITS[kind], rules.clean_name(upload.name)
    extension = rules.extension_of(cleaned)
    if extension not in limits.extensions:
        raise FileTypeError(params={"types": ", ".join(limits.extensions)})
    _check_size(upload.size, limits.most_bytes)
    return File(
        id=new_id(),
        owner_id=actor.id,
        kind=kind,
        name=cleaned,
        size=upload.size,
        media_type=rules.TYPES[extension],
        replaces_id=upload.replaces,
    )


def _check_size(size: int, most: int) -> None:
    if size <= 0:
        raise EmptyFileError
    if size > most:
        raise FileTooLargeError(params={"limit": format_size(most)})


async def store_bytes(resources: Resources, file_id: UUID, key: str) -> Digest:
    """Copy the received bytes from the spool to the storage; no transaction is open meanwhile.

    Raises:
        StorageDownError: It is unknown whether the object is stored now; repeating the call is safe.
        FileTooLargeError: The storage takes no files of this size, now and later.
    """
    path = spool_of(resources.settings).path(file_id)
    try:
        digest = await asyncio.to_thread(digest_of, path)
        await storage_of(resources).put(key, path)
    except ObjectTooLargeError as error:
        limit = error.limit or path.stat().st_size - 1
        raise FileTooLargeError(params={"limit": format_size(limit)}) from error
    except (StorageUnavailableError, OSError) as error:
        raise StorageDownError from error
    return digest


async def complete_uploads(uow: UnitOfWork, stored: Mapping[UUID, tuple[str, Digest]]) -> list[File]:
    """Record that all bytes of these files are in the storage, and queue them for their check.

    `stored` has the key and the checksums of each file. Repeating it changes nothing.

    Raises:
        NoSuchFileError: One of the files was deleted meanwhile.
    """
    repository = FileRepository(uow.session)
    files = await repository.lock_all(stored)
    if len(files) < len(stored):
        raise NoSuchFileError
    begun = [file for file in files.values() if file.status is FileStatus.UPLOADING]
    for file in begun:
        file.size, file.status, file.next_try_at = stored[file.id][1].size, FileStatus.PROCESSING, real_now()
    if begun:
        await repository.set_digests([stored[file.id] for file in begun])
        uow.trigger_task(PROCESS_TASK)
    return [files[file_id] for file_id in stored]


async def abort_uploads(uow: UnitOfWork, file_ids: Collection[UUID]) -> None:
    """Delete failed uploads and release their quota."""
    for file in (await FileRepository(uow.session).lock_all(file_ids)).values():
        if file.status is FileStatus.UPLOADING:
            await discard(uow, file)
    for file_id in file_ids:
        await asyncio.to_thread(spool_of(uow.resources.settings).drop, file_id)


async def discard(uow: UnitOfWork, file: File) -> None:
    """Delete a locked file with what was received of it; stored bytes are removed after a grace period."""
    await FileRepository(uow.session).remove(file.id, real_now() + rules.GRACE)
    await asyncio.to_thread(spool_of(uow.resources.settings).drop, file.id)


async def find_upload(session: AsyncSession, settings: Settings, actor: Actor, file_id: UUID) -> UploadRead:
    """Return the progress of one of the actor's uploads, as found on disk.

    Raises:
        NoSuchFileError: It does not exist, or belongs to somebody else.
    """
    return (await find_upload_with_key(session, settings, actor, file_id))[0]


async def find_upload_with_key(
    session: AsyncSession, settings: Settings, actor: Actor, file_id: UUID
) -> tuple[UploadRead, str]:
    """Return the progress like `find_upload`, and the storage key of the file."""
    file, key = await FileRepository(session).with_key(file_id) or (None, "")
    if file is None or file.owner_id != actor.id:
        raise NoSuchFileError
    return progress_of(settings, file), key


def progress_of(settings: Settings, file: File) -> UploadRead:
    """Return the progress of an upload, as found on disk."""
    whole = file.status is not FileStatus.UPLOADING
    offset = file.size if whole else min(file.size, spool_of(settings).length(file.id))
    expires_at = file.touched_at + rules.UNFINISHED
    return UploadRead(id=file.id, offset=offset, size=file.size, expires_at=expires_at, whole=whole)


async def receive(resources: Resources, upload: UploadRead, offset: int, piece: AsyncIterator[bytes]) -> int:
    """Append a piece to an upload and return the new offset; no transaction is open meanwhile.

    Raises:
        UploadOffsetError: The piece does not begin at the current offset.
        UploadBusyError: Another request is writing to it.
        FileTooLargeError: More bytes arrived than were announced.
        StorageDownError: The disk is full.
        InsufficientStorageError: The disk has less free space than the reserve.
    """
    if not await asyncio.to_thread(has_space, resources.settings):
        raise InsufficientStorageError
    try:
        with spool_of(resources.settings).writing(upload.id) as handle:
            if handle.tell() != offset:
                raise UploadOffsetError(params={"offset": handle.tell()})
            return await append(handle, piece, upload.size)
    except SpoolBusyError as error:
        raise UploadBusyError from error
    except SpoolOverflowError as error:
        raise FileTooLargeError(params={"limit": format_size(upload.size)}) from error
    except SpoolFullError as error:
        raise StorageDownError from error


async def touch(uow: UnitOfWork, file_id: UUID) -> File | None:
    """Extend the lifetime of an unfinished upload and return it; None if it was deleted meanwhile."""
    return await FileRepository(uow.session).touch(file_id, real_now())


async def cancel_upload(uow: UnitOfWork, actor: Actor, file_id: UUID) -> None:
    """Delete one of the actor's unfinished uploads.

    Raises:
        NoSuchFileError: It does not exist.
    """
    file = await FileRepository(uow.session).get_for_update(file_id)
    if file is None or file.owner_id != actor.id or file.status is not FileStatus.UPLOADING:
        raise NoSuchFileError
    await discard(uow, file)
