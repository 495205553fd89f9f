"""The address, browser and device of a request, and the entries of the security history that contain them."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from app.core.unit_of_work import UnitOfWork
from app.models.security_event import SecurityEvent, SecurityEventKind

MAX_AGENT_LENGTH = 300
MAX_DEVICE_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Caller:
    """The client of a request. `limit_key` is None when many people share the address."""

    address: str = ""
    limit_key: str | None = None
    user_agent: str = ""
    device: str | None = None

    @property
    def device_hash(self) -> str | None:
        """The hash of the device cookie, as stored; None without a valid cookie."""
        if not self.device or len(self.device) > MAX_DEVICE_LENGTH:
            return None
        return hashlib.sha256(self.device.encode()).hexdigest()

    @property
    def agent(self) -> str:
        """The User-Agent header, cut to `MAX_AGENT_LENGTH` characters."""
        return self.user_agent.replace("\x00", "")[:MAX_AGENT_LENGTH]


def record_security_event(
    uow: UnitOfWork,
    user_id: UUID,
    kind: SecurityEventKind,
    caller: Caller,
    *,
    session_id: UUID | None = None,
    data: dict[str, object] | None = None,
) -> None:
    """Add an entry to the security history in the transaction of the change it records."""
    entry = SecurityEvent(
        user_id=user_id,
        kind=kind,
        session_id=session_id,
        address=caller.address,
        user_agent=caller.agent,
        data=data or {},
    )
    uow.session.add(entry)
