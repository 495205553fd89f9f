"""Reading orders: one, a customer's own, and the public list in its plain and its fast way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.errors import FieldError
from app.core.fastlane import FastLane
from app.core.i18n import N_
from app.core.machine import Side
from app.core.money import MoneyRead
from app.core.pagination import DEFAULT_LIMIT, Slice, decode_cursor, encode_cursor
from app.core.resources import Resources
from app.features.catalog import service as catalog
from app.features.identity import service as identity
from app.features.orders import policy, rules
from app.features.orders.errors import InvalidFilterError, NotOrderCustomerError, OrderNotFoundError
from app.features.orders.repository import Conditions, OrderRepository, Position, count_statement, newest_cards
from app.features.orders.schemas import OrderCard, OrderFilter, OrderListQuery, OrderRead, PersonRead, RevisionRead
from app.models import Order

type CardRow = tuple[str, datetime, UUID]
"""The JSON of a card and its place in the list."""
_CARDS = TypeAdapter(list[OrderCard])
NOTHING = b'{"items":[],"next_cursor":null}'
"""The answer of a list that cannot hold anything."""


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One page of the public list with the way to both neighbours."""

    items: list[OrderCard]
    newer: str | None
    older: str | None


async def get_order(session: AsyncSession, actor: Actor | None, order_id: UUID) -> Order:
    """Return an order the actor may read; any other is not there."""
    order = await OrderRepository(session).get(order_id)
    if order is None or not policy.can_read(actor, order):
        raise OrderNotFoundError
    return order


async def get_own_order(session: AsyncSession, actor: Actor, order_id: UUID) -> Order:
    """Return an order of the actor's own."""
    order = await get_order(session, actor, order_id)
    if not policy.is_customer(actor, order):
        raise NotOrderCustomerError
    return order


async def orders_by_id(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Order]:
    """Return orders for rooms that refer to them; whoever calls this has checked that the reader may see them."""
    return await OrderRepository(session).get_many(ids)


async def people(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, PersonRead]:
    """Return people as everybody may see them: no way to reach them is part of that."""
    names = await identity.usernames(session, list(set(ids)))
    return {key: PersonRead(id=key, name=name) for key, name in names.items()}


async def present(session: AsyncSession, resources: Resources, actor: Actor | None, order: Order) -> OrderRead:
    """Return an order in full, with what the actor may do now."""
    catalogue = await catalog.read_catalogue(session, resources)
    customer = (await people(session, [order.customer_id]))[order.customer_id]
    card = _card(order, order.description, catalogue, customer)
    return OrderRead(
        **dict(card),
        version=order.version,
        updated_at=order.updated_at,
        expires_at=order.expires_at,
        closed_at=order.closed_at,
        close_reason=order.close_reason,
        actions=actions(actor, order),
    )


def actions(actor: Actor | None, order: Order) -> list[str]:
    """Return what the actor may do with the order as it stands; awarding goes through a proposal."""
    if policy.is_customer(actor, order):
        return [str(event) for event in rules.ORDER_MACHINE.events(order.status, Side.CUSTOMER)]
    return ["propose"] if policy.can_answer(actor, order) else []


async def list_revisions(session: AsyncSession, actor: Actor | None, order_id: UUID) -> list[RevisionRead]:
    """Return what an order said before its edits, newest first, to everybody who may read the order."""
    order = await get_order(session, actor, order_id)
    return [RevisionRead.model_validate(row) for row in await OrderRepository(session).revisions(order.id)]


async def list_own_orders(
    session: AsyncSession, resources: Resources, actor: Actor, cursor: str | None, limit: int
) -> Slice[OrderCard]:
    """Return the actor's own orders in every state, newest first."""
    before = None
    if cursor:
        (key,) = decode_cursor(cursor, str)
        before = _uuid(key)
    rows = await OrderRepository(session).mine(actor.id, before, limit + 1)
    items = await _cards(session, resources, rows[:limit])
    return Slice(items, encode_cursor(str(items[-1].id)) if len(rows) > limit else None)


async def narrow(session: AsyncSession, resources: Resources, wanted: OrderFilter) -> Conditions | None:
    """Resolve the names in a filter; None where nothing can fit.

    Raises:
        InvalidFilterError: A name is unknown or two filters contradict each other.
    """
    catalogue = await catalog.read_catalogue(session, resources) if wanted.category or wanted.skills else None
    category_ids: tuple[int, ...] = ()
    if catalogue and wanted.category:
        category = catalogue.category(wanted.category)
        if category is None:
            text = N_("There is no category “{category}”. Choose one from the list.")
            raise InvalidFilterError(errors=[FieldError(("query", "category"), text, {"category": wanted.category})])
        category_ids = catalogue.with_parts(category)
    skills: dict[str, None] = {}
    for word in (part.strip() for text in wanted.skills for part in text.split(",")):
        skill = catalogue.resolve(word) if catalogue and word else None
        if word and skill is None:
            text = N_("There is no skill “{skill}”. Choose one from the list.")
            raise InvalidFilterError(errors=[FieldError(("query", "skills"), text, {"skill": word})])
        if skill:
            skills[skill.slug] = None
    if wanted.budget_min is not None and wanted.budget_max is not None and wanted.budget_max < wanted.budget_min:
        text = N_("The most must not be less than the least.")
        raise InvalidFilterError(errors=[FieldError(("query", "budget_max"), text)])
    words = _words(wanted.q)
    if words and not rules.has_words(words):
        return None
    return Conditions(
        words=words,
        category_ids=category_ids,
        skills=tuple(skills),
        budget_kind=wanted.budget_kind,
        budget_min=wanted.budget_min,
        budget_max=wanted.budget_max,
        currency=wanted.currency,
    )


