"""What a customer does with an order: write, edit, publish, keep open, close."""

import secrets
from typing import Any
from uuid import UUID

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.errors import FieldError
from app.core.money import Currency, Money
from app.core.uow import UnitOfWork
from app.features.catalog import service as catalog
from app.features.catalog.errors import UnknownCategoryError
from app.features.identity import service as identity
from app.features.orders import policy, rules
from app.features.orders.errors import (
    InvalidOrderError,
    NotOrderCustomerError,
    OrderChangedError,
    OrderNotFoundError,
    OrderStateError,
    TooManyOrdersError,
)
from app.features.orders.events import OrderClosed, OrderEdited, OrderPublished
from app.features.orders.repository import OrderRepository
from app.features.orders.rules import ORDER_MACHINE, OrderEvent
from app.features.orders.schemas import OrderClose, OrderCreate, OrderPatch
from app.models import BudgetKind, CloseReason, Order, OrderRevision, OrderStatus, Visibility

REVISED = (
    "title",
    "description",
    "category_id",
    "skills",
    "tags",
    "budget_kind",
    "budget_amount",
    "budget_max_amount",
    "currency",
    "deadline",
    "visibility",
)
"""What a revision keeps."""
SHARE_KEY_BYTES = 18
"""144 bits: nobody guesses the link of an order."""


async def create_order(
    uow: UnitOfWork, actor: Actor, command: OrderCreate, *, external_key: str | None = None
) -> Order:
    """Write a draft that only its customer sees."""
    order = Order(customer_id=actor.id, title=command.title, external_key=external_key)
    order.description = command.description
    await _apply(uow, order, command.model_dump(exclude={"title", "description"}), command)
    OrderRepository(uow.session).add(order)
    await uow.session.flush()
    return order


async def edit_order(uow: UnitOfWork, actor: Actor, order_id: UUID, command: OrderPatch) -> Order:
    """Change an order; what a published one said before is kept, and `OrderEdited` announced."""
    order = await own_order_for_update(uow, actor, order_id)
    target = step(order, OrderEvent.EDIT)
    if command.version is not None and command.version != order.version:
        raise OrderChangedError
    before = _content(order)
    given = {name: getattr(command, name) for name in command.model_fields_set - {"version"}}
    for name in ("title", "description"):
        if given.get(name) is not None:
            setattr(order, name, given[name])
    await _apply(uow, order, given, command)
    if order.status is OrderStatus.OPEN:
        _check(rules.publishing_faults(order, utc_now().date()))
    if _content(order) == before:
        return order
    if order.published_at is not None:
        revision = OrderRevision(order_id=order.id, version=order.version, content=before)
        OrderRepository(uow.session).add_revision(revision)
    order.version += 1
    order.updated_at = utc_now()
    order.status = target
    if order.status is OrderStatus.OPEN:
        _keep_open(uow, order)
        uow.emit(OrderEdited(order_id=str(order.id), customer_id=str(order.customer_id), version=order.version))
    return order


async def publish_order(uow: UnitOfWork, actor: Actor, order_id: UUID, *, counted: bool = True) -> Order:
    """Show a draft, or an expired order, to everybody; announces `OrderPublished`.

    An account publishes so many a day; an import by the operator is not counted.
    """
    order = await own_order_for_update(uow, actor, order_id)
    target = step(order, OrderEvent.PUBLISH)
    now = utc_now()
    _check(rules.publishing_faults(order, now.date()))
    if counted:
        await _check_pace(uow, actor)
    order.status = target
    order.published_at = order.updated_at = now
    order.closed_at = order.close_reason = None
    _keep_open(uow, order)
    uow.emit(OrderPublished(order_id=str(order.id), customer_id=str(order.customer_id)))
    return order


async def renew_order(uow: UnitOfWork, actor: Actor, order_id: UUID) -> Order:
    """Keep an order open for another full term."""
    order = await own_order_for_update(uow, actor, order_id)
    order.status = step(order, OrderEvent.RENEW)
    _keep_open(uow, order)
    return order


async def close_order(uow: UnitOfWork, actor: Actor, order_id: UUID, command: OrderClose) -> Order:
    """Close an order without choosing anybody; a published one announces `OrderClosed`."""
    order = await own_order_for_update(uow, actor, order_id)
    was_published = order.published_at is not None
    close(order, step(order, OrderEvent.CANCEL), command.reason)
    order.close_note = command.note or None
    if was_published:
        announce_closing(uow, order)
    return order


async def own_order_for_update(uow: UnitOfWork, actor: Actor, order_id: UUID) -> Order:
    """Lock an order of the actor's own; somebody else's draft is not there."""
    order = await OrderRepository(uow.session).get_for_update(order_id)
    if order is None or not policy.can_read(actor, order):
        raise OrderNotFoundError
    if not policy.is_customer(actor, order):
        raise NotOrderCustomerError
    return order


