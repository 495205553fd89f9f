"""Attachments of files. The feature that owns an object checks who may see it before it asks for its files."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.unit_of_work import UnitOfWork
from app.features.files import rules
from app.features.files.errors import InvalidFilesError
from app.features.files.repository import FileRepository
from app.features.files.schemas import FileRead, FileVersion, Subject
from app.features.files.service.signed_links import Pass, pass_of, present
from app.models.file import Attachment, File, FileStatus

type AttachedRow = tuple[Attachment, File, bool]
"""An attachment, its file, and whether the file has a preview."""

WHERE = ("files",)
_EXPECTED, _READ = "iplance.files.expected", "iplance.files.read"
TOO_MANY = N_("At most {most} files, please.")
UNKNOWN = N_("One of the files is not there any more. Remove it and add it again.")
REFUSED = N_("“{name}” was not taken. Remove it, then save again.")
UNFINISHED = N_("“{name}” has not arrived whole yet.")


async def attach(uow: UnitOfWork, actor: Actor, subject: Subject, file_ids: Sequence[UUID]) -> None:
    """Attach exactly these files of the actor to the subject, in this order; other files are detached.

    A file uploaded as the next version of an attached one replaces it, and the earlier versions stay with it, up to
    `rules.MAX_VERSIONS`. Files that are still being checked may be attached; they can be downloaded once ready.

    Raises:
        InvalidFilesError: There are too many, or one is not the actor's, not of this kind, or was refused.
    """
    files = await _lock_checked(uow, actor, subject, file_ids)
    repository = FileRepository(uow.session)
    held = {link.file_id: link.current_id for link in await repository.held_by(subject)}
    replaced = await _replaced(repository, files, held)
    wanted = [file.id for file in files if file.id not in replaced]
    await repository.attach(subject, wanted, _earlier(wanted, held, replaced))


async def attach_to_new(uow: UnitOfWork, actor: Actor, subject: Subject, file_ids: Sequence[UUID]) -> None:
    """Attach these files of the actor to a subject that this transaction creates, which has no files yet.

    Raises:
        InvalidFilesError: There are too many, or one is not the actor's, not of this kind, or was refused.
    """
    files = await _lock_checked(uow, actor, subject, file_ids)
    if files:
        await FileRepository(uow.session).attach_to_new(subject, [file.id for file in files])


async def _lock_checked(uow: UnitOfWork, actor: Actor, subject: Subject, file_ids: Sequence[UUID]) -> list[File]:
    """Lock the files and check that the actor may attach them; what was read of attached files is forgotten."""
    for kept in (_READ, _EXPECTED):
        uow.session.info.pop(kept, None)
    named = list(dict.fromkeys(file_ids))
    most = rules.LIMITS[subject.kind].most_files
    if len(named) > most:
        raise InvalidFilesError(errors=[FieldError(WHERE, TOO_MANY, {"most": most})])
    files = await FileRepository(uow.session).lock_all(named)
    faults = [fault for file_id in named if (fault := _fault(actor, subject, files.get(file_id)))]
    if faults:
        raise InvalidFilesError(errors=faults)
    return [files[file_id] for file_id in named]


async def _replaced(
    repository: FileRepository, files: Sequence[File], held: Mapping[UUID, UUID | None]
) -> dict[UUID, UUID]:
    """Return the currently attached files whose next version is among these, each with that version.

    A person may upload two versions before saving; a version that was never attached is skipped.
    """
    found: dict[UUID, UUID] = {}
    for file in files:
        old, steps = file.replaces_id if file.id not in held else None, 0
        while old is not None and old not in held and steps < rules.MAX_VERSIONS:
            before = await repository.get(old)
            old, steps = before.replaces_id if before else None, steps + 1
        if old is not None and old in held and held[old] is None and old not in found:
            found[old] = file.id
    return found


def _earlier(
    wanted: Sequence[UUID], held: Mapping[UUID, UUID | None], replaced: Mapping[UUID, UUID]
) -> dict[UUID, UUID]:
    """Return the earlier versions to keep, each with its current file; the oldest are dropped first."""
    kept: dict[UUID, list[UUID]] = {file_id: [] for file_id in wanted}
    for file_id, current in held.items():
        shown = current or file_id
        stands = replaced.get(shown, shown)
        if stands != file_id and file_id not in kept and stands in kept:
            kept[stands].append(file_id)
    # Ids begin with their creation time.
    newest = {stands: sorted(olds)[-rules.MAX_VERSIONS + 1 :] for stands, olds in kept.items()}
    return {old: stands for stands, olds in newest.items() for old in olds}


def _fault(actor: Actor, subject: Subject, file: File | None) -> FieldError | None:
    if file is None or file.owner_id != actor.id or file.kind is not subject.kind:
        return FieldError(WHERE, UNKNOWN)
    if file.status is FileStatus.UPLOADING:
        return FieldError(WHERE, UNFINISHED, {"name": file.name})
    if file.status in (FileStatus.REFUSED, FileStatus.DAMAGED):
        return FieldError(WHERE, REFUSED, {"name": file.name})
    return None


def expect(session: AsyncSession, subjects: Iterable[Subject]) -> None:
    """Announce subjects whose files are needed later; the next `attached` of this session loads them too."""
    session.info.setdefault(_EXPECTED, set()).update(subjects)


async def attached(
    session: AsyncSession, subjects: Collection[Subject], reader: Actor | None = None, grant: str = ""
) -> dict[Subject, list[FileRead]]:
    """Return the files of many subjects, each in its order, with new links; one query for all of them.

    Args:
        session: The database session.
        subjects: What the files are attached to.
        reader: The person whose session the links are made for; None for a guest. Of public kinds only the owner is
            named: links for everybody else have no reader.
        grant: What the links say to the check of the subjects' feature (`register_read_check`).
    """
    known: dict[Subject, list[AttachedRow]] = session.info.setdefault(_READ, {})
    found = {subject: known[subject] for subject in subjects if subject in known}
    unknown = [subject for subject in dict.fromkeys(subjects) if subject not in known]
    if unknown:
        expected: set[Subject] = session.info.pop(_EXPECTED, set())
        read = await _rows_of(session, [*unknown, *expected.difference(unknown)])
        known.update((subject, read[subject]) for subject in expected)
        found |= {subject: read[subject] for subject in unknown}
    return {subject: _presented(found[subject], pass_of(reader, subject, grant)) for subject in subjects}


async def _rows_of(session: AsyncSession, subjects: Sequence[Subject]) -> dict[Subject, list[AttachedRow]]:
    found: dict[Subject, list[AttachedRow]] = {subject: [] for subject in subjects}
    for row in await FileRepository(session).attached(subjects):
        found[Subject(row[0].subject_kind, row[0].subject_id)].append(row)
    return found


def _presented(rows: Sequence[AttachedRow], held: Pass) -> list[FileRead]:
    """Return the current files of one subject, each with its earlier versions."""
    shown = present([file for _link, file, _has in rows], {file.id for _link, file, has in rows if has}, held)
    olds: dict[UUID, list[FileRead]] = {}
    for link, file, _has in rows:
        if link.current_id is not None:
            olds.setdefault(link.current_id, []).append(shown[file.id])
    return [
        _with_earlier(shown[file.id], olds.get(file.id, [])) for link, file, _has in rows if link.current_id is None
    ]


def _with_earlier(file: FileRead, olds: Sequence[FileRead]) -> FileRead:
    """Add the earlier versions to a file, newest first."""
    earlier = [
        FileVersion(version=number, **old.model_dump(include=set(FileVersion.model_fields) - {"version"}))
        for number, old in zip(range(len(olds), 0, -1), olds, strict=True)
    ]
    return file.model_copy(update={"version": len(olds) + 1, "earlier": earlier})


async def own_files(session: AsyncSession, actor: Actor, file_ids: Sequence[UUID]) -> list[FileRead]:
    """Return those of these files that the actor owns, in the given order, for a form that is rendered again."""
    if not file_ids:
        return []
    repository = FileRepository(session)
    files = await repository.of_owner(actor.id, set(file_ids))
    shown = present(files.values(), await repository.previewed(set(files)), pass_of(actor), own=True)
    return [shown[file_id] for file_id in dict.fromkeys(file_ids) if file_id in shown]
