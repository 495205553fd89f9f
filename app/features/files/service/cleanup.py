"""Tidying up: uploads nobody continued, files that belong to nothing, bytes of what was removed, and rot."""

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

import structlog

from app.core.clock import utc_now
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.files import rules
from app.features.files.repository import FileRepository
from app.features.files.service.downloads import mark_damaged
from app.gateways.storage import ObjectMissingError, StoredObject, storage_of
from app.gateways.upload_spool import spool_of

log = structlog.get_logger()

BATCH = 100


@dataclass(frozen=True, slots=True)
class Checked:
    """One object to compare with its hash."""

    key: str
    file_id: UUID | None
    size: int
    sha256: str


async def remove_abandoned_files(uow: UnitOfWork) -> int:
    """Remove one batch of unfinished uploads and of files that belong to nothing; their bytes go later."""
    repository, now = FileRepository(uow.session), utc_now()
    found = await repository.abandoned_files(now - rules.UNFINISHED, now - rules.ORPHAN, BATCH)
    for file_id in found:
        await repository.remove(file_id, now + rules.GRACE)
    return len(found)


async def keys_due_for_deletion(uow: UnitOfWork) -> Sequence[str]:
    """Return one batch of objects whose time has come."""
    repository, now = FileRepository(uow.session), utc_now()
    await repository.schedule_orphan_deletion(now + rules.GRACE)
    return await repository.due_for_deletion(now, BATCH)


async def forget_keys(uow: UnitOfWork, keys: Sequence[str]) -> None:
    """Drop the rows of objects that are gone."""
    await FileRepository(uow.session).forget(keys)


async def tidy_spool(resources: Resources) -> int:
    """Drop what stayed on this machine of uploads that ended long ago."""
    spool, before = spool_of(resources.settings), (utc_now() - 2 * rules.UNFINISHED).timestamp()
    old = await asyncio.to_thread(lambda: list(spool.kept(before)))
    for file_id in old:
        await asyncio.to_thread(spool.drop, file_id)
    return len(old)


async def orphan_keys(uow: UnitOfWork, listed: Sequence[StoredObject]) -> list[str]:
    """Return which of these objects nobody knows, younger ones left aside: a worker may be about to write them down."""
    old = [item.key for item in listed if item.modified < utc_now() - rules.GRACE]
    known = await FileRepository(uow.session).known(old)
    return [key for key in old if key not in known]


async def next_object_to_verify(uow: UnitOfWork) -> Checked | None:
    """Take the object that was compared longest ago, if that is too long; its turn counts from now on."""
    found = await FileRepository(uow.session).take_unchecked(utc_now() - rules.SCRUB)
    return Checked(found.key, found.file_id, found.size, found.sha256) if found is not None else None


async def is_intact(resources: Resources, checked: Checked) -> bool:
    """Read an object whole and compare it with what is known of it."""
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
    """Hand out no more what was found wrong."""
    if checked.file_id is not None:
        await mark_damaged(uow, checked.file_id, checked.key)
