"""What the catalogue announces."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillsMerged(DomainEvent):
    """An operator made one skill of two: what had `old` has `new`."""

    topic: ClassVar[str] = "catalog.skills_merged"

    old: str
    new: str
