"""Pages of recommendations: orders for a freelancer, freelancers for an order."""

from uuid import UUID

from fastapi import Request, Response

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession
from app.core.i18n import N_, _, current_locale
from app.features.authentication.dependencies import CurrentActor
from app.features.catalog import service as catalog
from app.features.matching import service
from app.features.orders import service as orders
from app.features.orders.schemas import OrderCard
from app.features.profiles import service as profiles
from app.features.profiles.schemas import Reason
from app.web import order_cards
from app.web.templating import render

router = FeatureRouter()
SKILLS_ON_CARD = 8
REASONS: dict[str, str] = {
    "skills": N_("your skills: {what}"),
    "all": N_("you have every skill asked for"),
    "field": N_("a field in which you answered orders"),
    "words": N_("words of your headline: {what}"),
    "few": N_("fewer than 5 proposals so far"),
    "fresh": N_("published lately"),
    "levels": N_("level of these skills: {what}"),
    "headline": N_("in the headline: {what}"),
    "names": N_("in the name or the skills: {what}"),
    "text": N_("in the text: {what}"),
    "available": N_("takes work"),
}
FOR_ORDER = REASONS | {"skills": N_("skills of the order: {what}"), "fresh": N_("profile changed lately")}


@router.get("/orders/for-you")
async def show_orders_for_you(
    request: Request, actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show the orders that match the reader best, each with the reasons."""
    found = await service.recommend_orders(session, resources, actor)
    catalogue = await catalog.read_catalogue(session, resources)
    facts = await profiles.get_customer_stats(session, [item.order.customer.id for item in found.items])
    shown = [
        (
            _card(item.order, catalogue, order_cards.customer_stats_label(facts.get(item.order.customer.id))),
            item.score,
            _why(item.why, catalogue, REASONS),
        )
        for item in found.items
    ]
    return render(request, "matching/recommended_orders.html", {"on": found.on, "shown": shown})


@router.get("/orders/{order_id}/people")
async def show_people_for_order(
    request: Request, order_id: UUID, actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show freelancers to invite to one of the reader's own orders, each with the reasons."""
    order = await orders.get_own_order(session, actor, order_id)
    found = await service.recommend_freelancers(session, resources, actor, order_id)
    catalogue = await catalog.read_catalogue(session, resources)
    shown = [(item, _why(item.why, catalogue, FOR_ORDER)) for item in found.items]
    return render(request, "matching/recommended_freelancers.html", {"order": order, "shown": shown})


def _card(order: OrderCard, catalogue: catalog.Catalogue, note: str | None) -> order_cards.OrderCard:
    skills = [skill.name(current_locale()) for skill in map(catalogue.skill, order.skills) if skill]
    return order_cards.OrderCard(
        title=order.title,
        href=f"/orders/{order.id}",
        money=order_cards.budget_label(order.budget_kind, order.budget, order.budget_max),
        text=order.description,
        when=order.published_at,
        skills=tuple([*skills, *order.tags][:SKILLS_ON_CARD]),
        answers=order.proposals_count,
        customer=order.customer.name,
        note=note,
    )


def _why(why: list[Reason], catalogue: catalog.Catalogue, words: dict[str, str]) -> list[tuple[str, int]]:
    locale = current_locale()

    def name(slug: str) -> str:
        skill = catalogue.skill(slug)
        return skill.name(locale) if skill else slug

    return [(_(words[line.rule]).format(what=", ".join(map(name, line.what))), line.points) for line in why]
