"""JSON shapes of files."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

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

    x: Part = Field(default=0.5, description="its middle: 0 is the left edge, 1 the right one")
    y: Part = Field(default=0.5, description="its middle: 0 is the top, 1 the bottom")
    zoom: Annotated[float, Field(ge=1, le=4, allow_inf_nan=False)] = Field(
        default=1, description="1 is the largest square that fits"
    )


class FileVersion(BaseModel):
    """An earlier version of a file."""

    id: UUID
    version: int = Field(description="1 is the first")
    name: str
    size: int = Field(description="bytes")
    status: FileStatus
    created_at: datetime
    url: str | None


class FileRead(BaseModel):
    """One file. Both links belong to this site, expire soon, and are present only when the file is ready."""

    id: UUID
    name: str
    media_type: str
    size: int = Field(description="bytes")
    status: FileStatus
    note: str | None = Field(description="why the file was refused, in the reader's language")
    url: str | None
    preview_url: str | None
    width: int | None
    height: int | None
    crop: Crop | None = Field(default=None, description="what part its square shows, where somebody chose it")
    drawing: bool = Field(default=False, description="whether the square is being cut anew")
    created_at: datetime
    version: int = Field(default=1, description="where it belongs to something: 1 is the first")
    earlier: list[FileVersion] = Field(default=[], description="what it took the place of there, the newest first")


class FileUse(BaseModel):
    """An object that a file is attached to."""

    kind: SubjectKind
    id: UUID
    earlier: bool = Field(description="whether it is there as an earlier version of another file")


class OwnFile(FileRead):
    """One of your files, with everything it is attached to."""

    used_by: list[FileUse]


class UploadCreate(BaseModel):
    """Request to start an upload in pieces."""

    model_config = ConfigDict(extra="forbid")

    kind: SubjectKind
    name: str = Field(min_length=1, max_length=1_000)
    size: int = Field(ge=0, le=2**53, description="bytes that will come, all pieces together")
    replaces: UUID | None = Field(default=None, description="one of your files of this kind: this is its next version")


class UploadRead(BaseModel):
    """The progress of an upload."""

    id: UUID = Field(description="of the upload, and of the file once it is whole")
    offset: int = Field(description="bytes that have arrived; the next piece starts here")
    size: int
    expires_at: datetime = Field(description="when it is forgotten if nothing more comes")
    whole: bool


class KindLimits(BaseModel):
    """What may be uploaded for one kind of object."""

    kind: SubjectKind
    extensions: list[str]
    most_bytes: int = Field(description="of one file")
    most_files: int = Field(description="of one thing")


class FileLimits(BaseModel):
    """What may be uploaded, and how much of the quota is used."""

    kinds: list[KindLimits]
    quota_bytes: int
    used_bytes: int
