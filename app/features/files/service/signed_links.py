"""Signed links to files: each is for one object of one file and expires at a time it contains."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from app.core.clock import utc_now
from app.core.config import Settings, get_settings
from app.core.i18n import _
from app.core.security.signing import Signer
from app.features.files import rules
from app.features.files.schemas import Crop, FileRead
from app.models.file import File, FileStatus

MAIN, PREVIEW = "main", "preview"
_SIGNER = Signer("file-link", 24)


def link(settings: Settings, file: File, face: str, now: datetime) -> str:
    """Return the address of one object of a file, on the host of files where there is one.

    A preview that was generated again has another address, so no cache shows an old copy.
    """
    until = rules.link_expiry(now, public=rules.LIMITS[file.kind].public)
    signature = _SIGNER.text(settings, str(file.id), face, str(until))
    tail = "/preview" if face == PREVIEW else ""
    drawn = f"&drawn={file.redrawn}" if file.redrawn and face == PREVIEW else ""
    return f"{settings.files_origin}/files/{file.id}{tail}?until={until}&key={signature}{drawn}"


def is_valid_link(settings: Settings, file_id: UUID, face: str, until: int, key: str) -> bool:
    """Tell whether the signature of the link is valid and it has not expired."""
    if until < utc_now().timestamp() or not key.isascii():
        return False
    return _SIGNER.verifies_text(settings, key, str(file_id), face, str(until))


def present(files: Collection[File], previewed: Collection[UUID], *, own: bool = False) -> dict[UUID, FileRead]:
    """Return files with their links; the caller has already checked who may read them.

    `own`: The reader is their owner, who is told why the operator took one down.
    """
    settings, now, found = get_settings(), utc_now(), dict[UUID, FileRead]()
    for file in files:
        ready = file.status is FileStatus.READY and file.taken_down_at is None
        found[file.id] = FileRead(
            id=file.id,
            name=file.name,
            media_type=file.media_type,
            size=file.size,
            status=file.status,
            note=_note(file, own=own),
            taken_down=file.taken_down_at is not None,
            url=link(settings, file, MAIN, now) if ready else None,
            preview_url=link(settings, file, PREVIEW, now) if ready and file.id in previewed else None,
            width=file.width,
            height=file.height,
            drawing=ready and file.redraws > file.redrawn,
            created_at=file.created_at,
            crop=Crop.model_validate(file.crop) if file.crop else None,
        )
    return found


def _note(file: File, *, own: bool) -> str | None:
    if file.taken_down_at is not None:
        if own and file.takedown_reason:
            return _("Removed by the operator: {reason}").format(reason=file.takedown_reason)
        return _("Removed by the operator")
    return rules.refusal_text(file.refusal, file.refusal_cause, file.refused_entry) if file.refusal else None
