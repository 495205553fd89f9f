"""What files announce."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReady(DomainEvent):
    """A file was looked at and may be handed out."""

    topic: ClassVar[str] = "files.file_ready"

    file_id: str
    owner_id: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRefused(DomainEvent):
    """A file that arrived was not taken; `reason` is one of `FileRefusal`."""

    topic: ClassVar[str] = "files.file_refused"

    file_id: str
    owner_id: str
    kind: str
    reason: str
    name: str = ""
