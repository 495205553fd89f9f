"""Events of papers."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SignCodeRequested(DomainEvent):
    """A party wants to sign a paper; the code is derived when it is sent."""

    topic: ClassVar[str] = "papers.sign_code_requested"
    user_id: str
    code_id: str
