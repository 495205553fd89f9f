"""Queries for one order and for a customer's own orders."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.i18n import N_, _
from app.core.money import MoneyRead
from app.core.pagination import Slice, encode_cursor, last_id
from app.core.resources import Resources
from app.features.catalog import service as catalog
from app.features.files import service as files
from app.features.files.schemas import Subject
from app.features.identity import service as identity
from app.features.orders import policy, rules
from app.features.orders.errors import NotOrderCustomerError, OrderNotFoundError, OrderRemovedError
from app.features.orders.repository import OrderRepository
from app.features.orders.schemas import (
    DefaultRead,
    FieldChange,
    OrderCard,
    OrderRead,
    OwnOrderCard,
    PersonRead,
    RevisionRead,
)
from app.features.orders.schemas.fields import REVISED
from app.features.orders.service.file_access import grant_of
from app.features.orders.service.order_fields import content_of
from app.models import Order, OrderStatus
from app.models.file import SubjectKind
from app.models.side import Side

HIDDEN_TITLE = N_("An order that is not public")
MAX_REVISIONS = 100
"""How many earlier versions one answer lists; an order can have no more (MAX_EDITS)."""
_BY_THE_WAY = frozenset({rules.OrderEvent.SUBMIT, rules.OrderEvent.RESUBMIT})
"""Events that happen instead of publishing and editing where orders are moderated; nobody chooses them."""


async def get_order(session: AsyncSession, actor: Actor | None, order_id: UUID, key: str | None = None) -> Order:
    """Return an order the actor may read; `key` is the share key from the address.

    Raises:
        OrderNotFoundError: It does not exist, or the actor may not read it.
        OrderRemovedError: It was public, and the operator has taken it down.
    """
    found = await OrderRepository(session).get(order_id, actor.id if actor else None)
    if found is None:
        raise OrderNotFoundError
    order = found.order
    has_key = policy.is_share_key(order, key)
    if not policy.can_open(actor, order, was_admitted=found.was_admitted, has_key=has_key):
        raise OrderRemovedError if policy.is_removed(order) else OrderNotFoundError
    identity.remember_names(session, [(order.customer_id, found.customer)])
    return order


async def get_own_order(session: AsyncSession, actor: Actor, order_id: UUID) -> Order:
    """Return one of the actor's own orders."""
    order = await get_order(session, actor, order_id)
    if not policy.is_customer(actor, order):
        raise NotOrderCustomerError
    return order


def shown_title(title: str, status: OrderStatus, *, to_customer: bool) -> str:
    """Return the title of an order as one of the two sides of a proposal sees it; an unapproved one is hidden."""
    return _(HIDDEN_TITLE) if status in policy.UNAPPROVED and not to_customer else title


async def orders_by_id(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Order]:
    """Return orders for features that refer to them. The caller has checked that the reader may see them."""
    return await OrderRepository(session).get_many(ids)


def is_withheld(order: Order) -> bool:
    """Tell whether the text of an order is its customer's alone at the moment."""
    return policy.is_withheld(order)


async def people(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, PersonRead]:
    """Return the public data of people, which contains no contacts."""
    names = await identity.usernames(session, list(set(ids)))
    return {key: PersonRead(id=key, name=name) for key, name in names.items()}


async def present(session: AsyncSession, resources: Resources, actor: Actor | None, order: Order) -> OrderRead:
    """Return a complete order, with the actions the actor may perform now."""
    catalogue = await catalog.read_catalogue(session, resources)
    customer = (await people(session, [order.customer_id]))[order.customer_id]
    card = _card(order, order.description, catalogue, customer)
    subject = files_of(order.id)
    return OrderRead(
        **dict(card),
        version=order.version,
        expires_at=order.expires_at,
        closed_at=order.closed_at,
        close_reason=order.close_reason,
        visibility=order.visibility,
        share_key=order.share_key if policy.is_customer(actor, order) else None,
        experience=order.experience,
        weekly_hours=order.weekly_hours,
        questions=order.questions,
        proposals_limit=order.proposals_limit,
        files=(await files.attached(session, [subject], actor, grant_of(actor, order)))[subject],
        if_nobody_acts=timeout_of(order),
        rejection=order.rejection if policy.is_customer(actor, order) else None,
        takedown_reason=order.takedown_reason if policy.is_customer(actor, order) else None,
        actions=actions(actor, order),
    )


