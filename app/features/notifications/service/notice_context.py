"""Loads the orders and people that notifications refer to, in few queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.features.contracts import service as contracts
from app.features.identity import service as identity
from app.features.orders import service as orders
from app.models import Order
from app.models.notification import NoticeKind

type Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NoticeSubject:
    """A notification or mail: who reads it, its kind, and the ids that its text refers to."""

    reader: UUID
    kind: NoticeKind
    params: Params


def _order_words(order: Order, news: NoticeSubject) -> dict[str, str]:
    if news.kind is NoticeKind.INVITATION_RECEIVED and orders.is_withheld(order):
        return {}
    title = orders.shown_title(order.title, order.status, to_customer=news.reader == order.customer_id)
    return {"order": title, "order_status": order.status.value}


def _ids(all_news: Iterable[NoticeSubject], name: str) -> set[UUID]:
    return {UUID(str(news.params[name])) for news in all_news if news.params.get(name)}


def _named[T](found: Mapping[UUID, T], params: Params, name: str) -> T | None:
    return found.get(UUID(str(params[name]))) if params.get(name) else None


def _contract_words(params: Params) -> dict[str, str]:
    """Return what happened to a contract, in English; nothing for other notifications."""
    text = contracts.EVENT_TEXTS.get(str(params.get("event", "")))
    return {} if text is None else {"news": text}


async def load_notice_context(session: AsyncSession, all_news: list[NoticeSubject]) -> list[dict[str, str]]:
    """Return the values of a text's placeholders for each piece of news; deleted objects are left out.

    An invitation does not name an order whose text is its customer's alone now. Those who answered an order know it,
    but read no title that was not approved.
    """
    order_ids, person_ids = _ids(all_news, "order_id"), _ids(all_news, "person_id")
    found = await orders.orders_by_id(session, order_ids) if order_ids else {}
    names = await identity.usernames(session, list(person_ids)) if person_ids else {}
    result: list[dict[str, str]] = []
    for news in all_news:
        values: dict[str, str] = {}
        order = _named(found, news.params, "order_id")
        if order is not None:
            values |= _order_words(order, news)
        person = _named(names, news.params, "person_id")
        if person is not None:
            values["person"] = person
        plain = ("count", "file", "work", "amount")
        values |= {name: str(news.params[name]) for name in plain if news.params.get(name)}
        result.append(values | _contract_words(news.params))
    return result
