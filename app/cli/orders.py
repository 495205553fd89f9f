"""Commands for the moderation of orders: list, approve, reject."""

from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.shared import Reason, Refusal, app, called, reason_given, say, title
from app.models import Order, OrderStatus

MAX_LISTED = 100
orders = typer.Typer(no_args_is_help=True, help="Look at new orders where MODERATE_ORDERS asks for it.")
app.add_typer(orders, name="orders")
OrderId = Annotated[str, typer.Argument(metavar="ID", help="of the order, as the list shows it")]
Version = Annotated[int, typer.Option(help="of the order, as you read it; refused where the order was edited since")]


@orders.command(name="list")
def list_orders(ctx: typer.Context) -> None:
    """List orders that wait for moderation, the most urgent first."""
    from app.features.orders import service

    async def query(session: AsyncSession) -> list[str]:
        found = await service.list_orders_to_review(session, MAX_LISTED)
        names = await service.people(session, [order.customer_id for order in found])
        return [_line(order, names[order.customer_id].name) for order in found]

    say("\n".join(called(ctx).read(query)) or "Nothing waits.")


@orders.command(name="show")
def show_order(ctx: typer.Context, order: OrderId) -> None:
    """Show what others will read of an order and its version, which approving and rejecting it ask for."""
    from app.features.files import service as files
    from app.features.orders import service
    from app.features.orders.errors import OrderNotFoundError

    order_id = _id(order)

    async def query(session: AsyncSession) -> str:
        found = (await service.orders_by_id(session, [order_id])).get(order_id)
        if found is None:
            raise Refusal(OrderNotFoundError.title)
        subject = service.files_of(order_id)
        attached = (await files.attached(session, [subject]))[subject]
        lines = (
            f"version {found.version}, {found.status}",
            found.title,
            found.description,
            *found.questions,
            ", ".join((*found.skills, *found.tags)),
            *(f"file {file.id}: {file.name}" for file in attached),
        )
        return "\n".join(line for line in lines if line)

    say(called(ctx).read(query))


@orders.command(name="approve")
def approve_order(ctx: typer.Context, order: OrderId, version: Version, reason: Reason = "") -> None:
    """Approve a waiting order, or clear the mark of one that opened by itself."""
    from app.features.orders import service

    invocation, order_id, why = called(ctx), _id(order), reason_given(reason)
    approved = invocation.change(
        lambda uow: service.approve_order(uow, invocation.actor, order_id, version, reason=why), title
    )
    say(f"“{approved.title}” is let through.")


@orders.command(name="reject")
def reject_order(
    ctx: typer.Context,
    order: OrderId,
    version: Version,
    reason: Annotated[str, typer.Option(help="why; the customer reads it")],
) -> None:
    """Return a waiting order to its customer."""
    from app.features.orders import service

    invocation, order_id, why = called(ctx), _id(order), reason_given(reason, "the customer reads it")
    rejected = invocation.change(lambda uow: service.reject_order(uow, invocation.actor, order_id, version, why), title)
    say(f"“{rejected.title}” is sent back: its customer is told why.")


@orders.command(name="take-down")
def take_down_order(
    ctx: typer.Context,
    order: OrderId,
    reason: Annotated[str, typer.Option(help="the rule that was broken and how; the customer reads it")],
) -> None:
    """Remove an order: nobody but its customer can read it, and nobody can answer it."""
    from app.features.orders import service

    invocation, order_id, why = called(ctx), _id(order), reason_given(reason, "the customer reads it")
    removed = invocation.change(lambda uow: service.take_down_order(uow, invocation.actor, order_id, reason=why), title)
    say(f"“{removed.title}” is removed: its customer is told why.")


@orders.command(name="restore")
def restore_order(ctx: typer.Context, order: OrderId, reason: Reason = "") -> None:
    """Put a removed order back, with the state and the time that it had."""
    from app.features.orders import service

    invocation, order_id, why = called(ctx), _id(order), reason_given(reason)
    restored = invocation.change(lambda uow: service.restore_order(uow, invocation.actor, order_id, reason=why), title)
    say(f"“{restored.title}” is back as it was: {restored.status}.")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise Refusal(f"{text} is no id of an order: `python -m app orders list` shows them.") from wrong


def _line(order: Order, name: str) -> str:
    if order.status is OrderStatus.MODERATION and order.expires_at:
        when = f"opens by itself {order.expires_at:%Y-%m-%d %H:%M} UTC"
    else:
        when = f"opened by itself, now {order.status}"
    return f"{order.id}  version {order.version}  {when}  of {name}: {order.title}"
