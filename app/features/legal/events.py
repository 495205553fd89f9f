"""Events of legal statuses. They contain ids only: the details are encrypted at rest."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalStatusChanged(DomainEvent):
    """A person saved their legal details."""

    topic: ClassVar[str] = "legal.legal_status_changed"
    user_id: str
    version: int
