"""How a file comes in: announced, received, kept in the storage, handed to whoever looks at it.

The bytes travel between two short transactions, never inside one. A file is charged to its owner when it is
announced, under a lock of the owner, so that no number of uploads at once exceeds the quota.
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
    """Make room for a file of this size and say whether it may come at all.

    Where it is the next version of another, it takes that one's place once it is attached to what holds it.

    Raises:
        FileTypeError: Its name ends in something that is not taken for this kind.
        EmptyFileError: It has no bytes.
        FileTooLargeError: It has more than the kind allows.
        QuotaExceededError: It does not fit beside the person's other files.
        InvalidFilesError: What it is to replace is not a file of the person and of this kind.
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
    """Return under which key an announced file is to be kept.

    Raises:
        NoSuchFileError: It was forgotten meanwhile.
    """
    source = await FileRepository(session).object_of(file_id, ObjectRole.SOURCE)
    if source is None:
        raise NoSuchFileError
    return source.key


async def keep_bytes(resources: Resources, file_id: UUID, key: str) -> Digest:
    """Put what the spool received into the storage; no transaction is open meanwhile.

    Raises:
        StorageDownError: Nobody knows whether it is there now; doing the same again is right.
    """
    path = spool_of(resources.settings).path(file_id)
    try:
        digest = await asyncio.to_thread(digest_of, path)
        await storage_of(resources).put(key, path)
    except (StorageUnavailableError, OSError) as error:
        raise StorageDownError from error
    return digest


async def complete_upload(uow: UnitOfWork, file_id: UUID, digest: Digest) -> File:
    """Write down that all bytes are in the storage, and let somebody look at them; a second time changes nothing."""
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
    """Forget an upload that came to nothing, and give its room back."""
    repository = FileRepository(uow.session)
    file = await repository.get_for_update(file_id)
    if file is not None and file.status is FileStatus.UPLOADING:
        await repository.remove(file_id, utc_now() + rules.GRACE)
    await asyncio.to_thread(spool_of(uow.resources.settings).drop, file_id)


async def find_upload(session: AsyncSession, settings: Settings, actor: Actor, file_id: UUID) -> UploadRead:
    """Say how far one of the actor's uploads has come; the disk knows.

    Raises:
        NoSuchFileError: There is none, or it is somebody else's.
    """
    file = await FileRepository(session).get(file_id)
    if file is None or file.owner_id != actor.id:
        raise NoSuchFileError
    whole = file.status is not FileStatus.UPLOADING
    offset = file.size if whole else min(file.size, spool_of(settings).length(file_id))
    expires_at = file.touched_at + rules.UNFINISHED
    return UploadRead(id=file.id, offset=offset, size=file.size, expires_at=expires_at, whole=whole)


async def receive(resources: Resources, upload: UploadRead, offset: int, piece: AsyncIterator[bytes]) -> int:
    """Add a piece to an upload and return how far it has come; no transaction is open meanwhile.

    Raises:
        UploadOffsetError: The piece does not begin where the upload stands.
        UploadBusyError: Another request adds to it.
        FileTooLargeError: More came than was announced.
        StorageDownError: There is no room.
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
    """Keep an unfinished upload for a while longer."""
    file = await FileRepository(uow.session).get_for_update(file_id)
    if file is not None:
        file.touched_at = utc_now()


async def cancel_upload(uow: UnitOfWork, actor: Actor, file_id: UUID) -> None:
    """Forget one of the actor's unfinished uploads.

    Raises:
        NoSuchFileError: There is none.
    """
    file = await FileRepository(uow.session).get_for_update(file_id)
    if file is None or file.owner_id != actor.id or file.status is not FileStatus.UPLOADING:
        raise NoSuchFileError
    await abort_upload(uow, file_id)
