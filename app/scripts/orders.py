"""What an operator does with orders from the command line: see those nobody has looked at, let through, send back."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from app.core.config import Settings
from app.core.errors import DomainError
from app.core.resources import Resources, open_resources
from app.core.unit_of_work import unit_of_work
from app.features.orders import service
from app.local.embedded import ServerAddresses
from app.models import Order, OrderStatus

type Act = Callable[[Resources], Awaitable[str]]
MOST_LISTED = 100
LONGEST_REASON = 2000


class OrderCommandError(Exception):
    """The command cannot do it to this order; the message says why."""


async def unchecked(resources: Resources, given: Sequence[str] = ()) -> str:
    """Return one line for each order that nobody has looked at, the most urgent first."""
    del given
    async with resources.read_sessions() as session:
        found = await service.list_unchecked(session, MOST_LISTED)
        names = await service.people(session, [order.customer_id for order in found])
    return "\n".join(_line(order, names[order.customer_id].name) for order in found) or "Nothing waits."


async def approve(resources: Resources, given: Sequence[str]) -> str:
    """Let an order through, and return the sentence that says so.

    Raises:
        OrderCommandError: There is no such order, or nothing to decide about it.
    """
    (order_id,) = given
    try:
        async with unit_of_work(resources) as uow:
            order = await service.approve_order(uow, _id(order_id))
    except DomainError as refused:
        raise OrderCommandError(refused.title) from refused
    return f"“{order.title}” is let through."


async def reject(resources: Resources, given: Sequence[str]) -> str:
    """Send an order back, and return the sentence that says so.

    Raises:
        OrderCommandError: There is no such order, it does not wait, or no reason was given.
    """
    order_id, reason = given
    said = reason.strip()
    if not 1 <= len(said) <= LONGEST_REASON:
        raise OrderCommandError(f"Say why in 1 to {LONGEST_REASON} characters: the customer reads it.")
    try:
        async with unit_of_work(resources) as uow:
            order = await service.reject_order(uow, _id(order_id), said)
    except DomainError as refused:
        raise OrderCommandError(refused.title) from refused
    return f"“{order.title}” is sent back: its customer is told why."


async def with_resources(settings: Settings, servers: ServerAddresses, act: Act) -> str:
    """Do one of the acts above with resources of its own."""
    async with open_resources(settings, database_url=servers.database_url, redis_url=servers.redis_url) as resources:
        return await act(resources)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise OrderCommandError(f"{text} is no id of an order: `python -m app orders list` shows them.") from wrong


def _line(order: Order, name: str) -> str:
    if order.status is OrderStatus.MODERATION and order.expires_at:
        when = f"opens by itself {order.expires_at:%Y-%m-%d %H:%M} UTC"
    else:
        when = f"opened by itself, now {order.status}"
    return f"{order.id}  {when}  of {name}: {order.title}"