def step(order: Order, event: OrderEvent) -> OrderStatus:
    """Return the state an event leads to.

    Raises:
        OrderStateError: The order's state does not know the event.
    """
    target = ORDER_MACHINE.target(order.status, event)
    if target is None:
        raise OrderStateError
    return target


def close(order: Order, target: OrderStatus, reason: CloseReason | None) -> None:
    """Put an order into a state in which it is open no longer."""
    order.status = target
    order.expires_at = None
    order.closed_at = order.updated_at = utc_now()
    order.close_reason = reason


def announce_closing(uow: UnitOfWork, order: Order) -> None:
    """Tell the other rooms that an order ended without a choice."""
    reason = order.close_reason or CloseReason.OTHER
    uow.emit(
        OrderClosed(
            order_id=str(order.id), customer_id=str(order.customer_id), status=order.status.value, reason=reason.value
        )
    )


def _keep_open(uow: UnitOfWork, order: Order) -> None:
    order.expires_at = rules.expiry(utc_now(), uow.resources.settings.order_open_days)


async def _check_pace(uow: UnitOfWork, actor: Actor) -> None:
    settings = uow.resources.settings
    repository = OrderRepository(uow.session)
    await repository.queue_up(actor.id)
    limit = await identity.daily_limit(
        uow.session, settings, actor.id, usual=settings.orders_per_day, starting=settings.new_account_orders_per_day
    )
    limit.check(await repository.last_but_published(actor.id, limit.times, limit.since), TooManyOrdersError)


def _check(faults: list[FieldError]) -> None:
    if faults:
        raise InvalidOrderError(errors=faults)


def _content(order: Order) -> dict[str, Any]:
    content = {name: getattr(order, name) for name in REVISED}
    content["deadline"] = order.deadline.isoformat() if order.deadline else None
    return content


async def _apply(uow: UnitOfWork, order: Order, given: dict[str, Any], command: OrderCreate | OrderPatch) -> None:
    """Put what was given into the order, and what follows from it."""
    catalogue = await catalog.read_catalogue(uow.session, uow.resources)
    if "category" in given:
        category = catalogue.category(given["category"]) if given["category"] else None
        if given["category"] and category is None:
            error = FieldError(("body", "category"), UnknownCategoryError.detail, {"category": given["category"]})
            raise UnknownCategoryError(params={"category": given["category"]}, errors=[error])
        order.category_id = category.id if category else None
    if "skills" in given:
        sorted_out = catalogue.sort_out(given["skills"] or [])
        order.skills, order.tags = list(sorted_out.skills), list(sorted_out.words)
    if "deadline" in given:
        _check(rules.deadline_faults(given["deadline"], utc_now().date()))
        order.deadline = given["deadline"]
    if given.get("visibility") is not None:
        order.visibility = given["visibility"]
        if order.visibility is Visibility.LINK and order.share_key is None:
            order.share_key = secrets.token_urlsafe(SHARE_KEY_BYTES)
    if {"budget", "budget_max", "budget_kind"} & set(given):
        _apply_budget(order, given, command)
    order.keywords = _keywords(order, catalogue)


def _apply_budget(order: Order, given: dict[str, Any], command: OrderCreate | OrderPatch) -> None:
    def money(amount: int | None) -> Money | None:
        return None if amount is None else Money(amount, order.currency)

    least = command.budget.to_money() if command.budget else None
    most = command.budget_max.to_money() if command.budget_max else None
    kind = command.budget_kind
    if isinstance(command, OrderPatch):
        opened = kind is BudgetKind.OPEN
        least = least if "budget" in given else None if opened else money(order.budget_amount)
        most = most if "budget_max" in given else None if opened else money(order.budget_max_amount)
        if kind is None:
            stays = order.budget_kind is not BudgetKind.OPEN or least is None
            kind = order.budget_kind if stays and "budget_kind" not in given else rules.settle_kind(None, least)
    kind = rules.settle_kind(kind, least or most)
    _check(rules.budget_faults(kind, least, most))
    order.budget_kind = kind
    order.budget_amount = least.amount if least else None
    order.budget_max_amount = most.amount if most else None
    order.currency = least.currency if least else order.currency or Currency.RUB


def _keywords(order: Order, catalogue: catalog.Catalogue) -> str:
    """Return the words beside the text that should find the order: its skills and field in both languages."""
    found = [catalogue.skill(slug) for slug in order.skills]
    names = [name for skill in found if skill for name in (skill.name_en, skill.name_ru)]
    category = catalogue.category_by_id(order.category_id)
    while category:
        names += [category.name_en, category.name_ru]
        category = catalogue.category_by_id(category.parent_id)
    return " ".join(dict.fromkeys([*names, *order.tags]))
