"""The JSON face of recommendations."""

from uuid import UUID

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession
from app.core.http.problem_details import refusals
from app.features.authentication.dependencies import CurrentActor
from app.features.matching import service
from app.features.matching.schemas import RecommendedFreelancers, RecommendedOrders
from app.features.orders.errors import NotOrderCustomerError, OrderNotFoundError

router = FeatureRouter(tags=["recommendations"])


@router.get("/recommendations/orders")
async def recommend_orders(actor: CurrentActor, session: ReadSession, resources: ProcessResources) -> RecommendedOrders:
    """Recommend open orders to you: by your skills and the fields of what you answered. Each says why."""
    return await service.recommend_orders(session, resources, actor)


@router.get(
    "/orders/{order_id}/recommended-freelancers",
    responses=refusals(OrderNotFoundError, NotOrderCustomerError),
)
async def recommend_freelancers(
    order_id: UUID, actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> RecommendedFreelancers:
    """Recommend freelancers for an order of yours: by its skills and the words of its title. Each says why."""
    return await service.recommend_freelancers(session, resources, actor, order_id)
