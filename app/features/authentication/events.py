"""Facts about sessions. Their topics keep the name under which they were first announced."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeviceSignedIn(DomainEvent):
    """A device that was not seen before signed in."""

    topic: ClassVar[str] = "identity.new_device_signed_in"
    user_id: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReplayed(DomainEvent):
    """An old refresh token came back, so the whole session was ended."""

    topic: ClassVar[str] = "identity.session_replayed"
    user_id: str
    session_id: str
