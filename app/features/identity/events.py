"""Facts about accounts. They carry ids only: a link or a code is derived from the challenge when it is sent."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(DomainEvent):
    """A person has an account now."""

    topic: ClassVar[str] = "identity.user_registered"
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailConfirmationRequested(DomainEvent):
    """A mail with a link and a code is to go to the address of the challenge (also after a change of address)."""

    topic: ClassVar[str] = "identity.email_confirmation_requested"
    user_id: str
    challenge_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneConfirmationRequested(DomainEvent):
    """A text message with a code is to go to the number of the challenge."""

    topic: ClassVar[str] = "identity.phone_confirmation_requested"
    user_id: str
    challenge_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetRequested(DomainEvent):
    """Somebody asked for a reset, for a name that may be unknown; the request did the same work either way."""

    topic: ClassVar[str] = "identity.password_reset_requested"
    identifier: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetPrepared(DomainEvent):
    """The name is known: a mail (or, without an address, a text message) with a link and a code is to go out."""

    topic: ClassVar[str] = "identity.password_reset_prepared"
    user_id: str
    challenge_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(DomainEvent):
    """The password is another one; `reset` tells whether through a reset."""

    topic: ClassVar[str] = "identity.password_changed"
    user_id: str
    reset: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChangeRequested(DomainEvent):
    """A change of address was asked for; the old address (None where there was none) gets a notice."""

    topic: ClassVar[str] = "identity.email_change_requested"
    user_id: str
    old_email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChanged(DomainEvent):
    """The address is another one; the old one gets a notice too."""

    topic: ClassVar[str] = "identity.email_changed"
    user_id: str
    old_email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneChanged(DomainEvent):
    """The number is another one; the mail address and the old number get a notice."""

    topic: ClassVar[str] = "identity.phone_changed"
    user_id: str
    old_phone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBanned(DomainEvent):
    """An operator blocked the account, for a reason; its sessions ended."""

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
