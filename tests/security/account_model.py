"""Model of accounts: people, their sessions and tokens, and which of them are valid."""

from dataclasses import dataclass, field
from datetime import datetime

from tests.security.people import ACCESS, CSRF, DEVICE, REFRESH


@dataclass(frozen=True)
class Token:
    """A token that was issued, and its expiry."""

    text: str
    lapses: datetime


@dataclass
class Session:
    """The model of one session."""

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
        """Tell whether the session is valid."""
        return not self.ended and now < self.expires

    def cookies(self, *, access: str | None = None, refresh: str | None = None) -> dict[str, str]:
        """Return the current cookies of its browser, or an older copy."""
        given = {ACCESS: access or self.access[-1].text, REFRESH: refresh or self.refresh[-1].text}
        return given | {CSRF: self.csrf, DEVICE: self.device}


@dataclass
class Account:
    """The model of one person."""

    names: dict[str, str]
    password: str
    old_passwords: list[str] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    active: bool = True
    failures: int = 0
    proofs: list[datetime] = field(default_factory=list)

    def end(self, *, but: Session | None = None) -> None:
        """End the person's sessions, all or all but one."""
        for session in self.sessions:
            session.ended = session.ended or session is not but
