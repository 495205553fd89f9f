"""Signed links to files: each is for one object of one file and expires at a time it contains."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.actor import Actor
from app.core.clock import real_now
from app.core.config import Settings, get_settings
from app.core.i18n import _
from app.core.security.signing import Signer
from app.features.files import rules
from app.features.files.schemas import Crop, FileRead, Subject
from app.models.file import File, FileStatus

MAIN, PREVIEW = "main", "preview"
_SIGNER = Signer("file-link", 24)


@dataclass(frozen=True, slots=True)
class Pass:
    """Whom a link to a file that is not public was made for, and through what they read the file.

    The host of files gets no cookies, so the link itself names the session. It contains no secret: a download asks
    whether the session is active and its account may read the subject now.
    """

    session_id: UUID | None = None
    """None for a guest."""
    subject_id: UUID | None = None
    """What the file is attached to; None where its owner looks at their own files."""
    grant: str = ""
    """What the feature of the subject needs to admit a reader who came by a secret address; empty for most."""

    def parts(self) -> tuple[str, ...]:
        """Return what is signed; nothing for public kinds and links of the previous release."""
        return (str(self.session_id or ""), str(self.subject_id or ""), self.grant) if self != UNBOUND else ()

    def query(self) -> str:
        """Return the parameters of the address."""
        named = {"session": self.session_id, "of": self.subject_id, "grant": self.grant}
        return "".join(f"&{name}={value}" for name, value in named.items() if value)


UNBOUND = Pass()


def pass_of(reader: Actor | None, subject: Subject | None = None, grant: str = "") -> Pass:
    """Return the pass of a reader who sees a file through this subject."""
    return Pass(reader.session_id if reader else None, subject.id if subject else None, grant)


def link(settings: Settings, file: File, face: str, now: datetime, held: Pass) -> str:
    """Return the address of one object of a file, on the host of files where there is one.

    A link to a public kind is for everybody, unless it is made for a session: that is its owner's own link, which also
    opens what others may not see.
    A preview that was generated again has another address, so no cache shows an old copy.
    """
    public = rules.LIMITS[file.kind].public and held.session_id is None
    bound = UNBOUND if public else held
    until = rules.link_expiry(now, public=public)
    # A pass without content must not give a link that is valid without a check.
    parts = () if public else (bound.parts() or ("", "", ""))
    signature = _SIGNER.text(settings, str(file.id), face, str(until), *parts)
    tail = "/preview" if face == PREVIEW else ""
    drawn = f"&drawn={file.redrawn}" if file.redrawn and face == PREVIEW else ""
    return f"{settings.files_origin}/files/{file.id}{tail}?until={until}&key={signature}{drawn}{bound.query()}"


def is_valid_link(settings: Settings, file_id: UUID, face: str, until: int, key: str, held: Pass) -> bool:
    """Tell whether the signature of the link is valid and it has not expired."""
    if until < real_now().timestamp() or not key.isascii():
        return False
    return _SIGNER.verifies_text(settings, key, str(file_id), face, str(until), *held.parts())


def present(
    files: Collection[File], previewed: Collection[UUID], held: Pass, *, own: bool = False
) -> dict[UUID, FileRead]:
    """Return files with their links; the caller has already checked who may read them.

    `own`: The reader is their owner, who is told why the operator took one down.
    """
    settings, now, found = get_settings(), real_now(), dict[UUID, FileRead]()
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
            url=link(settings, file, MAIN, now, held) if ready else None,
            preview_url=link(settings, file, PREVIEW, now, held) if ready and file.id in previewed else None,
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
