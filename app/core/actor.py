"""The acting user, which every use case and policy receives."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A signed-in user, as known at the start of the request."""

    id: UUID
    username: str
    session_id: UUID | None = None
    roles: frozenset[str] = frozenset()
    locale: str = "ru"

    def has(self, role: str) -> bool:
        """Tell whether the user has the role."""
        return role in self.roles
