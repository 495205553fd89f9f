"""Events of sessions. Topics keep their original names, so that stored messages stay readable."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeviceSignedIn(DomainEvent):
    """A user signed in on a new device."""

    topic: ClassVar[str] = "identity.new_device_signed_in"
    user_id: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReplayed(DomainEvent):
    """A replaced refresh token was used again, so the session was ended."""

    topic: ClassVar[str] = "identity.session_replayed"
    user_id: str
    session_id: str
