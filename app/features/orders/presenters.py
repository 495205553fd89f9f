"""Presentation of orders as list cards, for the pages of this feature and of the layers above."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from uuid import UUID

from app.core.http.dependencies import ReadSession
from app.core.i18n import _, current_locale
from app.features.catalog import service as catalog
from app.features.orders.schemas import STATUS_LABELS, TIMEOUT_TEXTS, OrderCard, OwnOrderCard, RankedCard
from app.features.profiles import service as profiles
from app.features.profiles.schemas import CustomerStatsRead
from app.web import order_cards
from app.web.formatting import day

SKILLS_ON_CARD = 8


async def customers_of(session: ReadSession, orders: Sequence[OrderCard]) -> dict[UUID, CustomerStatsRead]:
    """Return the statistics of the customers of a page of orders, in one query."""
    return await profiles.get_customer_stats(session, [order.customer.id for order in orders])


def card_of(
    order: OrderCard,
    catalogue: catalog.Catalogue,
    facts: Mapping[UUID, CustomerStatsRead] = MappingProxyType({}),
    *,
    own: bool = False,
) -> order_cards.OrderCard:
    """Convert an order into a list card; `facts` are the statistics of its customer."""
    locale = current_locale()
    skills = [skill.name(locale) for skill in map(catalogue.skill, order.skills) if skill]
    label, tone = STATUS_LABELS[order.status]
    return order_cards.OrderCard(
        title=order.title,
        href=f"/orders/{order.id}",
        money=order_cards.budget_label(order.budget_kind, order.budget, order.budget_max),
        text=order.description,
        when=order.published_at or order.created_at,
        skills=tuple([*skills, *order.tags][:SKILLS_ON_CARD]),
        answers=order.proposals_count if order.published_at else None,
        customer=None if own else order.customer.name,
        badge=(_(label), tone) if own else None,
        note=order_cards.customer_stats_label(facts.get(order.customer.id)),
        why=tuple(f"{item.text} +{item.points}" for item in order.why) if isinstance(order, RankedCard) else (),
    )


def own_card(order: OwnOrderCard, catalogue: catalog.Catalogue) -> order_cards.OrderCard:
    """Convert an order into a card of its customer's list, with what happens when nobody acts, and when."""
    default = order.if_nobody_acts
    note = _(TIMEOUT_TEXTS[order.status]).format(date=day(default.at)) if default else None
    return replace(card_of(order, catalogue, own=True), note=note)
