"""What files belong to. Access follows the object: the room of the object asks only for readers who may see it."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.uow import UnitOfWork
from app.features.files import rules
from app.features.files.errors import InvalidFilesError
from app.features.files.repository import FileRepository
from app.features.files.schemas import FileRead, Subject
from app.features.files.service.links import present
from app.models.file import File, FileStatus

WHERE = ("files",)
TOO_MANY = N_("At most {most} files, please.")
UNKNOWN = N_("One of the files is not there any more. Remove it and add it again.")
REFUSED = N_("“{name}” was not taken. Remove it, then save again.")
UNFINISHED = N_("“{name}” has not arrived whole yet.")


async def attach(uow: UnitOfWork, actor: Actor, subject: Subject, file_ids: Sequence[UUID]) -> None:
    """Make the subject hold exactly these files of the actor, in this order; what it held before is let go.

    Files still being looked at may be attached: they are handed out once they are ready.

    Raises:
        InvalidFilesError: There are too many, or one is not the actor's, not of this kind, or was not taken.
    """
    wanted = list(dict.fromkeys(file_ids))
    most = rules.LIMITS[subject.kind].most_files
    if len(wanted) > most:
        raise InvalidFilesError(errors=[FieldError(WHERE, TOO_MANY, {"most": most})])
    repository = FileRepository(uow.session)
    files = await repository.lock_all(wanted)
    faults = [fault for file_id in wanted if (fault := _fault(actor, subject, files.get(file_id)))]
    if faults:
        raise InvalidFilesError(errors=faults)
    await repository.attach(subject, wanted)


def _fault(actor: Actor, subject: Subject, file: File | None) -> FieldError | None:
    if file is None or file.owner_id != actor.id or file.kind is not subject.kind:
        return FieldError(WHERE, UNKNOWN)
    if file.status is FileStatus.UPLOADING:
        return FieldError(WHERE, UNFINISHED, {"name": file.name})
    if file.status in (FileStatus.REFUSED, FileStatus.DAMAGED):
        return FieldError(WHERE, REFUSED, {"name": file.name})
    return None


async def attached(session: AsyncSession, subjects: Collection[Subject]) -> dict[Subject, list[FileRead]]:
    """Return the files of many subjects, each in its order, with fresh links; one query for all of them."""
    found: dict[Subject, list[FileRead]] = {subject: [] for subject in subjects}
    if not found:
        return found
    rows = await FileRepository(session).attached(list(found))
    shown = present([file for _link, file, _has in rows], {file.id for _link, file, has in rows if has})
    for link, file, _has in rows:
        found[Subject(link.subject_kind, link.subject_id)].append(shown[file.id])
    return found


async def own_files(session: AsyncSession, actor: Actor, file_ids: Sequence[UUID]) -> list[FileRead]:
    """Return those of these files that are the actor's, in the order asked for: for a form that is shown again."""
    repository = FileRepository(session)
    files = await repository.of_owner(actor.id, set(file_ids))
    shown = present(files.values(), await repository.previewed(set(files)))
    return [shown[file_id] for file_id in dict.fromkeys(file_ids) if file_id in shown]