def files_of(order_id: UUID) -> Subject:
    """Return the subject that the files of an order are attached to."""
    return Subject(SubjectKind.ORDER, order_id)


def actions(actor: Actor | None, order: Order) -> list[str]:
    """Return the actions the actor may perform in the order's state; awarding is an action of proposals."""
    if policy.is_customer(actor, order):
        if policy.is_held(order):
            return [str(rules.OrderEvent.CANCEL)] if order.held_status is not None else []
        events = rules.ORDER_MACHINE.events(order.status, Side.CUSTOMER)
        return [str(event) for event in events if event not in _BY_THE_WAY]
    return ["propose"] if policy.can_answer(actor, order) else []


def timeout_of(order: Order) -> DefaultRead | None:
    """Return what happens to an order, and when, if nobody acts."""
    timer = rules.ORDER_MACHINE.timers.get(order.status)
    target = rules.ORDER_MACHINE.target(order.status, timer.event) if timer else None
    if timer is None or target is None or order.expires_at is None or policy.is_held(order):
        return None
    return DefaultRead(event=timer.event.value, to=target, at=order.expires_at)


async def list_revisions(
    session: AsyncSession, actor: Actor | None, order_id: UUID, key: str | None = None
) -> list[RevisionRead]:
    """Return the earlier versions of an order, newest first, to everybody who may read the order."""
    return await revisions_of(session, await get_order(session, actor, order_id, key))


async def revisions_of(
    session: AsyncSession, order: Order, *, before: int | None = None, limit: int = MAX_REVISIONS
) -> list[RevisionRead]:
    """Return earlier versions of an order, newest first: all of them, or those older than the version `before`.

    The caller has checked the permission.
    """
    after, found = content_of(order), list[RevisionRead]()
    rows = await OrderRepository(session).revisions(order.id, limit + (before is not None), before)
    if rows and rows[0].version == before:
        after, rows = rows[0].content, rows[1:]
    for row in rows:
        changes = [
            FieldChange(field=name, before=row.content.get(name), after=after.get(name))
            for name in REVISED
            if row.content.get(name) != after.get(name)
        ]
        found.append(
            RevisionRead(version=row.version, content=row.content, changes=changes, replaced_at=row.replaced_at)
        )
        after = row.content
    return found


async def list_own_orders(
    session: AsyncSession, resources: Resources, actor: Actor, cursor: str | None, limit: int
) -> Slice[OwnOrderCard]:
    """Return the actor's own orders in all states, newest first."""
    found = await OrderRepository(session).mine(actor.id, last_id(cursor), limit + 1)
    identity.remember_names(session, [(order.customer_id, name) for order, name in found])
    rows = [order for order, _name in found]
    cards = await cards_for_orders(session, resources, rows[:limit])
    items = [
        OwnOrderCard(**dict(card), visibility=order.visibility, if_nobody_acts=timeout_of(order))
        for card, order in zip(cards, rows, strict=False)
    ]
    return Slice(items, encode_cursor(items[-1].id) if len(rows) > limit else None)


async def cards_for_orders(session: AsyncSession, resources: Resources, orders: Iterable[Order]) -> list[OrderCard]:
    """Return orders as list cards, in the given order. The caller has checked that the reader may see them."""
    rows = list(orders)
    catalogue = await catalog.read_catalogue(session, resources)
    customers = await people(session, [order.customer_id for order in rows])
    return [_card(order, order.excerpt, catalogue, customers[order.customer_id]) for order in rows]


def _card(order: Order, description: str, catalogue: catalog.Catalogue, customer: PersonRead) -> OrderCard:
    category = catalogue.category_by_id(order.category_id)

    def money(amount: int | None) -> MoneyRead | None:
        return None if amount is None else MoneyRead(amount=amount, currency=order.currency)

    return OrderCard(
        id=order.id,
        title=order.title,
        description=description,
        status=order.status,
        category=category.slug if category else None,
        skills=order.skills,
        tags=order.tags,
        budget_kind=order.budget_kind,
        budget=money(order.budget_amount),
        budget_max=money(order.budget_max_amount),
        deadline=order.deadline,
        customer=customer,
        proposals_count=order.proposals_count,
        created_at=order.created_at,
        published_at=order.published_at,
        updated_at=order.updated_at,
    )
