"""Periodic tasks and event consumers of orders."""

from uuid import UUID

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.catalog.events import SkillsMerged
from app.features.identity.events import AccountBanned, AccountDeactivated, AccountUnbanned
from app.features.orders import service, workflows


@consumer("orders.on_skills_merged", SkillsMerged)
async def on_skills_merged(uow: UnitOfWork, event: SkillsMerged, _message_id: int) -> None:
    """Replace the merged skill in orders."""
    await service.replace_skill(uow, event.old, event.new)


@consumer("orders.on_account_banned", AccountBanned)
async def on_account_banned(uow: UnitOfWork, event: AccountBanned, _message_id: int) -> None:
    """Hold the orders of the account."""
    while await service.suspend_orders(uow, UUID(event.user_id)):
        await uow.session.flush()


@consumer("orders.on_account_deactivated", AccountDeactivated)
async def on_account_deactivated(uow: UnitOfWork, event: AccountDeactivated, _message_id: int) -> None:
    """Hold the orders of the account, as after a ban."""
    while await service.suspend_orders(uow, UUID(event.user_id)):
        await uow.session.flush()


@consumer("orders.on_account_unbanned", AccountUnbanned)
async def on_account_unbanned(uow: UnitOfWork, event: AccountUnbanned, _message_id: int) -> None:
    """Release the orders of the account."""
    while await service.resume_orders(uow, UUID(event.user_id)):
        await uow.session.flush()


@periodic("orders.close_stale")
async def close_stale(resources: Resources) -> int:
    """Hold the orders of accounts that are not active, and apply due timers to the others."""
    await workflows.suspend_orders(resources)
    return await workflows.apply_due_timers(resources)


@periodic("orders.remind")
async def remind(resources: Resources) -> int:
    """Remind customers whose open orders expire soon."""
    return await workflows.remind_of_expiry(resources)
