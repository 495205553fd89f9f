"""Use cases of the operator: moderate orders before or after they open."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.unit_of_work import UnitOfWork
from app.features.orders.errors import OrderChangedError, OrderNotFoundError, OrderStateError
from app.features.orders.events import OrderModerated
from app.features.orders.repository import OrderRepository
from app.features.orders.rules import OrderEvent
from app.features.orders.service.customer_commands import next_status, open_order, set_status
from app.models import Order, OrderStatus


async def list_orders_to_review(session: AsyncSession, limit: int) -> Sequence[Order]:
    """Return the orders to be moderated, the most urgent first."""
    return await OrderRepository(session).awaiting_review(limit)


async def approve_order(uow: UnitOfWork, actor: Actor, order_id: UUID, version: int, *, reason: str = "") -> Order:
    """Approve this version of a waiting order, or remove the review mark from one that opened without moderation.

    For a waiting order `OrderPublished` and `OrderModerated` are emitted.

    Raises:
        OrderNotFoundError: There is no such order.
        OrderChangedError: The order was edited after the operator read this version.
        OrderStateError: The order waits for nothing.
    """
    order = await _locked(uow, order_id, version)
    before = _values(order)
    if order.status is OrderStatus.MODERATION:
        open_order(uow, order, next_status(order, OrderEvent.APPROVE))
        _announce(uow, order, "approved")
    elif not order.needs_review:
        raise OrderStateError
    order.needs_review = False
    record_audit(uow.session, actor, "order.approve", order.id, old=before, new=_values(order), reason=reason)
    return order


async def reject_order(uow: UnitOfWork, actor: Actor, order_id: UUID, version: int, reason: str) -> Order:
    """Return this version of a waiting order to its customer with a reason; emits `OrderModerated`.

    The order is a draft again, also one that was public before.

    Raises:
        OrderNotFoundError: There is no such order.
        OrderChangedError: The order was edited after the operator read this version.
        OrderStateError: The order waits for nothing.
    """
    order = await _locked(uow, order_id, version)
    before = _values(order)
    set_status(uow, order, next_status(order, OrderEvent.REJECT))
    order.rejection = reason
    order.published_at = None
    record_audit(uow.session, actor, "order.reject", order.id, old=before, new=_values(order), reason=reason)
    _announce(uow, order, "rejected")
    return order


def _values(order: Order) -> dict[str, object]:
    return {"status": order.status.value, "needs_review": order.needs_review, "version": order.version}


async def _locked(uow: UnitOfWork, order_id: UUID, version: int) -> Order:
    order = await OrderRepository(uow.session).get_for_update(order_id)
    if order is None:
        raise OrderNotFoundError
    if order.version != version:
        raise OrderChangedError
    return order


def _announce(uow: UnitOfWork, order: Order, outcome: str) -> None:
    uow.emit(OrderModerated(order_id=str(order.id), customer_id=str(order.customer_id), outcome=outcome))
