"""What other rooms and the clock do to an order; each verb locks the order before anything that belongs to it."""

from uuid import UUID

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.orders import policy, rules
from app.features.orders.errors import OrderFullError, OrderNotFoundError, OrderNotOpenError
from app.features.orders.events import OrderEnding
from app.features.orders.repository import OrderRepository
from app.features.orders.rules import ORDER_MACHINE, OrderEvent
from app.features.orders.service.customer_commands import announce_closing, close, enter, show, step
from app.features.orders.service.invitations import record_invitation_answer
from app.features.orders.service.queries import is_admitted
from app.models import CloseReason, Order, OrderStatus

STALE_BATCH = 100


async def lock_order(uow: UnitOfWork, order_id: UUID) -> Order:
    """Lock an order for a verb of another room, which checks for itself what its actor may do."""
    order = await OrderRepository(uow.session).get_for_update(order_id)
    if order is None:
        raise OrderNotFoundError
    return order


async def count_new_proposal(uow: UnitOfWork, actor: Actor, order_id: UUID, key: str | None = None) -> Order:
    """Lock an open order that the actor may read and count one more proposal on it.

    Who answers an order may read it from then on, whatever its customer makes of its visibility.
    """
    repository = OrderRepository(uow.session)
    order = await repository.get_for_update(order_id)
    if order is None or not policy.can_read(actor, order, admitted=await is_admitted(uow.session, actor, order, key)):
        raise OrderNotFoundError
    if order.status is not OrderStatus.OPEN:
        raise OrderNotOpenError
    if order.proposals_limit is not None and order.proposals_count >= order.proposals_limit:
        raise OrderFullError(params={"limit": order.proposals_limit})
    order.proposals_count += 1
    await record_invitation_answer(uow, actor, order.id)
    await repository.admit(order.id, actor.id)
    return order


def uncount_proposal(order: Order) -> None:
    """Count one proposal less on a locked order."""
    order.proposals_count -= 1


def award_order(order: Order) -> None:
    """Close a locked order to others because its customer has chosen; of several tries at once one succeeds."""
    close(order, step(order, OrderEvent.AWARD), None)


def record_customer_response(order: Order) -> None:
    """Note on a locked order that its customer answers: somebody was put on the short list, declined or offered."""
    order.answered_at = order.answered_at or utc_now()


def extend_on_decision(uow: UnitOfWork, order: Order) -> None:
    """Count a customer's decision on a proposal as a sign of life: a locked open order stays open longer."""
    record_customer_response(order)
    if order.status is OrderStatus.OPEN:
        enter(uow, order, OrderStatus.OPEN)


async def replace_skill(uow: UnitOfWork, old: str, new: str) -> int:
    """Let every order that asks for one skill ask for another, and return how many did; their words stay."""
    return await OrderRepository(uow.session).replace_skill(old, new)


async def apply_due_timers(uow: UnitOfWork) -> int:
    """Do what the table says to one batch of orders with which nobody did anything in time.

    Open and paused ones expire, `OrderClosed` is announced; one that nobody has looked at opens with a mark, and
    `OrderPublished` is announced.
    """
    orders = await OrderRepository(uow.session).stale(utc_now(), STALE_BATCH)
    for order in orders:
        event = ORDER_MACHINE.timers[order.status].event
        if event is OrderEvent.LET_THROUGH:
            order.needs_look = True
            show(uow, order, step(order, event))
        else:
            close(order, step(order, event), CloseReason.SILENCE)
            announce_closing(uow, order)
    return len(orders)


async def remind_of_expiry(uow: UnitOfWork) -> int:
    """Announce `OrderEnding` for one batch of open orders that soon expire, and note the next reminder."""
    now = utc_now()
    orders = await OrderRepository(uow.session).to_remind(now, STALE_BATCH)
    for order in orders:
        end = order.expires_at or now
        order.remind_at = rules.reminder(now, end, uow.resources.settings)
        uow.emit(OrderEnding(order_id=str(order.id), customer_id=str(order.customer_id)))
    return len(orders)
