"""Who is acting: the value that every use case and policy receives."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A signed-in person, as known at the start of this request."""

    id: UUID
    username: str
    session_id: UUID | None = None
    roles: frozenset[str] = frozenset()
    locale: str = "ru"

    def has(self, role: str) -> bool:
        """Tell whether the person holds the role."""
        return role in self.roles
