"""Queries for files."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app.core.clock import real_now
from app.core.persistence.advisory_locks import lock_names
from app.features.files.schemas import Subject
from app.gateways.storage import Digest
from app.models.document import DocumentFile
from app.models.file import Attachment, File, FileObject, FileStatus, ObjectRole, SubjectKind
from app.models.user import User, UserStatus

WAITING = (FileStatus.PROCESSING, FileStatus.QUARANTINED)
_PREVIEWED = exists().where(FileObject.file_id == File.id, FileObject.role == ObjectRole.PREVIEW)
_ATTACHED = (
    select(Attachment, File, _PREVIEWED)
    .join(File, File.id == Attachment.file_id)
    .where(tuple_(Attachment.subject_kind, Attachment.subject_id).in_(bindparam("subjects", expanding=True)))
    .order_by(Attachment.position, File.id.desc())
)
"""Built once: every page with files runs it."""


class Usage(NamedTuple):
    """What a person's files take."""

    files: int
    kept: int
    """Bytes of the files."""
    removed: int
    """Bytes of removed and replaced objects that are still in the storage."""


class Download(NamedTuple):
    """A file, the object of it that is asked for, and who may have it."""

    file: File
    found: FileObject | None
    attached: bool  # by the subject that the link names
    is_shown: bool
    """Whether its owner's account is active and anything has the file."""


