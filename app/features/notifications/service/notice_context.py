"""Loads the orders and people that notifications refer to, in few queries."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.features.identity import service as identity
from app.features.orders import service as orders

type Params = Mapping[str, Any]


def _ids(all_params: Iterable[Params], name: str) -> set[UUID]:
    return {UUID(str(params[name])) for params in all_params if params.get(name)}


async def load_notice_context(session: AsyncSession, all_params: list[Params]) -> list[dict[str, str]]:
    """Return the values of a text's placeholders for each set of ids; deleted objects are left out."""
    order_ids, person_ids = _ids(all_params, "order_id"), _ids(all_params, "person_id")
    found = await orders.orders_by_id(session, order_ids) if order_ids else {}
    names = await identity.usernames(session, list(person_ids)) if person_ids else {}
    result: list[dict[str, str]] = []
    for params in all_params:
        values: dict[str, str] = {}
        order = found.get(UUID(str(params["order_id"]))) if params.get("order_id") else None
        if order is not None:
            values["order"] = order.title
            values["order_status"] = order.status.value
        person = names.get(UUID(str(params["person_id"]))) if params.get("person_id") else None
        if person is not None:
            values["person"] = person
        values |= {name: str(params[name]) for name in ("count", "file", "work", "amount") if params.get(name)}
        result.append(values)
    return result
