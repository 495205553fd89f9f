"""Who is acting: the value every verb and policy receives."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

SYSTEM_ID = UUID(int=0)
"""No account has this id."""


class Role(StrEnum):
    """What a person may do beyond their own things."""

    USER = "user"
    MODERATOR = "moderator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A signed-in person, as known at the start of this request."""

    id: UUID
    username: str
    session_id: UUID | None = None
    roles: frozenset[Role] = field(default_factory=lambda: frozenset({Role.USER}))
    locale: str = "ru"
    source: str = ""
    """Where the actor acts from, for the audit log: `cli:root@host` on the command line."""

    @property
    def is_system(self) -> bool:
        """Tell whether this is no account but whoever runs a command on the server."""
        return self.id == SYSTEM_ID

    def has(self, role: Role) -> bool:
        """Tell whether the person holds the role."""
        return role in self.roles


def system_actor(name: str, source: str) -> Actor:
    """Return the actor of a command on the server: it has every role and no account.

    Args:
        name: The user of the operating system, or the name that the operator gave.
        source: Where the command runs.
    """
    return Actor(id=SYSTEM_ID, username=name, roles=frozenset(Role), locale="en", source=source)
