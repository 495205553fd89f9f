"""Handing files out: by link, whole or a part, and never a block that is not what was uploaded."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.files.errors import FileDamagedError, FileNotReadyError, NoSuchFileError, StorageDownError
from app.features.files.repository import FileRepository
from app.features.files.schemas import Subject
from app.features.files.service import signed_links
from app.gateways.storage import (
    BLOCK_BYTES,
    ObjectMissingError,
    StorageUnavailableError,
    block_of,
    storage_of,
)
from app.models.file import File, FileObject, FileStatus, ObjectRole

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a link asks for."""

    file_id: UUID
    preview: bool
    until: int
    key: str


@dataclass(frozen=True, slots=True)
class Content:
    """One face of a file, ready to be handed out."""

    file_id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    key: str
    blocks: bytes
    until: int


async def find_content(session: AsyncSession, resources: Resources, wanted: Wanted) -> Content:
    """Return what a link leads to.

    Raises:
        NoSuchFileError: The link is not ours or too old, or the file is gone.
        FileNotReadyError: It is still looked at, or was refused.
        FileDamagedError: Its bytes were found wrong.
    """
    face = signed_links.PREVIEW if wanted.preview else signed_links.MAIN
    if not signed_links.is_valid_link(resources.settings, wanted.file_id, face, wanted.until, wanted.key):
        raise NoSuchFileError
    repository = FileRepository(session)
    file = await repository.get(wanted.file_id)
    if file is None:
        raise NoSuchFileError
    if file.status is FileStatus.DAMAGED:
        raise FileDamagedError
    if file.status is not FileStatus.READY:
        raise FileNotReadyError
    found = await repository.object_of(file.id, ObjectRole.PREVIEW if wanted.preview else ObjectRole.MAIN)
    if found is None:
        raise NoSuchFileError
    return _content(file, found, wanted.until)


def _content(file: File, face: FileObject, until: int) -> Content:
    preview = face.role is ObjectRole.PREVIEW
    return Content(
        file_id=file.id,
        name=f"{file.name.rpartition('.')[0]}.webp" if preview else file.name,
        media_type=face.media_type,
        size=face.size,
        sha256=face.sha256,
        key=face.key,
        blocks=face.blocks,
        until=until,
    )


async def pieces(resources: Resources, content: Content, start: int, end: int) -> AsyncGenerator[bytes]:
    """Yield the bytes from `start` up to `end`; each block is compared with its mark before a byte of it leaves.

    Raises:
        FileDamagedError: A block is missing or not what it was; nothing of it was yielded.
        StorageDownError: The storage does not answer.
    """
    first = start // BLOCK_BYTES
    last = min(content.size, -(-end // BLOCK_BYTES) * BLOCK_BYTES)
    try:
        async with aclosing(storage_of(resources).read(content.key, first * BLOCK_BYTES, last)) as stream:
            async for index, block in _blocks(stream, first):
                offset = index * BLOCK_BYTES
                if len(block) != min(BLOCK_BYTES, content.size - offset) or not block_of(content.blocks, index, block):
                    raise FileDamagedError
                first = index + 1
                yield block[max(start - offset, 0) : end - offset]
    except ObjectMissingError as error:
        raise FileDamagedError from error
    except StorageUnavailableError as error:
        raise StorageDownError from error
    if first * BLOCK_BYTES < end:
        raise FileDamagedError


async def find_preview(session: AsyncSession, subject: Subject) -> Content | None:
    """Return the preview of the first file of a subject, for a room that shows it itself; None where there is none."""
    repository = FileRepository(session)
    ready = [
        file
        for link, file, has in await repository.attached([subject])
        if has and link.current_id is None and file.status is FileStatus.READY
    ]
    found = await repository.object_of(ready[0].id, ObjectRole.PREVIEW) if ready else None
    return None if found is None else _content(ready[0], found, until=0)


async def whole(resources: Resources, content: Content) -> bytes:
    """Return all bytes of a small face of a file.

    Raises:
        FileDamagedError: They are missing or not what they were.
        StorageDownError: The storage does not answer.
    """
    return b"".join([piece async for piece in pieces(resources, content, 0, content.size)])


async def _blocks(stream: AsyncGenerator[bytes], index: int) -> AsyncGenerator[tuple[int, bytes]]:
    """Cut a stream into blocks; the last may be shorter."""
    waiting = bytearray()
    async for piece in stream:
        waiting += piece
        while len(waiting) >= BLOCK_BYTES:
            yield index, bytes(waiting[:BLOCK_BYTES])
            del waiting[:BLOCK_BYTES]
            index += 1
    if waiting:
        yield index, bytes(waiting)


async def mark_damaged(uow: UnitOfWork, file_id: UUID, key: str) -> None:
    """Hand a file out no more, because its bytes were found wrong, and tell the operator."""
    file = await FileRepository(uow.session).get_for_update(file_id)
    if file is not None and file.status is FileStatus.READY:
        file.status = FileStatus.DAMAGED
        await log.aerror("file_damaged", file_id=str(file_id), key=key)
