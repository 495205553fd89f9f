"""Downloads by link, whole or in part; every block is verified before it is sent."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.files import rules
from app.features.files.errors import (
    FileDamagedError,
    FileNotReadyError,
    FileTakenDownError,
    NoSuchFileError,
    StorageDownError,
)
from app.features.files.repository import Download, FileRepository
from app.features.files.schemas import Subject
from app.features.files.service import access, signed_links
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
    """The parameters of a file link."""

    file_id: UUID
    preview: bool
    until: int
    key: str
    held: signed_links.Pass = signed_links.UNBOUND


@dataclass(frozen=True, slots=True)
class Content:
    """One object of a file (the file itself or its preview), ready to be sent."""

    file_id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    key: str
    blocks: bytes
    is_public: bool
    """Whether a browser may show its copy for a short time without asking."""


async def find_content(session: AsyncSession, resources: Resources, wanted: Wanted) -> Content:
    """Return the object that a link refers to.

    Raises:
        NoSuchFileError: The link is invalid or expired, the file was removed, the reader that the link was made for is
            signed out or may not read the file any more, or it is public and its owner is banned, has closed the
            account or uses it nowhere.
        FileTakenDownError: The operator removed it.
        FileNotReadyError: It is still being checked, or was refused.
        FileDamagedError: Its bytes were found damaged.
    """
    face = signed_links.PREVIEW if wanted.preview else signed_links.MAIN
    if not signed_links.is_valid_link(resources.settings, wanted.file_id, face, wanted.until, wanted.key, wanted.held):
        raise NoSuchFileError
    role = ObjectRole.PREVIEW if wanted.preview else ObjectRole.MAIN
    row = await FileRepository(session).for_download(wanted.file_id, role, wanted.held.subject_id)
    if row is None:
        raise NoSuchFileError
    is_public = wanted.held == signed_links.UNBOUND and rules.LIMITS[row.file.kind].public
    if not (row.is_shown if is_public else await _may_use(session, row, wanted.held)):
        raise NoSuchFileError
    _require_servable(row.file)
    if row.found is None:
        raise NoSuchFileError
    return _content(row.file, row.found, is_public=is_public)


async def _may_use(session: AsyncSession, row: Download, held: signed_links.Pass) -> bool:
    """Tell whether a link to a file that is not public, or to one's own file, may be used now."""
    # Links of these kinds without a reader are of the previous release and expire within 15 minutes.
    return held == signed_links.UNBOUND or await access.may_download(session, row.file, held, attached=row.attached)


def _require_servable(file: File) -> None:
    if file.taken_down_at is not None:
        raise FileTakenDownError
    if file.status is FileStatus.DAMAGED:
        raise FileDamagedError
    if file.status is not FileStatus.READY:
        raise FileNotReadyError


def _content(file: File, face: FileObject, *, is_public: bool = False) -> Content:
    preview = face.role is ObjectRole.PREVIEW
    return Content(
        file_id=file.id,
        name=f"{file.name.rpartition('.')[0]}.webp" if preview else file.name,
        media_type=face.media_type if preview else rules.served_type(file.name, face.media_type),
        size=face.size,
        sha256=face.sha256,
        key=face.key,
        blocks=face.blocks,
        is_public=is_public,
    )


async def pieces(resources: Resources, content: Content, start: int, end: int) -> AsyncGenerator[bytes]:
    """Yield the bytes from `start` up to `end`; each block is compared with its checksum before it is sent.

    Raises:
        FileDamagedError: A block is missing or differs; nothing of it was yielded.
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
    """Return the preview of a subject's first file, for a feature that renders it itself; None where there is none."""
    found = await FileRepository(session).first_preview(subject)
    return None if found is None else _content(*found)


async def whole(resources: Resources, content: Content) -> bytes:
    """Return all bytes of a small object of a file.

    Raises:
        FileDamagedError: They are missing or differ from what was stored.
        StorageDownError: The storage does not answer.
    """
    return b"".join([piece async for piece in pieces(resources, content, 0, content.size)])


async def _blocks(stream: AsyncGenerator[bytes], index: int) -> AsyncGenerator[tuple[int, bytes]]:
    """Split a stream into blocks; the last may be shorter."""
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
    """Stop serving a file because its bytes are damaged, and log it for the operator."""
    file = await FileRepository(uow.session).get_for_update(file_id)
    if file is not None and file.status is FileStatus.READY:
        file.status = FileStatus.DAMAGED
        await log.aerror("file_damaged", file_id=str(file_id), key=key)
