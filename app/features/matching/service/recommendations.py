"""Recommendations with reasons: orders for a freelancer, freelancers for an order. People can turn them off."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.resources import Resources
from app.features.identity import service as identity
from app.features.matching import rules
from app.features.matching.repository import RecommendingRepository
from app.features.matching.schemas import RecommendedFreelancers, RecommendedOrder, RecommendedOrders
from app.features.orders import service as orders
from app.features.profiles import service as profiles
from app.features.profiles.schemas import Reason

SHOWN = 20


async def recommend_orders(session: AsyncSession, resources: Resources, actor: Actor) -> RecommendedOrders:
    """Return open orders with the actor's skills or in the categories of their latest proposals, best first.

    Left out are the actor's own orders, orders with a proposal of theirs, and orders of clients they have hidden.
    """
    repository = RecommendingRepository(session)
    seeker = await repository.seeker(actor.id)
    if seeker is None:
        return RecommendedOrders(on=False, items=[])
    now = utc_now()
    ranked = []
    candidates = await repository.order_candidates(seeker)
    identity.remember_names(session, [(order.customer_id, name) for order, _words, name in candidates])
    for order, words, _name in candidates:
        seen = rules.OrderSeen(
            skills=order.skills,
            in_own_field=order.category_id in seeker.fields,
            words=rules.matched_words(words, seeker.headline),
            answers=order.proposals_count,
            published_at=order.published_at or order.created_at,
        )
        points = rules.points_of(frozenset(seeker.skills), seen, now)
        ranked.append((rules.total(points), seen.published_at, order.id, order, points))
    best = sorted(ranked, key=lambda item: item[:3], reverse=True)[:SHOWN]
    cards = await orders.cards_for_orders(session, resources, [item[3] for item in best])
    items = [
        RecommendedOrder(
            order=card,
            score=item[0],
            why=[Reason(rule=line.rule, what=list(line.what), points=line.points) for line in item[4]],
        )
        for card, item in zip(cards, best, strict=True)
    ]
    return RecommendedOrders(on=True, items=items)


async def recommend_freelancers(
    session: AsyncSession, resources: Resources, actor: Actor, order_id: UUID
) -> RecommendedFreelancers:
    """Return listed freelancers with skills of the actor's order, ranked by the catalogue's score.

    Freelancers who have sent a proposal for the order are left out.

    Raises:
        OrderNotFoundError: The order does not exist or is not visible to the actor.
        NotOrderCustomerError: The actor is not the order's client.
    """
    order = await orders.get_own_order(session, actor, order_id)
    without = frozenset({actor.id, *await RecommendingRepository(session).who_answered(order.id)})
    found = await profiles.recommend_people(session, resources, order.skills, order.title, without, SHOWN)
    return RecommendedFreelancers(items=found)
