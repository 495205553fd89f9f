"""Events of accounts. They contain ids only: links and codes are derived from the challenge when they are sent."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(DomainEvent):
    """An account was created."""

    topic: ClassVar[str] = "identity.user_registered"
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailConfirmationRequested(DomainEvent):
    """An e-mail with a link and a code must be sent to the address of the challenge, which may be a new address."""

    topic: ClassVar[str] = "identity.email_confirmation_requested"
    user_id: str
    challenge_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneConfirmationRequested(DomainEvent):
    """A text message with a code must be sent to the number of the challenge."""

    topic: ClassVar[str] = "identity.phone_confirmation_requested"
    user_id: str
    challenge_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetRequested(DomainEvent):
    """A password reset was requested for an identifier, which may be unknown; the request does not look it up."""

    topic: ClassVar[str] = "identity.password_reset_requested"
    identifier: str
    address: str
    flow: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetPrepared(DomainEvent):
    """The account was found: send a link and a code by e-mail, or a code by text message without an address."""

    topic: ClassVar[str] = "identity.password_reset_prepared"
    user_id: str
    challenge_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(DomainEvent):
    """The password was changed; `reset` tells whether by a reset."""

    topic: ClassVar[str] = "identity.password_changed"
    user_id: str
    reset: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChangeRequested(DomainEvent):
    """A change of the e-mail address was requested; the old address, if any, is notified."""

    topic: ClassVar[str] = "identity.email_change_requested"
    user_id: str
    old_email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChanged(DomainEvent):
    """The e-mail address was changed; the old address is notified too."""

    topic: ClassVar[str] = "identity.email_changed"
    user_id: str
    old_email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneChanged(DomainEvent):
    """The phone number was changed; the e-mail address and the old number are notified."""

    topic: ClassVar[str] = "identity.phone_changed"
    user_id: str
    old_phone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLost(DomainEvent):
    """The only contact of the account was not confirmed in time, or somebody else has it; it has none now."""

    topic: ClassVar[str] = "identity.contact_lost"
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBanned(DomainEvent):
    """An operator banned the account; its sessions have ended."""

    topic: ClassVar[str] = "identity.account_banned"
    user_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUnbanned(DomainEvent):
    """An operator lifted the ban."""

    topic: ClassVar[str] = "identity.account_unbanned"
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDeactivated(DomainEvent):
    """The owner closed the account."""

    topic: ClassVar[str] = "identity.account_deactivated"
    user_id: str
