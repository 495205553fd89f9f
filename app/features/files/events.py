"""Events of files."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReady(DomainEvent):
    """A file was checked and may be downloaded."""

    topic: ClassVar[str] = "files.file_ready"

    file_id: str
    owner_id: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTakenDown(DomainEvent):
    """The operator removed a file from the site; its owner is told the reason."""

    topic: ClassVar[str] = "files.file_taken_down"

    file_id: str
    owner_id: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRestored(DomainEvent):
    """The operator put a removed file back."""

    topic: ClassVar[str] = "files.file_restored"

    file_id: str
    owner_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRefused(DomainEvent):
    """An uploaded file was refused; `reason` is one of `FileRefusal`."""

    topic: ClassVar[str] = "files.file_refused"

    file_id: str
    owner_id: str
    kind: str
    reason: str
    name: str = ""
