"""What proposals do when orders announce something."""

from uuid import UUID

from app.core.uow import UnitOfWork
from app.core.worker import consumer
from app.features.orders.events import OrderClosed
from app.features.proposals import service


@consumer("proposals.on_order_closed", OrderClosed)
async def on_order_closed(uow: UnitOfWork, event: OrderClosed, _message_id: int) -> None:
    """Decline the proposals that nobody decided on."""
    await service.lapse_proposals(uow, UUID(event.order_id))
