"""Clean-up: abandoned uploads, unattached files, bytes of removed files, and verification of stored bytes."""

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import real_now
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.files import rules
from app.features.files.repository import FileRepository
from app.features.files.service.downloads import mark_damaged
from app.gateways.storage import ObjectMissingError, StoredObject, storage_of
from app.gateways.upload_spool import spool_of
from app.models.file import FileObject, FileStatus, ObjectRole

log = structlog.get_logger()

BATCH = 100


@dataclass(frozen=True, slots=True)
class Checked:
    """One object to compare with its hash."""

    key: str
    file_id: UUID | None
    size: int
    sha256: str
    damaged: bool = False
    """Whether its file is marked as damaged, perhaps wrongly."""


async def remove_abandoned_files(uow: UnitOfWork) -> int:
    """Remove one batch of unfinished uploads, unattached files and files taken down long ago; bytes go later."""
    repository, now = FileRepository(uow.session), real_now()
    found = await repository.abandoned_files(now - rules.UNFINISHED, now - rules.ORPHAN, now - rules.TAKEN_DOWN, BATCH)
    for file_id in found:
        await repository.remove(file_id, now + rules.GRACE)
    return len(found)


async def keys_due_for_deletion(uow: UnitOfWork) -> Sequence[str]:
    """Return one batch of objects that are due for deletion."""
    repository, now = FileRepository(uow.session), real_now()
    await repository.schedule_orphan_deletion(now + rules.GRACE)
    return await repository.due_for_deletion(now, BATCH)


async def delete_object_rows(uow: UnitOfWork, keys: Sequence[str]) -> None:
    """Delete the rows of removed objects."""
    await FileRepository(uow.session).forget(keys)


async def tidy_spool(resources: Resources) -> int:
    """Remove local copies of uploads that ended long ago."""
    spool, before = spool_of(resources.settings), (real_now() - 2 * rules.UNFINISHED).timestamp()
    old = await asyncio.to_thread(lambda: list(spool.kept(before)))
    for file_id in old:
        await asyncio.to_thread(spool.drop, file_id)
    return len(old)


async def orphan_keys(uow: UnitOfWork, listed: Sequence[StoredObject]) -> list[str]:
    """Return which of these objects have no row, except young ones: a worker may be about to record them."""
    old = [item.key for item in listed if item.modified < real_now() - rules.GRACE]
    known = await FileRepository(uow.session).known(old)
    return [key for key in old if key not in known]


async def next_object_to_verify(uow: UnitOfWork) -> Checked | None:
    """Return the object that was verified longest ago if it is due, and set its verification time to now."""
    repository, now = FileRepository(uow.session), real_now()
    found = await repository.next_unverified(now - rules.SCRUB, now - rules.SECOND_LOOK)
    if found is None:
        return None
    file = await repository.get(found.file_id) if found.file_id is not None else None
    return _checked(found, damaged=file is not None and file.status is FileStatus.DAMAGED)


def _checked(found: FileObject, *, damaged: bool) -> Checked:
    return Checked(found.key, found.file_id, found.size, found.sha256, damaged)


async def other_objects(session: AsyncSession, checked: Checked) -> list[Checked]:
    """Return the other objects of the file that this one belongs to."""
    if checked.file_id is None:
        return []
    found = await FileRepository(session).objects_of(checked.file_id)
    return [_checked(item, damaged=checked.damaged) for item in found if item.key != checked.key]


async def report_healed(uow: UnitOfWork, checked: Checked) -> None:
    """Serve a damaged file again, or check it again where that had not been finished."""
    repository = FileRepository(uow.session)
    file = await repository.get_for_update(checked.file_id) if checked.file_id is not None else None
    if file is None or file.status is not FileStatus.DAMAGED:
        return
    if await repository.object_of(file.id, ObjectRole.MAIN) is not None:
        file.status = FileStatus.READY
    else:
        file.status, file.attempts, file.next_try_at = FileStatus.PROCESSING, 0, real_now()
    await log.awarning("file_healed", file_id=str(file.id))


async def is_intact(resources: Resources, checked: Checked) -> bool:
    """Read a whole object and compare it with its recorded hash."""
    whole, size = hashlib.sha256(), 0
    try:
        async with aclosing(storage_of(resources).read(checked.key)) as stream:
            async for piece in stream:
                await asyncio.to_thread(whole.update, piece)
                size += len(piece)
    except ObjectMissingError:
        return False
    return size == checked.size and whole.hexdigest() == checked.sha256


async def report_damage(uow: UnitOfWork, checked: Checked) -> None:
    """Stop serving files that were found damaged."""
    if checked.file_id is not None:
        await mark_damaged(uow, checked.file_id, checked.key)
