"""Changes to an order by other features and by timers; every function locks the order or receives it locked."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.money import Money
from app.core.unit_of_work import UnitOfWork
from app.features.orders import policy, rules
from app.features.orders.errors import OrderFullError, OrderNotFoundError, OrderNotOpenError
from app.features.orders.events import OrderExpiring
from app.features.orders.repository import OrderRepository
from app.features.orders.rules import ORDER_MACHINE, OrderEvent
from app.features.orders.service.customer_commands import (
    announce_closing,
    next_status,
    open_order,
    set_closed,
    set_status,
)
from app.models import BudgetKind, CloseReason, Order, OrderStatus, Visibility

STALE_BATCH = 100


async def lock_order(uow: UnitOfWork, order_id: UUID) -> Order:
    """Lock an order for a use case of another feature, which checks the permission itself."""
    order = await OrderRepository(uow.session).get_for_update(order_id)
    if order is None:
        raise OrderNotFoundError
    return order


async def require_open(session: AsyncSession, actor: Actor, order_id: UUID, key: str | None = None) -> UUID:
    """Return the customer of an open order that the actor may read, without locking it.

    Raises:
        OrderNotFoundError: It does not exist, or the actor may not read it.
        OrderNotOpenError: It takes no proposals.
    """
    found = await OrderRepository(session).get_access(order_id, actor.id)
    if found is None:
        raise OrderNotFoundError
    order, was_admitted = found
    if not policy.can_read(actor, order, admitted=was_admitted or policy.is_share_key(order, key)):
        raise OrderNotFoundError
    if order.status is not OrderStatus.OPEN:
        raise OrderNotOpenError
    return order.customer_id


async def count_new_proposal(uow: UnitOfWork, actor: Actor, order_id: UUID, key: str | None = None) -> Order:
    """Lock an open order that the actor may read and increment its number of proposals.

    From then on the actor may read the order, even if its customer changes its visibility.
    """
    repository = OrderRepository(uow.session)
    found = await repository.get_for_reader_for_update(order_id, actor.id)
    if found is None:
        raise OrderNotFoundError
    order = found.order
    if not policy.can_read(actor, order, admitted=found.was_admitted or policy.is_share_key(order, key)):
        raise OrderNotFoundError
    if order.status is not OrderStatus.OPEN:
        raise OrderNotOpenError
    if order.proposals_limit is not None and order.proposals_count >= order.proposals_limit:
        raise OrderFullError(params={"limit": order.proposals_limit})
    order.proposals_count += 1
    await repository.admit(order.id, actor.id, answered_at=utc_now())
    return order


def uncount_proposal(order: Order) -> None:
    """Decrement the number of proposals of a locked order."""
    order.proposals_count -= 1


def count_restored_proposal(order: Order) -> None:
    """Increment the number of proposals of a locked order, also above its limit: the proposal was there before."""
    order.proposals_count += 1


def award_order(order: Order) -> None:
    """Close a locked order because its customer chose a proposal. Of concurrent attempts, only the first succeeds."""
    set_closed(order, next_status(order, OrderEvent.AWARD), None)


async def add_agreed_order(
    uow: UnitOfWork, customer_id: UUID, freelancer_id: UUID, *, title: str, description: str, price: Money
) -> Order:
    """Add the order of a deal that two people agreed on directly; it is awarded at once and never listed.

    No event is emitted: nobody could answer it, and nobody searches for it.
    """
    order = Order(
        id=new_id(),
        customer_id=customer_id,
        status=OrderStatus.OPEN,
        title=title,
        description=description,
        budget_kind=BudgetKind.FIXED,
        budget_amount=price.amount,
        budget_max_amount=price.amount,
        currency=price.currency,
        visibility=Visibility.INVITED,
        version=1,
        proposals_count=1,
        created_at=utc_now(),
        published_at=utc_now(),
    )
    award_order(order)
    repository = OrderRepository(uow.session)
    repository.add(order)
    await uow.session.flush()
    await repository.admit(order.id, freelancer_id)
    return order


def record_customer_response(order: Order) -> None:
    """Record on a locked order that its customer responded to a proposal (shortlisted, declined or made an offer)."""
    order.answered_at = order.answered_at or utc_now()


def extend_on_decision(uow: UnitOfWork, order: Order) -> None:
    """Extend a locked open order because its customer decided on a proposal."""
    record_customer_response(order)
    if order.status is OrderStatus.OPEN:
        set_status(uow, order, OrderStatus.OPEN)


async def replace_skill(uow: UnitOfWork, old: str, new: str) -> int:
    """Replace one skill with another in all orders and return the number of changed orders; texts are unchanged."""
    return await OrderRepository(uow.session).replace_skill(old, new)


async def apply_due_timers(uow: UnitOfWork) -> int:
    """Apply due timers to one batch of orders.

    Open and paused orders expire and `OrderClosed` is emitted. Orders not moderated in time open with a
    mark for later review, and `OrderPublished` is emitted.
    """
    orders = await OrderRepository(uow.session).stale(utc_now(), STALE_BATCH)
    for order in orders:
        event = ORDER_MACHINE.timers[order.status].event
        if event is OrderEvent.LET_THROUGH:
            order.needs_review = True
            open_order(uow, order, next_status(order, event))
        else:
            set_closed(order, next_status(order, event), CloseReason.SILENCE)
            announce_closing(uow, order)
    return len(orders)


async def remind_of_expiry(uow: UnitOfWork) -> int:
    """Emit `OrderExpiring` for one batch of open orders that expire soon, and set their next reminder."""
    now = utc_now()
    orders = await OrderRepository(uow.session).to_remind(now, STALE_BATCH)
    for order in orders:
        end = order.expires_at or now
        order.remind_at = rules.reminder(now, end, uow.resources.settings)
        uow.emit(OrderExpiring(order_id=str(order.id), customer_id=str(order.customer_id)))
    return len(orders)
