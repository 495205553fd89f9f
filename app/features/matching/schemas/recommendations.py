"""Response models of recommendations."""

from pydantic import BaseModel, Field

from app.features.orders.schemas import OrderCard
from app.features.profiles.schemas import FoundFreelancer, Reason


class RecommendedOrder(BaseModel):
    """A recommended order; the points in `why` add up to `score`."""

    order: OrderCard
    score: int
    why: list[Reason]


class RecommendedOrders(BaseModel):
    """Orders recommended to the reader, best first."""

    on: bool = Field(description="False if you turned recommendations off; the list is then empty.")
    items: list[RecommendedOrder]


class RecommendedFreelancers(BaseModel):
    """Freelancers recommended for an order, best first. People who turned recommendations off are not included."""

    items: list[FoundFreelancer]
