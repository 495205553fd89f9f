"""Queries for a person's own files, and their deletion."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.config import Settings
from app.core.pagination import Slice, encode_cursor, last_id
from app.core.unit_of_work import UnitOfWork
from app.features.files import rules
from app.features.files.errors import FileInUseError, FileTakenDownError, NoSuchFileError
from app.features.files.repository import FileRepository
from app.features.files.schemas import FileLimits, FileRead, FileUse, KindLimits, OwnFile
from app.features.files.service.signed_links import UNBOUND, pass_of, present
from app.features.files.service.uploads import discard
from app.models.file import File


async def get_own_file(session: AsyncSession, actor: Actor, file_id: UUID) -> FileRead:
    """Return one of the actor's files.

    Raises:
        NoSuchFileError: It does not exist, or belongs to somebody else.
    """
    repository = FileRepository(session)
    file = await repository.get(file_id)
    if file is None or file.owner_id != actor.id:
        raise NoSuchFileError
    return present([file], await repository.previewed([file_id]), pass_of(actor), own=True)[file_id]


def show_new_file(file: File) -> FileRead:
    """Return a file that was uploaded just now; it has no preview yet."""
    return present([file], (), UNBOUND)[file.id]


async def list_own_files(
    session: AsyncSession, actor: Actor, cursor: str | None, limit: int, *, unused: bool
) -> Slice[OwnFile]:
    """Return the actor's files, newest first, each with its attachments; all, or only the unattached ones.

    Raises:
        BadCursorError: The cursor does not belong to this list.
    """
    repository = FileRepository(session)
    rows = await repository.page_of(actor.id, last_id(cursor), limit + 1, unused=unused)
    shown = present([file for file, _has in rows], {file.id for file, has in rows if has}, pass_of(actor), own=True)
    uses: dict[UUID, list[FileUse]] = {}
    for link in await repository.links_of(list(shown)):
        use = FileUse(kind=link.subject_kind, id=link.subject_id, earlier=link.current_id is not None)
        uses.setdefault(link.file_id, []).append(use)
    items = [OwnFile(**dict(file), used_by=uses.get(file.id, [])) for file in shown.values()]
    more = encode_cursor(items[limit - 1].id) if len(items) > limit else None
    return Slice(items[:limit], more)


async def remove_file(uow: UnitOfWork, actor: Actor, file_id: UUID) -> None:
    """Delete one of the actor's unattached files; its bytes are removed after a grace period.

    Raises:
        NoSuchFileError: It does not exist, or belongs to somebody else.
        FileTakenDownError: The operator took it down and may restore it.
        FileInUseError: It is attached to something.
    """
    repository = FileRepository(uow.session)
    file = await repository.get_for_update(file_id)
    if file is None or file.owner_id != actor.id:
        raise NoSuchFileError
    if file.taken_down_at is not None:
        raise FileTakenDownError
    if await repository.is_attached(file_id):
        raise FileInUseError
    await discard(uow, file)


async def file_limits(session: AsyncSession, settings: Settings, actor: Actor) -> FileLimits:
    """Return what may be uploaded and how much of the quota the actor has used."""
    usage = await FileRepository(session).usage(actor.id)
    kinds = [
        KindLimits(
            kind=kind,
            extensions=list(limits.extensions),
            most_bytes=limits.most_bytes,
            most_files=limits.most_files,
        )
        for kind, limits in rules.LIMITS.items()
    ]
    return FileLimits(
        kinds=kinds,
        quota_bytes=settings.file_quota_bytes,
        used_bytes=usage.kept + usage.removed,
        removed_bytes=usage.removed,
    )
