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
class FileRefused(DomainEvent):
    """An uploaded file was refused; `reason` is one of `FileRefusal`."""

    topic: ClassVar[str] = "files.file_refused"

    file_id: str
    owner_id: str
    kind: str
    reason: str
    name: str = ""
