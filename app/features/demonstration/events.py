"""Events of a demonstration."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTurned(DomainEvent):
    """The clock was turned forward; `turned_seconds` is by how much in all."""

    topic: ClassVar[str] = "demonstration.clock_turned"

    turned_seconds: int
