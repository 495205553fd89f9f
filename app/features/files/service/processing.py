"""Looking at what arrived: is it what its name says, is it safe, how does it look. Workers do it.

A file is taken with a claim that runs out, looked at without a transaction, and settled in another one; a worker that
dies in between leaves a claim that runs out.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

import structlog

from app.core.clock import utc_now
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.files import rules
from app.features.files.events import FileReady, FileRefused
from app.features.files.repository import FileRepository
from app.gateways.file_inspection.inspector import InspectionRequest as InspectionOrder
from app.gateways.file_inspection.inspector import inspect
from app.gateways.malware_scanner import scanner_of
from app.gateways.storage import Digest, ObjectMissingError, digest_of, new_key, storage_of
from app.models.file import File, FileObject, FileRefusal, FileStatus, ObjectRole, SubjectKind

log = structlog.get_logger()

MAX_PIXELS = 50_000_000
PREVIEW_PIXELS = 640
FACE_PIXELS = 256
"""Side of the square that stands for a person."""


@dataclass(frozen=True, slots=True)
class InspectionJob:
    """One file to look at."""

    file_id: UUID
    kind: SubjectKind
    media_type: str
    key: str
    sha256: str
    attempts: int
    crop: dict[str, float] | None = None
    drawing: int = 0
    """Which drawing of the preview this becomes."""
    again: bool = False
    """The file was taken long ago, and only its preview is drawn anew."""


@dataclass(frozen=True, slots=True)
class StoredVariant:
    """One object that was made of a file and is in the storage already."""

    role: ObjectRole
    key: str
    media_type: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Findings:
    """What the look found."""

    refusal: FileRefusal | None = None
    width: int | None = None
    height: int | None = None
    made: Sequence[StoredVariant] = field(default=())


class SourceLostError(Exception):
    """The storage has not what was put there."""


async def claim_file(uow: UnitOfWork) -> InspectionJob | None:
    """Take the file that has waited longest."""
    repository = FileRepository(uow.session)
    until = utc_now() + rules.CLAIM
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
    """Look at a file and put what was made of it into the storage; no transaction is open meanwhile.

    Raises:
        SourceLostError: The bytes are not there, or not those that were put there.
        StorageUnavailableError: The storage does not answer.
        ScannerUnavailableError: Nobody knows whether it is clean.
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
            return Findings(refusal=FileRefusal(seen.refusal))
        made: list[StoredVariant] = []
        outputs = (
            (ObjectRole.MAIN, seen.main, work.media_type),
            (ObjectRole.PREVIEW, seen.preview, "image/webp"),
        )
        for role, path, media_type in outputs:
            if path is not None:
                key = new_key()
                digest = await asyncio.to_thread(digest_of, path)
                await storage_of(resources).put(key, path)
                made.append(StoredVariant(role, key, media_type, digest))
        return Findings(width=seen.width, height=seen.height, made=made)


async def _fetch(resources: Resources, work: InspectionJob, path: Path) -> None:
    """Bring the bytes here and compare them with what was uploaded."""
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
    """Write down what was found; announces `FileReady` or `FileRefused`.

    What needed no change becomes the file as it is; of a picture only the copy without hidden data stays.
    """
    repository = FileRepository(uow.session)
    file = await repository.get_for_update(work.file_id)
    expected = (FileStatus.READY,) if work.again else (FileStatus.PROCESSING, FileStatus.QUARANTINED)
    if file is None or file.status not in expected:
        return
    facts = {"file_id": str(file.id), "owner_id": str(file.owner_id), "kind": file.kind.value}
    # A picture that was taken once stays when it cannot be drawn again, except when a scanner has learnt what it is.
    if findings.refusal is not None and (not work.again or findings.refusal is FileRefusal.MALWARE):
        file.status, file.refusal = FileStatus.REFUSED, findings.refusal
        await repository.schedule_deletion(file.id, utc_now())
        await repository.bring_back(file.id)
        uow.emit(FileRefused(**facts, reason=findings.refusal.value, name=file.name))
        return
    if work.again:
        await _settle_drawing(repository, file, work, findings)
        return
    await _keep_made(repository, file, findings)
    file.width, file.height = findings.width, findings.height
    file.redrawn, file.next_try_at = work.drawing, utc_now()
    file.status = FileStatus.READY
    uow.emit(FileReady(**facts))


async def _keep_made(repository: FileRepository, file: File, findings: Findings) -> None:
    """Keep what was made; the source goes where a copy without hidden data stands in its place."""
    copies = [made for made in findings.made if made.role is ObjectRole.MAIN]
    for made in findings.made:
        repository.add(_object(file.id, made))
    for copy in copies:
        file.size = copy.digest.size
    if copies:
        await repository.schedule_deletion(file.id, utc_now() + rules.GRACE, ObjectRole.SOURCE)
    else:
        await repository.promote(file.id)


async def _settle_drawing(repository: FileRepository, file: File, work: InspectionJob, findings: Findings) -> None:
    """Show the new preview in place of the old one, which goes once nobody can be reading it any more."""
    if file.redrawn >= work.drawing:  # another worker was quicker
        return
    if findings.made:
        await repository.schedule_deletion(file.id, utc_now() + rules.GRACE, ObjectRole.PREVIEW)
        for made in findings.made:
            repository.add(_object(file.id, made))
    file.redrawn, file.next_try_at = work.drawing, utc_now()


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
    """Look again later; a file whose bytes stay lost is given up as damaged, which returns None.

    What nobody could scan stays in quarantine until somebody can: it is never handed out unseen. A picture that is only
    drawn anew was seen before and is shown meanwhile as it was.
    """
    file = await FileRepository(uow.session).get_for_update(work.file_id)
    if file is None:
        return None
    if lost and work.attempts >= rules.MAX_LOST:
        file.status = FileStatus.DAMAGED
        return None
    if unscanned and not work.again:
        file.status = FileStatus.QUARANTINED
    file.next_try_at = utc_now() + rules.next_delay(work.attempts)
    return file.next_try_at
