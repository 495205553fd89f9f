"""Loads the orders and people that notifications refer to, in few queries."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.features.identity import service as identity
from app.features.orders import service as orders
from app.models import Order
from app.models.notification import NoticeKind

type Params = Mapping[str, Any]
type News = tuple[NoticeKind, Params]


def _ids(all_params: Iterable[Params], name: str) -> set[UUID]:
    return {UUID(str(params[name])) for params in all_params if params.get(name)}


def _order_values(kind: NoticeKind, order: Order | None) -> dict[str, str]:
    if order is None or (kind is NoticeKind.INVITATION_RECEIVED and orders.is_withheld(order)):
        return {}
    return {"order": order.title, "order_status": order.status.value}


async def load_notice_context(session: AsyncSession, news: list[News]) -> list[dict[str, str]]:
    """Return the values of a text's placeholders for each piece of news; deleted objects are left out.

    An invitation does not name an order whose text is its customer's alone now. Those who answered an order know it.
    """
    all_params = [params for _kind, params in news]
    order_ids, person_ids = _ids(all_params, "order_id"), _ids(all_params, "person_id")
    found = await orders.orders_by_id(session, order_ids) if order_ids else {}
    names = await identity.usernames(session, list(person_ids)) if person_ids else {}
    result: list[dict[str, str]] = []
    for kind, params in news:
        order = found.get(UUID(str(params["order_id"]))) if params.get("order_id") else None
        values = _order_values(kind, order)
        person = names.get(UUID(str(params["person_id"]))) if params.get("person_id") else None
        if person is not None:
            values["person"] = person
        values |= {name: str(params[name]) for name in ("count", "file", "work") if params.get(name)}
        result.append(values)
    return result
