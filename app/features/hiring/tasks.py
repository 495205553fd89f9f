"""Periodic tasks and event consumers of direct deals."""

from uuid import UUID

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.hiring import service, workflows
from app.features.identity.events import AccountBanned, AccountDeactivated


@consumer("hiring.on_account_banned", AccountBanned)
async def on_account_banned(uow: UnitOfWork, event: AccountBanned, _message_id: int) -> None:
    """Withdraw the open direct deals of the account."""
    while await service.end_deals_of(uow, UUID(event.user_id)):
        await uow.session.flush()


@consumer("hiring.on_account_deactivated", AccountDeactivated)
async def on_account_deactivated(uow: UnitOfWork, event: AccountDeactivated, _message_id: int) -> None:
    """Withdraw the open direct deals of the account, as after a ban."""
    while await service.end_deals_of(uow, UUID(event.user_id)):
        await uow.session.flush()


@periodic("hiring.expire")
async def expire(resources: Resources) -> int:
    """Close direct deals that were not answered in time."""
    return await workflows.expire(resources)
