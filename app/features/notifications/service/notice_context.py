"""Loads the orders and people that notifications refer to, in few queries."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.features.identity import service as identity
from app.features.orders import service as orders
from app.models import Order

type Params = Mapping[str, Any]


def _order_words(order: Order, reader: UUID) -> dict[str, str]:
    title = orders.shown_title(order.title, order.status, to_customer=reader == order.customer_id)
    return {"order": title, "order_status": order.status.value}


def _ids(all_params: Iterable[Params], name: str) -> set[UUID]:
    return {UUID(str(params[name])) for params in all_params if params.get(name)}


def _named[T](found: Mapping[UUID, T], params: Params, name: str) -> T | None:
    return found.get(UUID(str(params[name]))) if params.get(name) else None


async def load_notice_context(session: AsyncSession, notices: list[tuple[UUID, Params]]) -> list[dict[str, str]]:
    """Return the values of a text's placeholders for each reader and set of ids; deleted objects are left out."""
    all_params = [params for _reader, params in notices]
    order_ids, person_ids = _ids(all_params, "order_id"), _ids(all_params, "person_id")
    found = await orders.orders_by_id(session, order_ids) if order_ids else {}
    names = await identity.usernames(session, list(person_ids)) if person_ids else {}
    result: list[dict[str, str]] = []
    for reader, params in notices:
        values: dict[str, str] = {}
        order = _named(found, params, "order_id")
        if order is not None:
            values |= _order_words(order, reader)
        person = _named(names, params, "person_id")
        if person is not None:
            values["person"] = person
        values |= {name: str(params[name]) for name in ("count", "file", "work") if params.get(name)}
        result.append(values)
    return result
