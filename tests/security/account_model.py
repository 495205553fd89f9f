"""What the test of accounts' lives knows by itself: people, their sessions and tokens, and which of them may act."""

from dataclasses import dataclass, field
from datetime import datetime

from tests.security.people import ACCESS, CSRF, DEVICE, REFRESH


@dataclass(frozen=True)
class Token:
    """A token that was issued, and when it lapses by itself."""

    text: str
    lapses: datetime


@dataclass
class Session:
    """What the model knows of one sign-in."""

    id: str
    account: "Account"
    csrf: str
    device: str
    opened: datetime
    proved: datetime
    expires: datetime
    ends: datetime
    access: list[Token]
    refresh: list[Token]
    rotated: list[datetime] = field(default_factory=list)
    ended: bool = False

    def lives(self, now: datetime) -> bool:
        """Tell whether it may act."""
        return not self.ended and now < self.expires

    def cookies(self, *, access: str | None = None, refresh: str | None = None) -> dict[str, str]:
        """Return what its browser sends, or an older copy of it."""
        given = {ACCESS: access or self.access[-1].text, REFRESH: refresh or self.refresh[-1].text}
        return given | {CSRF: self.csrf, DEVICE: self.device}


@dataclass
class Account:
    """What the model knows of one person."""

    names: dict[str, str]
    password: str
    old_passwords: list[str] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    active: bool = True
    failures: int = 0
    proofs: list[datetime] = field(default_factory=list)

    def end(self, *, but: Session | None = None) -> None:
        """End its sessions, all or all but one."""
        for session in self.sessions:
            session.ended = session.ended or session is not but
