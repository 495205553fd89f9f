"""Events of profiles."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileTakenDown(DomainEvent):
    """The operator removed a profile, or one work of its portfolio; its owner is told the reason."""

    topic: ClassVar[str] = "profiles.profile_taken_down"

    owner_id: str
    work: str
    """Title of the work, empty for the whole profile."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRestored(DomainEvent):
    """The operator put a removed profile, or one work of its portfolio, back."""

    topic: ClassVar[str] = "profiles.profile_restored"

    owner_id: str
    work: str
    """Title of the work, empty for the whole profile."""
