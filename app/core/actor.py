"""Who is acting: the value every verb and policy receives."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


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

    def has(self, role: Role) -> bool:
        """Tell whether the person holds the role."""
        return role in self.roles
