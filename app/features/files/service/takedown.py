"""Taking files down and restoring them, by the operator."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.clock import real_now
from app.core.unit_of_work import UnitOfWork
from app.features.files.errors import NoSuchFileError, TakedownStateError
from app.features.files.events import FileRestored, FileTakenDown
from app.features.files.repository import FileRepository
from app.features.files.schemas import Subject
from app.models.file import File


async def take_down_file(uow: UnitOfWork, actor: Actor, file_id: UUID, *, reason: str) -> File:
    """Take a file down: its links stop working, and its owner reads why. Emits `FileTakenDown`.

    Raises:
        NoSuchFileError: There is no such file.
        TakedownStateError: It was taken down already.
    """
    file = await _locked(uow, file_id, taken_down=False)
    file.taken_down_at, file.takedown_reason = real_now(), reason
    _record(uow, actor, file, "file.take_down", reason)
    uow.emit(FileTakenDown(file_id=str(file.id), owner_id=str(file.owner_id), name=file.name, reason=reason))
    return file


async def restore_file(uow: UnitOfWork, actor: Actor, file_id: UUID, *, reason: str = "") -> File:
    """Restore a file that was taken down; it gets the usual time until unattached files go. Emits `FileRestored`.

    Raises:
        NoSuchFileError: There is no such file.
        TakedownStateError: It was not taken down.
    """
    file = await _locked(uow, file_id, taken_down=True)
    file.taken_down_at = file.takedown_reason = None
    file.touched_at = real_now()
    _record(uow, actor, file, "file.restore", reason)
    uow.emit(FileRestored(file_id=str(file.id), owner_id=str(file.owner_id), name=file.name))
    return file


async def take_down_attached(uow: UnitOfWork, actor: Actor, subject: Subject, moment: datetime, *, reason: str) -> None:
    """Take down the files of a subject that is taken down at this moment; its own event tells the owner."""
    for file in await _of(uow, subject):
        if file.taken_down_at is None:
            file.taken_down_at, file.takedown_reason = moment, reason
            _record(uow, actor, file, "file.take_down", reason)


async def restore_attached(uow: UnitOfWork, actor: Actor, subject: Subject, moment: datetime, *, reason: str) -> None:
    """Restore the files that were taken down with their subject; one taken down by itself stays so."""
    for file in await _of(uow, subject):
        if file.taken_down_at == moment:
            file.taken_down_at = file.takedown_reason = None
            _record(uow, actor, file, "file.restore", reason)


async def _of(uow: UnitOfWork, subject: Subject) -> Collection[File]:
    repository = FileRepository(uow.session)
    return (await repository.lock_all([link.file_id for link in await repository.held_by(subject)])).values()


async def _locked(uow: UnitOfWork, file_id: UUID, *, taken_down: bool) -> File:
    file = await FileRepository(uow.session).get_for_update(file_id)
    if file is None:
        raise NoSuchFileError
    if (file.taken_down_at is not None) is not taken_down:
        raise TakedownStateError
    return file


def _record(uow: UnitOfWork, actor: Actor, file: File, action: str, reason: str) -> None:
    is_down = file.taken_down_at is not None
    old, new = {"taken_down": not is_down}, {"taken_down": is_down}
    record_audit(uow.session, actor, action, file.id, old=old, new=new, reason=reason)