async def list_open_json(session: AsyncSession, resources: Resources, wanted: OrderListQuery) -> bytes:
    """Return a page of open orders as the finished JSON of `Page[OrderCard]`, written by PostgreSQL.

    The list that nothing narrows is the most read page of the house: it goes by the fast lane.
    """
    conditions = await narrow(session, resources, wanted)
    if conditions is None:
        return NOTHING
    position = Position.decode(wanted.cursor) if wanted.cursor else None
    return _page_json(await _rows(session, resources, conditions, position, wanted.limit), position, wanted.limit)


async def list_newest_json(resources: Resources, cursor: str | None) -> bytes | None:
    """Return what `list_open_json` returns when nothing but a cursor is asked for; None without a fast lane.

    Raises:
        BadCursorError: The cursor is none of this list.
    """
    if resources.fast_lane is None:
        return None
    position = Position.decode(cursor) if cursor else None
    rows = await _newest_cards(resources.fast_lane, position, DEFAULT_LIMIT + 1)
    return _page_json(rows, position, DEFAULT_LIMIT)


async def count_newest(resources: Resources) -> int:
    """Return what `count_orders` returns when nothing narrows the list, by the fast lane; 0 without one."""
    if resources.fast_lane is None:
        return 0
    statement, _names = count_statement(frozenset())
    return int((await resources.fast_lane.fetch(statement))[0][0])


async def search_json(resources: Resources, wanted: OrderListQuery) -> bytes | None:
    """Return what `list_open_json` returns for words alone; None where that needs more than the fast lane.

    Raises:
        BadCursorError: The cursor is none of this list.
        InvalidFilterError: The words hold what cannot be stored.
    """
    if resources.fast_lane is None or wanted.category or wanted.skills:
        return None
    async with resources.read_sessions() as session:  # connects only when something asks through it
        return await list_open_json(session, resources, wanted)


async def _rows(
    session: AsyncSession, resources: Resources, conditions: Conditions, position: Position | None, limit: int
) -> Sequence[CardRow]:
    """Return the rows of a page, newest first, and one more where there are more."""
    return await OrderRepository(session, resources.fast_lane).open_cards(conditions, position, limit + 1)


async def _newest_cards(lane: FastLane, position: Position | None, limit: int) -> Sequence[CardRow]:
    statement, values = newest_cards(position, limit)
    return await lane.fetch(statement, *values)


def _page_json(rows: Sequence[CardRow], position: Position | None, limit: int) -> bytes:
    more = len(rows) > limit
    if position is not None and position.newer:
        rows, more = rows[-limit:], bool(rows)
    else:
        rows = rows[:limit]
    cursor = f'"{Position(rows[-1][1], rows[-1][2]).encode()}"' if more else "null"
    return f'{{"items":[{",".join([row[0] for row in rows])}],"next_cursor":{cursor}}}'.encode()


async def list_open_orders(session: AsyncSession, resources: Resources, wanted: OrderListQuery) -> OrderPage:
    """Return the same page as objects, with cursors to both neighbours, as pages need them."""
    conditions = await narrow(session, resources, wanted)
    if conditions is None:
        return OrderPage([], None, None)
    position = Position.decode(wanted.cursor) if wanted.cursor else None
    rows = await _rows(session, resources, conditions, position, wanted.limit)
    more = len(rows) > wanted.limit
    towards_top = position is not None and position.newer
    rows = rows[-wanted.limit :] if towards_top else rows[: wanted.limit]
    has_newer = more if towards_top else position is not None
    has_older = bool(rows) if towards_top else more
    return OrderPage(
        _CARDS.validate_json(f"[{','.join([row[0] for row in rows])}]"),
        newer=Position(rows[0][1], rows[0][2], newer=True).encode() if rows and has_newer else None,
        older=Position(rows[-1][1], rows[-1][2]).encode() if rows and has_older else None,
    )


async def count_orders(session: AsyncSession, resources: Resources, wanted: OrderFilter) -> int:
    """Count open orders that fit, up to one more than the bound of `repository.COUNT_LIMIT`."""
    conditions = await narrow(session, resources, wanted)
    if conditions is None:
        return 0
    return await OrderRepository(session, resources.fast_lane).count(conditions)


def _words(typed: str) -> str:
    if "\x00" in typed:
        text = N_("This contains characters that cannot be shown. Please type it again.")
        raise InvalidFilterError(errors=[FieldError(("query", "q"), text)])
    return typed.strip()


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise InvalidFilterError from wrong


async def _cards(session: AsyncSession, resources: Resources, orders: Iterable[Order]) -> list[OrderCard]:
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
    )
