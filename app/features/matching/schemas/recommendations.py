"""Recommendations on the wire: what fits, and the sum that says why."""

from pydantic import BaseModel, Field

from app.features.orders.schemas import OrderCard
from app.features.profiles.schemas import FoundFreelancer, Reason


class RecommendedOrder(BaseModel):
    """An order for a freelancer; the lines of `why` add up to `score`."""

    order: OrderCard
    score: int
    why: list[Reason]


class RecommendedOrders(BaseModel):
    """Orders for the asker, best first."""

    on: bool = Field(description="false where the asker has turned recommendations off; then there are none")
    items: list[RecommendedOrder]


class RecommendedFreelancers(BaseModel):
    """Freelancers for an order of the asker's own, best first; who turned recommendations off is not among them."""

    items: list[FoundFreelancer]