class FileRepository:
    """Queries for files and their attachments; rows are locked in the order of their ids."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, row: File | FileObject) -> None:
        """Add a new row."""
        self._session.add(row)

    def add_all(self, rows: Sequence[File] | Sequence[FileObject]) -> None:
        """Add new rows."""
        self._session.add_all(rows)

    async def lock_owner(self, owner_id: UUID) -> None:
        """Serialize uploads per person so that the quota stays correct; the lock ends with the transaction."""
        await lock_names(self._session, f"files:{owner_id}")

    async def usage(self, owner_id: UUID) -> Usage:
        """Return what a person's files take; a refused one counts as removed until its bytes are gone."""
        removed = select(func.coalesce(func.sum(FileObject.size), 0)).where(
            FileObject.owner_id == owner_id, FileObject.file_id.is_(None), FileObject.sha256 != ""
        )
        statement = select(func.count(), func.coalesce(func.sum(File.size), 0), removed.scalar_subquery()).where(
            File.owner_id == owner_id, File.status != FileStatus.REFUSED
        )
        return Usage(*(int(number) for number in (await self._session.execute(statement)).one()))

    async def postpone_others(self, owner_id: UUID, until: datetime) -> None:
        """Let the files of a person that wait for their check wait until then, after those of others."""
        statement = update(File).where(File.owner_id == owner_id, File.status.in_(WAITING), File.next_try_at < until)
        await self._session.execute(statement.values(next_try_at=until).execution_options(synchronize_session=False))

    async def get(self, file_id: UUID) -> File | None:
        """Return one file."""
        return await self._session.get(File, file_id)

    async def get_for_update(self, file_id: UUID) -> File | None:
        """Return one file, locked."""
        return await self._session.get(File, file_id, with_for_update=True, populate_existing=True)

    async def lock_all(self, file_ids: Collection[UUID]) -> dict[UUID, File]:
        """Return these files, locked."""
        if not file_ids:
            return {}
        statement = select(File).where(File.id.in_(file_ids)).order_by(File.id).with_for_update()
        locked = await self._session.execute(statement.execution_options(populate_existing=True))
        return {file.id: file for file in locked.scalars()}

    async def with_key(self, file_id: UUID) -> tuple[File, str] | None:
        """Return one file with the key of what was uploaded; empty once that was replaced by what is served."""
        uploaded = and_(FileObject.file_id == File.id, FileObject.role == ObjectRole.SOURCE)
        statement = select(File, func.coalesce(FileObject.key, "")).outerjoin(FileObject, uploaded)
        row = (await self._session.execute(statement.where(File.id == file_id))).one_or_none()
        return (row[0], row[1]) if row else None

    async def touch(self, file_id: UUID, now: datetime) -> File | None:
        """Record that somebody still needs the file, and return it."""
        statement = update(File).where(File.id == file_id).values(touched_at=now).returning(File)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def set_digests(self, stored: Sequence[tuple[str, Digest]]) -> None:
        """Record the checksums of stored objects, given with their keys."""
        rows = [
            {"key": key, "size": digest.size, "sha256": digest.sha256, "blocks": digest.blocks}
            for key, digest in stored
        ]
        await self._session.execute(update(FileObject), rows)

    async def of_owner(self, owner_id: UUID, file_ids: Collection[UUID]) -> dict[UUID, File]:
        """Return those of these files that the person owns."""
        statement = select(File).where(File.owner_id == owner_id, File.id.in_(file_ids))
        return {file.id: file for file in (await self._session.execute(statement)).scalars()}

    async def page_of(
        self, owner_id: UUID, before: UUID | None, limit: int, *, unused: bool
    ) -> Sequence[tuple[File, bool]]:
        """Return a person's files, newest first, and whether each has a preview; all, or only the unattached ones."""
        statement = select(File, _PREVIEWED).where(File.owner_id == owner_id).order_by(File.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(File.id < before)
        if unused:
            statement = statement.where(~exists().where(Attachment.file_id == File.id))
        return [(file, bool(has)) for file, has in await self._session.execute(statement)]

    async def links_of(self, file_ids: Collection[UUID]) -> Sequence[Attachment]:
        """Return all attachments of these files."""
        statement = (
            select(Attachment)
            .where(Attachment.file_id.in_(file_ids))
            .order_by(Attachment.subject_kind, Attachment.subject_id)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def remove(self, file_id: UUID, delete_after: datetime) -> None:
        """Delete a file; its bytes are removed later."""
        await self.schedule_deletion(file_id, delete_after)
        await self._session.execute(delete(File).where(File.id == file_id))

    async def is_attached(self, file_id: UUID) -> bool:
        """Tell whether the file is attached to anything."""
        return bool((await self._session.execute(select(exists().where(Attachment.file_id == file_id)))).scalar_one())

    async def held_by(self, subject: Subject) -> list[Attachment]:
        """Return the attachments of a subject, including earlier versions."""
        statement = (
            select(Attachment)
            .where(Attachment.subject_kind == subject.kind, Attachment.subject_id == subject.id)
            .order_by(Attachment.position)
        )
        return list((await self._session.execute(statement)).scalars())

    async def attach(self, subject: Subject, file_ids: Sequence[UUID], earlier: Mapping[UUID, UUID]) -> None:
        """Attach exactly these files to the subject in this order, and the earlier versions of some of them.

        `earlier` maps each earlier version to the current file that replaces it.
        """
        places = {file_id: place for place, file_id in enumerate(file_ids)}
        current: dict[UUID, UUID | None] = {**dict.fromkeys(file_ids), **earlier}
        mine = (Attachment.subject_kind == subject.kind, Attachment.subject_id == subject.id)
        gone = delete(Attachment).where(*mine, Attachment.file_id.not_in(current)).returning(Attachment.file_id)
        # A detached file can be attached again for a while.
        detached = File.id.in_(select(gone.cte("gone").c.file_id))
        kept = update(File).where(detached).values(touched_at=real_now())
        await self._session.execute(kept.execution_options(synchronize_session=False))
        if current:
            rows = [
                {
                    "subject_kind": subject.kind,
                    "subject_id": subject.id,
                    "file_id": file_id,
                    "position": places[stands or file_id],
                    "current_id": stands,
                }
                for file_id, stands in current.items()
            ]
            added = insert(Attachment).values(rows)
            keys = (Attachment.subject_kind, Attachment.subject_id, Attachment.file_id)
            changed = {"position": added.excluded.position, "current_id": added.excluded.current_id}
            await self._session.execute(added.on_conflict_do_update(index_elements=keys, set_=changed))

    async def attach_to_new(self, subject: Subject, file_ids: Sequence[UUID]) -> None:
        """Attach these files in this order to a subject that has none yet."""
        rows = [
            {"subject_kind": subject.kind, "subject_id": subject.id, "file_id": file_id, "position": position}
            for position, file_id in enumerate(file_ids)
        ]
        await self._session.execute(insert(Attachment).values(rows))

    async def restore_previous_version(self, file_id: UUID) -> None:
        """Restore the previous version wherever a refused version had replaced it."""
        statement = select(Attachment).where(Attachment.current_id == file_id).with_for_update()
        earlier: dict[tuple[SubjectKind, UUID], list[Attachment]] = {}
        for link in (await self._session.execute(statement)).scalars():
            earlier.setdefault((link.subject_kind, link.subject_id), []).append(link)
        for links in earlier.values():
            newest = max(links, key=lambda link: link.file_id)
            for link in links:
                link.current_id = None if link is newest else newest.file_id

    async def attached(self, subjects: Collection[Subject]) -> Sequence[tuple[Attachment, File, bool]]:
        """Return the files of many subjects, and whether each has a preview; the newest version first."""
        wanted = {"subjects": [(subject.kind, subject.id) for subject in subjects]}
        return [(link, file, bool(has)) for link, file, has in await self._session.execute(_ATTACHED, wanted)]

    async def first_preview(self, subject: Subject) -> tuple[File, FileObject] | None:
        """Return the first file of a subject that is ready and has a preview, with the preview."""
        drawn = and_(FileObject.file_id == File.id, FileObject.role == ObjectRole.PREVIEW)
        statement = (
            select(File, FileObject)
            .join(Attachment, Attachment.file_id == File.id)
            .join(FileObject, drawn)
            .options(undefer(FileObject.blocks))
            .where(
                Attachment.subject_kind == subject.kind,
                Attachment.subject_id == subject.id,
                Attachment.current_id.is_(None),
                File.status == FileStatus.READY,
                File.taken_down_at.is_(None),
            )
            .order_by(Attachment.position, File.id.desc())
            .limit(1)
        )
        row = (await self._session.execute(statement)).one_or_none()
        return (row[0], row[1]) if row else None

    async def lock_shown(self, subject: Subject) -> File | None:
        """Return the first current file of a subject, locked."""
        statement = (
            select(File)
            .join(Attachment, Attachment.file_id == File.id)
            .where(
                Attachment.subject_kind == subject.kind,
                Attachment.subject_id == subject.id,
                Attachment.current_id.is_(None),
            )
            .order_by(Attachment.position, File.id.desc())
            .limit(1)
            .with_for_update(of=File)
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def previewed(self, file_ids: Collection[UUID]) -> set[UUID]:
        """Return which of these files have a preview."""
        statement = select(FileObject.file_id).where(
            FileObject.file_id.in_(file_ids), FileObject.role == ObjectRole.PREVIEW
        )
        return {found for found in (await self._session.execute(statement)).scalars() if found is not None}

    async def object_of(self, file_id: UUID, role: ObjectRole) -> FileObject | None:
        """Return one object of a file with the checksums of its blocks."""
        statement = (
            select(FileObject)
            .options(undefer(FileObject.blocks))
            .where(FileObject.file_id == file_id, FileObject.role == role)
            .limit(1)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def for_download(self, file_id: UUID, role: ObjectRole, subject_id: UUID | None) -> Download | None:
        """Return a file, one object of it, whether the subject has the file, and whether others may see it at all."""
        attached = exists().where(
            Attachment.subject_kind == File.kind, Attachment.subject_id == subject_id, Attachment.file_id == File.id
        )
        is_active = exists().where(User.id == File.owner_id, User.status == UserStatus.ACTIVE)
        shown = is_active & exists().where(Attachment.file_id == File.id)
        statement = (
            select(File, FileObject, attached, shown)
            .outerjoin(FileObject, and_(FileObject.file_id == File.id, FileObject.role == role))
            .options(undefer(FileObject.blocks))
            .where(File.id == file_id)
            .limit(1)
        )
        row = (await self._session.execute(statement)).one_or_none()
        return Download(*row) if row else None

    async def schedule_deletion(self, file_id: UUID, delete_after: datetime, *roles: ObjectRole) -> None:
        """Schedule the objects of a file for deletion, all or those of some roles; they count until they are gone."""
        chosen = FileObject.role.in_(roles or tuple(ObjectRole))
        owner = select(File.owner_id).where(File.id == file_id).scalar_subquery()
        await self._session.execute(
            update(FileObject)
            .where(FileObject.file_id == file_id, chosen)
            .values(file_id=None, owner_id=owner, delete_after=delete_after)
            .execution_options(synchronize_session=False)
        )

    async def promote(self, file_id: UUID) -> None:
        """Serve the uploaded object unchanged."""
        await self._session.execute(
            update(FileObject)
            .where(FileObject.file_id == file_id, FileObject.role == ObjectRole.SOURCE)
            .values(role=ObjectRole.MAIN)
            .execution_options(synchronize_session=False)
        )

    async def claim(self, until: datetime) -> File | None:
        """Claim the file that has waited longest for its check, so that no other worker takes it before `until`."""
        return await self._claim(File.status.in_(WAITING), until)

    async def claim_undrawn(self, until: datetime) -> File | None:
        """Claim the file whose preview has waited longest to be generated again."""
        return await self._claim((File.redraws > File.redrawn) & (File.status == FileStatus.READY), until)

    async def _claim(self, wanted: ColumnElement[bool], until: datetime) -> File | None:
        due = (
            select(File.id)
            .where(wanted, File.next_try_at <= real_now())
            .order_by(File.next_try_at)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        taken = await self._session.execute(
            update(File).where(File.id == due).values(next_try_at=until, attempts=File.attempts + 1).returning(File)
        )
        return taken.scalar_one_or_none()

    async def abandoned_files(
        self, unfinished: datetime, orphaned: datetime, taken_down: datetime, limit: int
    ) -> Sequence[UUID]:
        """Lock and return uploads that were not continued and files that are unattached, both for a long time.

        Files that the operator took down are kept, attached or not, until they were taken down before `taken_down`.
        """
        free = ~exists().where(Attachment.file_id == File.id)
        stale = (File.status == FileStatus.UPLOADING) & (File.touched_at < unfinished)
        orphan = (File.status != FileStatus.UPLOADING) & (File.touched_at < orphaned) & free
        orphan &= File.taken_down_at.is_(None)
        removed = File.taken_down_at < taken_down
        statement = (
            select(File.id)
            .where(stale | orphan | removed)
            .order_by(File.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def schedule_orphan_deletion(self, delete_after: datetime) -> None:
        """Schedule the deletion of objects that lost their file in another way, such as with the owner's account."""
        orphaned = FileObject.file_id.is_(None) & FileObject.delete_after.is_(None)
        await self._session.execute(update(FileObject).where(orphaned).values(delete_after=delete_after))

    async def due_for_deletion(self, now: datetime, limit: int) -> Sequence[str]:
        """Return objects that are due for deletion."""
        statement = (
            select(FileObject.key).where(FileObject.delete_after < now).order_by(FileObject.delete_after).limit(limit)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def forget(self, keys: Sequence[str]) -> None:
        """Delete the rows of removed objects."""
        await self._session.execute(delete(FileObject).where(FileObject.key.in_(keys)))

    async def known(self, keys: Sequence[str]) -> set[str]:
        """Return which of these objects have a row, or are the file of a paper, which has none."""
        papers = select(DocumentFile.storage_key).where(DocumentFile.storage_key.in_(keys))
        statement = select(FileObject.key).where(FileObject.key.in_(keys)).union(papers)
        return set((await self._session.execute(statement)).scalars())

    async def objects_of(self, file_id: UUID) -> Sequence[FileObject]:
        """Return all objects of a file."""
        return (await self._session.execute(select(FileObject).where(FileObject.file_id == file_id))).scalars().all()

    async def next_unverified(self, before: datetime, damaged_before: datetime) -> FileObject | None:
        """Return the object that was verified longest ago and set its verification time to now.

        Objects of damaged files are due earlier, since `damaged_before`.
        """
        damaged = exists().where(File.id == FileObject.file_id, File.status == FileStatus.DAMAGED)
        return await self._claim_unverified(FileObject.checked_at < before) or await self._claim_unverified(
            FileObject.checked_at < damaged_before, damaged
        )

    async def _claim_unverified(self, *due: ColumnElement[bool]) -> FileObject | None:
        oldest = (
            select(FileObject.key)
            .where(FileObject.delete_after.is_(None), FileObject.sha256 != "", *due)
            .order_by(FileObject.checked_at)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        taken = await self._session.execute(
            update(FileObject).where(FileObject.key == oldest).values(checked_at=real_now()).returning(FileObject)
        )
        return taken.scalar_one_or_none()
