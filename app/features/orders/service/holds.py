"""Holding orders: while the account of their customer is not active, or while the operator has taken them down."""

from datetime import timedelta
from uuid import UUID

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.identity import service as identity
from app.features.orders import policy, rules
from app.features.orders.errors import OrderNotFoundError, OrderStateError
from app.features.orders.events import OrderHeld, OrderReleased
from app.features.orders.repository import OrderRepository
from app.features.orders.service.customer_commands import set_status
from app.models import Order, OrderStatus

HELD_BATCH = 100
_RUNNING = frozenset({OrderStatus.OPEN, OrderStatus.PAUSED, OrderStatus.MODERATION})
"""States with a timer, which a hold stops."""


async def suspend_orders(uow: UnitOfWork, customer_id: UUID | None = None) -> int:
    """Hold one batch of orders whose customers have no active account; emits `OrderHeld` for each.

    Args:
        uow: The unit of work.
        customer_id: Only orders of this person; of everybody where it is None.
    """
    orders = await OrderRepository(uow.session).of_inactive_customers(customer_id, HELD_BATCH)
    for order in orders:
        order.suspended_at = utc_now()
        _hold(uow, order)
        _announce_hold(uow, order, "account")
    return len(orders)


async def resume_orders(uow: UnitOfWork, customer_id: UUID) -> int:
    """Release one batch of orders that were held because of their customer's account, if it is active again.

    Emits `OrderReleased` for each. An order that the operator has taken down stays held.
    """
    if not await identity.is_active(uow.session, customer_id):
        return 0
    orders = await OrderRepository(uow.session).suspended_of(customer_id, HELD_BATCH)
    for order in orders:
        order.suspended_at = None
        _release(uow, order, "account")
    return len(orders)


async def take_down_order(uow: UnitOfWork, actor: Actor, order_id: UUID, *, reason: str) -> Order:
    """Take an order down: others find nothing under its address, and its customer reads why. Emits `OrderHeld`.

    Raises:
        OrderNotFoundError: There is no such order.
        OrderStateError: It is a draft, which nobody else reads, or was taken down already.
    """
    order = await _locked(uow, order_id)
    if order.status is OrderStatus.DRAFT or order.taken_down_at is not None:
        raise OrderStateError
    before = _values(order)
    order.taken_down_at = utc_now()
    order.takedown_reason = reason
    _hold(uow, order)
    record_audit(uow.session, actor, "order.take_down", order.id, old=before, new=_values(order), reason=reason)
    _announce_hold(uow, order, "operator", reason)
    return order


async def restore_order(uow: UnitOfWork, actor: Actor, order_id: UUID, *, reason: str = "") -> Order:
    """Restore an order that was taken down, with the state and the time it had. Emits `OrderReleased`.

    Raises:
        OrderNotFoundError: There is no such order.
        OrderStateError: It was not taken down.
    """
    order = await _locked(uow, order_id)
    if order.taken_down_at is None:
        raise OrderStateError
    before = _values(order)
    order.taken_down_at = order.takedown_reason = None
    _release(uow, order, "operator")
    record_audit(uow.session, actor, "order.restore", order.id, old=before, new=_values(order), reason=reason)
    return order


def _hold(uow: UnitOfWork, order: Order) -> None:
    """Stop a running order and keep its state and the time it has left; a held one is left unchanged."""
    if order.held_status is not None or order.status not in _RUNNING:
        return
    now = utc_now()
    order.held_status = order.status.value
    order.held_seconds = max(0, int(((order.expires_at or now) - now).total_seconds()))
    hidden = OrderStatus.DRAFT if order.status is OrderStatus.MODERATION else OrderStatus.PAUSED
    set_status(uow, order, hidden)
    order.updated_at = now


def _release(uow: UnitOfWork, order: Order, cause: str) -> None:
    """Give a held order its state and its time back, unless another cause holds it."""
    if policy.is_held(order):
        return
    if order.held_status is not None:
        now = utc_now()
        order.status = OrderStatus(order.held_status)
        end = order.expires_at = now + timedelta(seconds=order.held_seconds or 0)
        if order.status is OrderStatus.OPEN:
            order.remind_at = rules.reminder(now, end, uow.resources.settings)
        order.held_status = order.held_seconds = None
        order.updated_at = now
    uow.emit(OrderReleased(order_id=str(order.id), customer_id=str(order.customer_id), cause=cause))


def _values(order: Order) -> dict[str, object]:
    return {"status": order.status.value, "taken_down": order.taken_down_at is not None}


def _announce_hold(uow: UnitOfWork, order: Order, cause: str, reason: str = "") -> None:
    uow.emit(OrderHeld(order_id=str(order.id), customer_id=str(order.customer_id), cause=cause, reason=reason))


async def _locked(uow: UnitOfWork, order_id: UUID) -> Order:
    order = await OrderRepository(uow.session).get_for_update(order_id)
    if order is None:
        raise OrderNotFoundError
    return order
