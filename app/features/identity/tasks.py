"""Periodic tasks and event consumers of accounts."""

from uuid import UUID

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.authentication.service import Caller
from app.features.identity import service, workflows
from app.features.identity.events import PasswordResetPrepared, PasswordResetRequested, PhoneConfirmationRequested


@consumer("identity.on_password_reset_requested", PasswordResetRequested)
async def on_password_reset_requested(uow: UnitOfWork, event: PasswordResetRequested, _message_id: int) -> None:
    """Look up the account of a reset request; in a worker the duration cannot be measured by the requester."""
    await service.prepare_reset(uow, event.identifier, Caller(address=event.address), event.flow)


@consumer("identity.on_phone_confirmation_requested", PhoneConfirmationRequested)
async def on_phone_confirmation_requested(uow: UnitOfWork, event: PhoneConfirmationRequested, _message_id: int) -> None:
    """Send the code as a text message."""
    await service.send_code_by_sms(uow, UUID(event.challenge_id))


@consumer("identity.on_password_reset_prepared", PasswordResetPrepared)
async def on_password_reset_prepared(uow: UnitOfWork, event: PasswordResetPrepared, _message_id: int) -> None:
    """Send the reset code as a text message if the account has no e-mail address; other features send e-mails."""
    await service.send_code_by_sms(uow, UUID(event.challenge_id))


@periodic("identity.prune")
async def prune(resources: Resources) -> None:
    """Delete expired sessions, challenges and sign-in counters."""
    await workflows.prune(resources)
