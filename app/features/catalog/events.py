"""Domain events of the catalogue."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillsMerged(DomainEvent):
    """An operator merged two skills; `old` is to be replaced by `new` everywhere."""

    topic: ClassVar[str] = "catalog.skills_merged"

    old: str
    new: str
