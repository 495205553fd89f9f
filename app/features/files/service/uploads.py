"""Uploads: registered, received, copied to the storage, queued for their check.

The bytes are transferred between two short transactions, never inside one. A file is charged to its owner's quota when
it is registered, under a lock of the owner, so that simultaneous uploads cannot exceed the quota.
"""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.config import Settings
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.ids import new_id
from app.core.resources import Resources
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
    UploadBusyError,
    UploadOffsetError,
)
from app.features.files.repository import FileRepository
from app.features.files.schemas import UploadRead
from app.gateways.storage import Digest, StorageUnavailableError, digest_of, new_key, storage_of
from app.gateways.upload_spool import SpoolBusyError, SpoolFullError, SpoolOverflowError, append, spool_of
from app.models.file import File, FileObject, FileStatus, ObjectRole, SubjectKind

PROCESS_TASK = "files.process"
NOT_REPLACED = N_("The file that this one should replace is not there any more. Add this one as a new file.")


async def reserve_upload(
    uow: UnitOfWork, actor: Actor, kind: SubjectKind, name: str, size: int, replaces: UUID | None = None
) -> File:
    """Register a file of this size and reserve its quota.

    The next version of another file replaces it once it is attached to the same object.

    Raises:
        FileTypeError: Its extension is not accepted for this kind.
        EmptyFileError: It has no bytes.
        FileTooLargeError: It is larger than the kind allows.
        QuotaExceededError: It would exceed the person's quota.
        InvalidFilesError: The file to replace is not the person's or not of this kind.
    """
    limits, cleaned = rules.LIMITS[kind], rules.clean_name(name)
    extension = rules.extension_of(cleaned)
    if extension not in limits.extensions:
        raise FileTypeError(params={"types": ", ".join(limits.extensions)})
    _check_size(size, limits.most_bytes)
    repository, quota = FileRepository(uow.session), uow.resources.settings.file_quota_bytes
    old = await repository.get(replaces) if replaces else None
    if replaces and (old is None or old.owner_id != actor.id or old.kind is not kind):
        raise InvalidFilesError(errors=[FieldError(("replaces",), NOT_REPLACED)])
    await repository.lock_owner(actor.id)
    count, used = await repository.usage(actor.id)
    if used + size > quota or count >= rules.MAX_FILES:
        raise QuotaExceededError(params={"limit": format_size(quota)})
    media_type = rules.TYPES[extension]
    file = File(
        id=new_id(),
        owner_id=actor.id,
        kind=kind,
        name=cleaned,
        size=size,
        media_type=media_type,
        replaces_id=replaces,
    )
    repository.add(file)
    await uow.session.flush()
    repository.add(FileObject(key=new_key(), file_id=file.id, role=ObjectRole.SOURCE, size=size, media_type=media_type))
    await uow.session.flush()
    return file


def _check_size(size: int, most: int) -> None:
    if size <= 0:
        raise EmptyFileError
    if size > most:
        raise FileTooLargeError(params={"limit": format_size(most)})


async def source_key(session: AsyncSession, file_id: UUID) -> str:
    """Return the storage key of a registered file.

    Raises:
        NoSuchFileError: It was deleted meanwhile.
    """
    source = await FileRepository(session).object_of(file_id, ObjectRole.SOURCE)
    if source is None:
        raise NoSuchFileError
    return source.key


async def store_bytes(resources: Resources, file_id: UUID, key: str) -> Digest:
    """Copy the received bytes from the spool to the storage; no transaction is open meanwhile.

    Raises:
        StorageDownError: It is unknown whether the object is stored now; repeating the call is safe.
    """
    path = spool_of(resources.settings).path(file_id)
    try:
        digest = await asyncio.to_thread(digest_of, path)
        await storage_of(resources).put(key, path)
    except (StorageUnavailableError, OSError) as error:
        raise StorageDownError from error
    return digest


async def complete_upload(uow: UnitOfWork, file_id: UUID, digest: Digest) -> File:
    """Record that all bytes are in the storage, and queue the file for its check; repeating it changes nothing."""
    repository = FileRepository(uow.session)
    file = await repository.get_for_update(file_id)
    source = await repository.object_of(file_id, ObjectRole.SOURCE)
    if file is None:
        raise NoSuchFileError
    if file.status is FileStatus.UPLOADING and source is not None:
        source.size, source.sha256, source.blocks = digest.size, digest.sha256, digest.blocks
        file.size, file.status, file.next_try_at = digest.size, FileStatus.PROCESSING, utc_now()
        uow.trigger_task(PROCESS_TASK)
    return file


async def abort_upload(uow: UnitOfWork, file_id: UUID) -> None:
    """Delete a failed upload and release its quota."""
    repository = FileRepository(uow.session)
    file = await repository.get_for_update(file_id)
    if file is not None and file.status is FileStatus.UPLOADING:
        await repository.remove(file_id, utc_now() + rules.GRACE)
    await asyncio.to_thread(spool_of(uow.resources.settings).drop, file_id)


async def find_upload(session: AsyncSession, settings: Settings, actor: Actor, file_id: UUID) -> UploadRead:
    """Return the progress of one of the actor's uploads, as found on disk.

    Raises:
        NoSuchFileError: It does not exist, or belongs to somebody else.
    """
    file = await FileRepository(session).get(file_id)
    if file is None or file.owner_id != actor.id:
        raise NoSuchFileError
    whole = file.status is not FileStatus.UPLOADING
    offset = file.size if whole else min(file.size, spool_of(settings).length(file_id))
    expires_at = file.touched_at + rules.UNFINISHED
    return UploadRead(id=file.id, offset=offset, size=file.size, expires_at=expires_at, whole=whole)


async def receive(resources: Resources, upload: UploadRead, offset: int, piece: AsyncIterator[bytes]) -> int:
    """Append a piece to an upload and return the new offset; no transaction is open meanwhile.

    Raises:
        UploadOffsetError: The piece does not begin at the current offset.
        UploadBusyError: Another request is writing to it.
        FileTooLargeError: More bytes arrived than were announced.
        StorageDownError: The disk is full.
    """
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


async def touch(uow: UnitOfWork, file_id: UUID) -> None:
    """Extend the lifetime of an unfinished upload."""
    file = await FileRepository(uow.session).get_for_update(file_id)
    if file is not None:
        file.touched_at = utc_now()


async def cancel_upload(uow: UnitOfWork, actor: Actor, file_id: UUID) -> None:
    """Delete one of the actor's unfinished uploads.

    Raises:
        NoSuchFileError: It does not exist.
    """
    file = await FileRepository(uow.session).get_for_update(file_id)
    if file is None or file.owner_id != actor.id or file.status is not FileStatus.UPLOADING:
        raise NoSuchFileError
    await abort_upload(uow, file_id)
