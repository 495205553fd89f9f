"""JSON shapes of files."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.text.whole_numbers import WholeNumber
from app.models.file import FileStatus, SubjectKind


@dataclass(frozen=True, slots=True)
class Subject:
    """What files are attached to: the kind of object and its id."""

    kind: SubjectKind
    id: UUID


Part = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Crop(BaseModel):
    """The part of a picture that its square preview shows; a part beyond an edge is moved back inside."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    x: Part = Field(default=0.5, description="Horizontal center, from 0 (left edge) to 1 (right edge).")
    y: Part = Field(default=0.5, description="Vertical center, from 0 (top edge) to 1 (bottom edge).")
    zoom: Annotated[float, Field(ge=1, le=4, allow_inf_nan=False)] = Field(
        default=1, description="Magnification; 1 is the largest square that fits."
    )


class FileVersion(BaseModel):
    """An earlier version of a file."""

    id: UUID
    version: int = Field(description="Version number, starting at 1.")
    name: str
    size: int = Field(description="Size in bytes.")
    status: FileStatus
    created_at: datetime
    url: str | None


class FileRead(BaseModel):
    """One file. Both links belong to this site, expire soon, and are present only when the file is ready."""

    id: UUID
    name: str
    media_type: str
    size: int = Field(description="Size in bytes.")
    status: FileStatus
    note: str | None = Field(
        description="Reason why the file was rejected, or that the operator removed it, in the reader's language."
    )
    taken_down: bool = Field(default=False, description="Whether the operator removed the file; it has no links then.")
    url: str | None
    preview_url: str | None
    width: int | None
    height: int | None
    crop: Crop | None = Field(default=None, description="Part shown in the square preview; null if none was chosen.")
    drawing: bool = Field(default=False, description="Whether a new square preview is being generated.")
    created_at: datetime
    version: int = Field(default=1, description="Version number of the attachment, starting at 1.")
    earlier: list[FileVersion] = Field(default=[], description="Earlier versions of the attachment, newest first.")


class FileUse(BaseModel):
    """An object that a file is attached to."""

    kind: SubjectKind
    id: UUID
    earlier: bool = Field(description="Whether a newer version has replaced the file there.")


class OwnFile(FileRead):
    """One of your files, with everything it is attached to."""

    used_by: list[FileUse]


class UploadCreate(BaseModel):
    """Request to start an upload in pieces."""

    model_config = ConfigDict(extra="forbid")

    kind: SubjectKind
    name: str = Field(min_length=1, max_length=1_000)
    size: WholeNumber = Field(ge=0, le=2**53, description="Total size of the file in bytes.")
    replaces: UUID | None = Field(
        default=None, description="Id of a file of yours that this one replaces as its next version."
    )


class UploadRead(BaseModel):
    """The progress of an upload."""

    id: UUID = Field(description="Id of the upload; the finished file has the same id.")
    offset: int = Field(description="Number of bytes received; the next piece starts here.")
    size: int
    expires_at: datetime = Field(description="When the upload is deleted if no more data arrives.")
    whole: bool


class KindLimits(BaseModel):
    """What may be uploaded for one kind of object."""

    kind: SubjectKind
    extensions: list[str]
    most_bytes: int = Field(description="Maximum size of one file in bytes.")
    most_files: int = Field(description="Maximum number of files per object.")


class FileLimits(BaseModel):
    """What may be uploaded, and how much of the quota is used."""

    kinds: list[KindLimits]
    quota_bytes: int
    used_bytes: int
    removed_bytes: int = Field(
        default=0,
        description="Part of `used_bytes` that belongs to removed files and is free again in a day.",
    )
