"""The acting user, which every use case and policy receives."""

from dataclasses import dataclass
from uuid import UUID

SYSTEM_ID = UUID(int=0)
"""No account has this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A signed-in user, as known at the start of the request."""

    id: UUID
    username: str
    session_id: UUID | None = None
    roles: frozenset[str] = frozenset()
    locale: str = "ru"
    confirmed: bool = True
    """Whether the account has a confirmed e-mail address or phone number."""
    source: str = ""
    """Where the actor acts from, for the audit log: `cli:root@host` on the command line."""

    @property
    def is_system(self) -> bool:
        """Tell whether the actor is a command on the server and not an account."""
        return self.id == SYSTEM_ID

    def has(self, role: str) -> bool:
        """Tell whether the user has the role; commands on the server have every role."""
        return self.is_system or role in self.roles


def system_actor(name: str, source: str) -> Actor:
    """Return the actor of a command on the server: it has every role and no account.

    Args:
        name: The user of the operating system, or the name that the operator gave.
        source: Where the command runs.
    """
    return Actor(id=SYSTEM_ID, username=name, locale="en", source=source)
