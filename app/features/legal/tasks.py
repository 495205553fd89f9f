"""Event consumers and periodic tasks of legal statuses."""

from uuid import UUID

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.identity.events import AccountDeactivated
from app.features.legal import service, workflows


@consumer("legal.on_account_deactivated", AccountDeactivated)
async def on_account_deactivated(uow: UnitOfWork, event: AccountDeactivated, _message_id: int) -> None:
    """Erase the legal details of the closed account."""
    await service.erase(uow, UUID(event.user_id))


@periodic(service.CHECK_TASK)
async def check_registries(resources: Resources) -> None:
    """Ask the public registries about new legal details."""
    await workflows.check_registries(resources)
