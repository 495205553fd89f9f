"""Checks of uploaded files in workers: type, malware, preview.

A file is claimed until a deadline, checked without a transaction, and its result is stored in another transaction. If
a worker dies in between, the claim expires.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog

from app.core.clock import real_now
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.files import rules
from app.features.files.events import FileReady, FileRefused
from app.features.files.repository import FileRepository
from app.gateways.file_inspection.inspector import InspectionRequest as InspectionOrder
from app.gateways.file_inspection.inspector import inspect
from app.gateways.malware_scanner import scanner_of
from app.gateways.storage import Digest, ObjectMissingError, ObjectTooLargeError, digest_of, new_key, storage_of
from app.models.file import File, FileObject, FileRefusal, FileStatus, ObjectRole, RefusalCause, SubjectKind

log = structlog.get_logger()

MAX_PIXELS = 120_000_000
PREVIEW_PIXELS = 640
FACE_PIXELS = 256
"""Side of a square profile picture."""


@dataclass(frozen=True, slots=True)
class InspectionJob:
    """One file to check."""

    file_id: UUID
    kind: SubjectKind
    media_type: str
    key: str
    sha256: str
    attempts: int
    crop: dict[str, float] | None = None
    drawing: int = 0
    """The version number that the generated preview gets."""
    again: bool = False
    """The file was accepted earlier, and only its preview is generated again."""


@dataclass(frozen=True, slots=True)
class StoredVariant:
    """One object that was derived from a file and is in the storage already."""

    role: ObjectRole
    key: str
    media_type: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Findings:
    """The result of a check."""

    refusal: FileRefusal | None = None
    cause: RefusalCause | None = None
    entry: str | None = None
    width: int | None = None
    height: int | None = None
    media_type: str | None = None
    """What the file is, where that differs from what its name says."""
    made: Sequence[StoredVariant] = field(default=())


class SourceLostError(Exception):
    """The storage does not contain what was stored."""


async def claim_file(uow: UnitOfWork) -> InspectionJob | None:
    """Claim the file that has waited longest."""
    repository = FileRepository(uow.session)
    until = real_now() + rules.CLAIM
    file = await repository.claim(until) or await repository.claim_undrawn(until)
    if file is None:
        return None
    again = file.status is FileStatus.READY
    source = await repository.object_of(file.id, ObjectRole.MAIN if again else ObjectRole.SOURCE)
    key, sha256 = (source.key, source.sha256) if source is not None else ("", "")
    return InspectionJob(
        file.id, file.kind, file.media_type, key, sha256, file.attempts, file.crop, file.redraws, again=again
    )


async def examine(resources: Resources, work: InspectionJob) -> Findings:
    """Check a file and store the objects derived from it; no transaction is open meanwhile.

    Raises:
        SourceLostError: The bytes are missing, or differ from what was stored.
        StorageUnavailableError: The storage does not answer.
        ScannerUnavailableError: The malware scanner does not answer.
    """
    scratch = resources.settings.data_dir / "inspection"
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        folder = Path(name)
        source = folder / "source"
        await _fetch(resources, work, source)
        found = await scanner_of(resources).scan(source)
        if found is not None:
            await log.awarning("malware_found", file_id=str(work.file_id), name=found)
            return Findings(refusal=FileRefusal.MALWARE)
        avatar = work.kind is SubjectKind.AVATAR
        order = InspectionOrder(
            source=source,
            media_type=work.media_type,
            folder=folder,
            most_pixels=MAX_PIXELS,
            preview_pixels=FACE_PIXELS if avatar else PREVIEW_PIXELS,
            square=avatar,
            crop=work.crop,
            preview_only=work.again,
        )
        seen = await inspect(order)
        if seen.refusal is not None:
            cause = RefusalCause(seen.cause) if seen.cause else None
            return Findings(FileRefusal(seen.refusal), cause, rules.clean_entry(seen.entry))
        media_type = seen.media_type or work.media_type
        outputs = (
            (ObjectRole.MAIN, seen.main, media_type),
            (ObjectRole.PREVIEW, seen.preview, "image/webp"),
        )
        try:
            made = [await _store(resources, role, path, kind) for role, path, kind in outputs if path is not None]
        except ObjectTooLargeError:
            return Findings(refusal=FileRefusal.TOO_BIG_PICTURE)
        return Findings(width=seen.width, height=seen.height, media_type=media_type, made=made)


async def _store(resources: Resources, role: ObjectRole, path: Path, media_type: str) -> StoredVariant:
    """Store a file that was derived from an upload."""
    key, digest = new_key(), await asyncio.to_thread(digest_of, path)
    await storage_of(resources).put(key, path)
    return StoredVariant(role, key, media_type, digest)


async def _fetch(resources: Resources, work: InspectionJob, path: Path) -> None:
    """Download the bytes and compare them with what was uploaded."""
    if not work.key:
        raise SourceLostError
    try:
        async with aclosing(storage_of(resources).read(work.key)) as stream:
            with path.open("wb") as handle:
                async for piece in stream:
                    await asyncio.to_thread(handle.write, piece)
    except ObjectMissingError as error:
        raise SourceLostError from error
    if (await asyncio.to_thread(digest_of, path)).sha256 != work.sha256:
        raise SourceLostError


async def settle_file(uow: UnitOfWork, work: InspectionJob, findings: Findings) -> None:
    """Store the result of a check; emits `FileReady` or `FileRefused`.

    A source that needs no change is served as it is; of a picture only the copy without metadata is kept. The ending
    of a name that does not fit the content is corrected.
    """
    repository = FileRepository(uow.session)
    file = await repository.get_for_update(work.file_id)
    expected = (FileStatus.READY,) if work.again else (FileStatus.PROCESSING, FileStatus.QUARANTINED)
    if file is None or file.status not in expected:
        return
    if findings.cause is RefusalCause.OUT_OF_TIME:
        await uow.resources.limiter.count(rules.SLOW, str(file.owner_id))
        await repository.postpone_others(file.owner_id, real_now() + timedelta(seconds=rules.SLOW.seconds))
    facts = {"file_id": str(file.id), "owner_id": str(file.owner_id), "kind": file.kind.value}
    # An accepted picture stays when its preview cannot be generated again, except when a scanner now finds malware.
    if findings.refusal is not None and (not work.again or findings.refusal is FileRefusal.MALWARE):
        file.status, file.refusal = FileStatus.REFUSED, findings.refusal
        file.refusal_cause, file.refused_entry = findings.cause, findings.entry
        await repository.schedule_deletion(file.id, real_now())
        await repository.restore_previous_version(file.id)
        uow.emit(FileRefused(**facts, reason=findings.refusal.value, name=file.name))
        return
    if work.again:
        await _replace_preview(repository, file, work, findings)
        return
    await _record_variants(repository, file, findings)
    _describe(file, findings)
    file.redrawn, file.next_try_at = work.drawing, real_now()
    file.status = FileStatus.READY
    uow.emit(FileReady(**facts))


def _describe(file: File, findings: Findings) -> None:
    """Set what the check found out about the content; the ending of the name follows it."""
    file.width, file.height = findings.width, findings.height
    if findings.media_type is not None and findings.media_type != file.media_type:
        file.name = rules.name_as(file.name, findings.media_type)
        file.media_type = findings.media_type


async def _record_variants(repository: FileRepository, file: File, findings: Findings) -> None:
    """Record the derived objects; the source is deleted where a copy without metadata replaces it."""
    copies = [made for made in findings.made if made.role is ObjectRole.MAIN]
    for made in findings.made:
        repository.add(_object(file.id, made))
    for copy in copies:
        file.size = copy.digest.size
    if copies:
        await repository.schedule_deletion(file.id, real_now() + rules.GRACE, ObjectRole.SOURCE)
    else:
        await repository.promote(file.id)


async def _replace_preview(repository: FileRepository, file: File, work: InspectionJob, findings: Findings) -> None:
    """Replace the old preview with the new one; the old one is deleted after a grace period."""
    if file.redrawn >= work.drawing:  # another worker was faster
        return
    if findings.made:
        await repository.schedule_deletion(file.id, real_now() + rules.GRACE, ObjectRole.PREVIEW)
        for made in findings.made:
            repository.add(_object(file.id, made))
    file.redrawn, file.next_try_at = work.drawing, real_now()


def _object(file_id: UUID, made: StoredVariant) -> FileObject:
    return FileObject(
        key=made.key,
        file_id=file_id,
        role=made.role,
        size=made.digest.size,
        media_type=made.media_type,
        sha256=made.digest.sha256,
        blocks=made.digest.blocks,
    )


async def retry_inspection_later(
    uow: UnitOfWork, work: InspectionJob, *, lost: bool = False, unscanned: bool = False
) -> datetime | None:
    """Schedule another check; a file whose bytes stay missing counts as damaged, which returns None.

    A file that could not be scanned stays in quarantine until it is: it is never served unchecked. A picture whose
    preview is generated again was checked before and is shown unchanged meanwhile.
    """
    file = await FileRepository(uow.session).get_for_update(work.file_id)
    if file is None:
        return None
    if lost and work.attempts >= rules.MAX_LOST:
        file.status = FileStatus.DAMAGED
        return None
    if unscanned and not work.again:
        file.status = FileStatus.QUARANTINED
    file.next_try_at = real_now() + rules.next_delay(work.attempts)
    return file.next_try_at
