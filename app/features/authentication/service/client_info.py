"""Who knocks: the address, the browser and the device behind a request, and what is written down about it."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from app.core.unit_of_work import UnitOfWork
from app.models.security_event import SecurityEvent, SecurityEventKind

MAX_AGENT_LENGTH = 300
MAX_DEVICE_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from. `limit_key` is None where the address stands for many people."""

    address: str = ""
    limit_key: str | None = None
    user_agent: str = ""
    device: str | None = None

    @property
    def device_hash(self) -> str | None:
        """What is stored of the device's cookie."""
        if not self.device or len(self.device) > MAX_DEVICE_LENGTH:
            return None
        return hashlib.sha256(self.device.encode()).hexdigest()

    @property
    def agent(self) -> str:
        """The browser's own name, cut to a sane length."""
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
    """Write an entry of the security history in the same transaction as what it tells of."""
    entry = SecurityEvent(
        user_id=user_id,
        kind=kind,
        session_id=session_id,
        address=caller.address,
        user_agent=caller.agent,
        data=data or {},
    )
    uow.session.add(entry)
