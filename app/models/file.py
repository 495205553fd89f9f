"""Uploaded files, the storage objects with their bytes, and what they are attached to."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.core.database import Base
from app.core.ids import new_id


class SubjectKind(StrEnum):
    """What a file can be attached to; each kind has its own limits, and a file is uploaded for one kind."""

    AVATAR = "avatar"
    PORTFOLIO = "portfolio"
    ORDER = "order"
    PROPOSAL = "proposal"
    MESSAGE = "message"
    SUBMISSION = "submission"


class FileStatus(StrEnum):
    """The state of a file; its bytes are served in the state `ready` only."""

    UPLOADING = "uploading"
    PROCESSING = "processing"
    QUARANTINED = "quarantined"
    READY = "ready"
    REFUSED = "refused"
    DAMAGED = "damaged"


class FileRefusal(StrEnum):
    """Why an uploaded file was rejected."""

    WRONG_TYPE = "wrong_type"
    BROKEN = "broken"
    TOO_BIG_PICTURE = "too_big_picture"
    BOMB = "bomb"
    MALWARE = "malware"


class RefusalCause(StrEnum):
    """What exactly was wrong with a rejected file; None where `FileRefusal` says it all."""

    OUTSIDE = "outside"
    LINK = "link"
    NESTED = "nested"
    DENSE = "dense"
    TOO_MANY = "too_many"
    TOO_LARGE = "too_large"
    MACROS = "macros"
    EXTERNAL_TEMPLATE = "external_template"
    UNREADABLE_PART = "unreadable_part"
    OUT_OF_TIME = "out_of_time"


class ObjectRole(StrEnum):
    """The role of an object for its file."""

    SOURCE = "source"
    MAIN = "main"
    PREVIEW = "preview"


def _values(kinds: type[SubjectKind]) -> list[str]:
    return [kind.value for kind in kinds]


# Without a CHECK: a new kind of subject must not need a migration.
SUBJECT = Enum(SubjectKind, native_enum=False, create_constraint=False, length=40, values_callable=_values)


class File(Base):
    """A file uploaded by one person. Its size counts towards the person's quota as soon as it is announced."""

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
    refusal_cause: Mapped[str | None]
    """A `RefusalCause`; plain text, so that a release reads the causes of a later one."""
    refused_entry: Mapped[str | None]
    """The entry of an archive, or the part of a document, because of which the file was rejected."""
    width: Mapped[int | None]
    height: Mapped[int | None]
    crop: Mapped[dict[str, float] | None] = mapped_column(JSONB)
    """Crop of the square preview: `x` and `y` of the centre from 0 to 1, `zoom` from 1."""
    redraws: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """The version of the preview that was requested; `redrawn` is the version that is shown."""
    redrawn: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id", ondelete="SET NULL"))
    """The file that this one is the next version of."""
    taken_down_at: Mapped[datetime | None]
    """When the operator removed the file from the site; its bytes are kept for a time, so that it can be restored."""
    takedown_reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    next_try_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    touched_at: Mapped[datetime] = mapped_column(server_default=func.now())


class FileObject(Base):
    """One object of the storage; the row is written before the bytes and removed after them.

    `blocks` contains a checksum of every block, so that any range can be verified before it is served.
    A row without a file is to be deleted once `delete_after` has passed; until then its bytes count towards the quota
    of `owner_id`, the owner of the file that it belonged to.
    """

    __tablename__ = "file_objects"
    __table_args__ = (
        Index("ix_file_objects_file_id", "file_id"),
        Index("ix_file_objects_delete_after", "delete_after", postgresql_where=text("delete_after IS NOT NULL")),
        Index(
            "ix_file_objects_unverified",
            "checked_at",
            postgresql_where=text("delete_after IS NULL AND sha256 <> ''"),
        ),
        Index("ix_file_objects_owner_id", "owner_id", postgresql_where=text("owner_id IS NOT NULL")),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id", ondelete="SET NULL"))
    owner_id: Mapped[UUID | None]
    """Set when the object loses its file. No foreign key: the bytes outlive an account too."""
    role: Mapped[ObjectRole]
    size: Mapped[int]
    media_type: Mapped[str]
    sha256: Mapped[str] = mapped_column(default="", server_default=text("''"))
    blocks: Mapped[bytes] = deferred(mapped_column(LargeBinary, default=b"", server_default=text("''"), nullable=False))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    checked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    delete_after: Mapped[datetime | None]


class Attachment(Base):
    """A file attached to a subject, in the owner's order; earlier versions stay attached."""

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
    """The file that replaced this one; None for a current version."""
