"""Files people upload, the objects that hold their bytes, and what they belong to."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.core.database import Base
from app.core.ids import new_id


class SubjectKind(StrEnum):
    """What a file can belong to; each has its own limits, and a file is uploaded for one of them."""

    AVATAR = "avatar"
    PORTFOLIO = "portfolio"
    ORDER = "order"
    PROPOSAL = "proposal"
    MESSAGE = "message"


class FileStatus(StrEnum):
    """Where a file stands; its bytes are handed out in one state only."""

    UPLOADING = "uploading"
    PROCESSING = "processing"
    QUARANTINED = "quarantined"
    READY = "ready"
    REFUSED = "refused"
    DAMAGED = "damaged"


class FileRefusal(StrEnum):
    """Why a file that arrived was not taken."""

    WRONG_TYPE = "wrong_type"
    BROKEN = "broken"
    TOO_BIG_PICTURE = "too_big_picture"
    BOMB = "bomb"
    MALWARE = "malware"


class ObjectRole(StrEnum):
    """What an object is to its file."""

    SOURCE = "source"
    MAIN = "main"
    PREVIEW = "preview"


def _values(kinds: type[SubjectKind]) -> list[str]:
    return [kind.value for kind in kinds]


# Without a CHECK: a new thing that files belong to must not need a migration.
SUBJECT = Enum(SubjectKind, native_enum=False, create_constraint=False, length=40, values_callable=_values)


class File(Base):
    """One upload of one person. Its size counts against the person's quota from the moment it is announced."""

    __tablename__ = "files"
    __table_args__ = (
        CheckConstraint("size >= 0", name="size"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 200", name="name_length"),
        Index("ix_files_owner_id_id", "owner_id", text("id DESC")),
        Index("ix_files_waiting", "next_try_at", postgresql_where=text("status IN ('processing', 'quarantined')")),
        Index("ix_files_undrawn", "next_try_at", postgresql_where=text("redraws > redrawn")),
        Index("ix_files_unfinished", "touched_at", postgresql_where=text("status = 'uploading'")),
        Index("ix_files_replaces_id", "replaces_id", postgresql_where=text("replaces_id IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[SubjectKind] = mapped_column(SUBJECT)
    name: Mapped[str]
    size: Mapped[int]
    media_type: Mapped[str]
    status: Mapped[FileStatus] = mapped_column(default=FileStatus.UPLOADING, server_default=text("'uploading'"))
    refusal: Mapped[FileRefusal | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    crop: Mapped[dict[str, float] | None] = mapped_column(JSONB)
    """What part of a picture its square shows: `x` and `y` of the middle from 0 to 1, `zoom` from 1."""
    redraws: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """How often the preview was asked to be drawn anew; `redrawn` is the one that is shown."""
    redrawn: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id", ondelete="SET NULL"))
    """The file whose next version it was sent as."""
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    next_try_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    touched_at: Mapped[datetime] = mapped_column(server_default=func.now())


class FileObject(Base):
    """One object of the storage: the row is written before the bytes and removed after them.

    `blocks` holds a short hash of every block, so that any part of the object can be checked before it is handed out.
    A row without a file is to be removed once `doomed_at` has passed.
    """

    __tablename__ = "file_objects"
    __table_args__ = (
        Index("ix_file_objects_file_id", "file_id"),
        Index("ix_file_objects_doomed", "doomed_at", postgresql_where=text("doomed_at IS NOT NULL")),
        Index("ix_file_objects_checked", "checked_at", postgresql_where=text("doomed_at IS NULL AND sha256 <> ''")),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id", ondelete="SET NULL"))
    role: Mapped[ObjectRole]
    size: Mapped[int]
    media_type: Mapped[str]
    sha256: Mapped[str] = mapped_column(default="", server_default=text("''"))
    blocks: Mapped[bytes] = deferred(mapped_column(LargeBinary, default=b"", server_default=text("''"), nullable=False))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    checked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    doomed_at: Mapped[datetime | None]


class Attachment(Base):
    """A file is part of something; the order of the files is their owner's. Earlier versions stay with it."""

    __tablename__ = "attachments"
    __table_args__ = (
        Index("ix_attachments_file_id", "file_id"),
        Index("ix_attachments_current_id", "current_id", postgresql_where=text("current_id IS NOT NULL")),
    )

    subject_kind: Mapped[SubjectKind] = mapped_column(SUBJECT, primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int]
    current_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id", ondelete="CASCADE"))
    """The file that stands in its place; None for one that is shown itself."""
