"""JSON endpoints of recommendations."""

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
    """Return open orders recommended to you, best first, each with its score and the reasons.

    Orders match by your skills or by the categories of the orders you sent proposals to.
    """
    return await service.recommend_orders(session, resources, actor)


@router.get(
    "/orders/{order_id}/recommended-freelancers",
    responses=refusals(OrderNotFoundError, NotOrderCustomerError),
)
async def recommend_freelancers(
    order_id: UUID, actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> RecommendedFreelancers:
    """Return freelancers recommended for an order of yours, best first, each with its score and the reasons.

    Freelancers match by the order's skills and the words of its title. Responds 404 when the order does not exist or is
    not visible to you.
    """
    return await service.recommend_freelancers(session, resources, actor, order_id)
