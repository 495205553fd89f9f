"""Event subscriptions and periodic tasks of proposals."""

from uuid import UUID

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.identity.events import AccountBanned, AccountDeactivated, AccountUnbanned
from app.features.orders.events import OrderClosed
from app.features.proposals import service, workflows


@consumer("proposals.on_order_closed", OrderClosed)
async def on_order_closed(uow: UnitOfWork, event: OrderClosed, _message_id: int) -> None:
    """Decline the undecided proposals of the closed order."""
    await service.lapse_proposals(uow, UUID(event.order_id))


@consumer("proposals.on_account_banned", AccountBanned)
async def on_account_banned(uow: UnitOfWork, event: AccountBanned, _message_id: int) -> None:
    """Withdraw the undecided proposals of the account."""
    await service.suspend_proposals(uow, UUID(event.user_id))


@consumer("proposals.on_account_deactivated", AccountDeactivated)
async def on_account_deactivated(uow: UnitOfWork, event: AccountDeactivated, _message_id: int) -> None:
    """Withdraw the undecided proposals of the account, as after a ban."""
    await service.suspend_proposals(uow, UUID(event.user_id))


@consumer("proposals.on_account_unbanned", AccountUnbanned)
async def on_account_unbanned(uow: UnitOfWork, event: AccountUnbanned, _message_id: int) -> None:
    """Restore the proposals that were withdrawn with the account."""
    await service.restore_proposals(uow, UUID(event.user_id))


@periodic("proposals.lapse_offers")
async def lapse_offers(resources: Resources) -> int:
    """Close offers that were not answered in time."""
    return await workflows.lapse_offers(resources)


@periodic("proposals.remind_of_offers")
async def remind_of_offers(resources: Resources) -> int:
    """Remind the receiving sides of offers that lapse soon."""
    return await workflows.remind_of_offers(resources)
