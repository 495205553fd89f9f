"""What accounts do in the background."""

from uuid import UUID

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.authentication.service import Caller
from app.features.identity import service, workflows
from app.features.identity.events import PasswordResetPrepared, PasswordResetRequested, PhoneConfirmationRequested


@consumer("identity.on_password_reset_requested", PasswordResetRequested)
async def on_password_reset_requested(uow: UnitOfWork, event: PasswordResetRequested, _message_id: int) -> None:
    """Find out whether the name is known; here nobody can measure how long it takes."""
    await service.prepare_reset(uow, event.identifier, Caller(address=event.address))


@consumer("identity.on_phone_confirmation_requested", PhoneConfirmationRequested)
async def on_phone_confirmation_requested(uow: UnitOfWork, event: PhoneConfirmationRequested, _message_id: int) -> None:
    """Send the code to the number."""
    await service.send_code_by_sms(uow, UUID(event.challenge_id))


@consumer("identity.on_password_reset_prepared", PasswordResetPrepared)
async def on_password_reset_prepared(uow: UnitOfWork, event: PasswordResetPrepared, _message_id: int) -> None:
    """Send the code to the number of an account without an address; mail is the other rooms' work."""
    await service.send_code_by_sms(uow, UUID(event.challenge_id))


@periodic("identity.prune")
async def prune(resources: Resources) -> None:
    """Forget sessions, proofs and counters that ended long ago."""
    await workflows.prune(resources)
