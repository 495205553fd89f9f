"""JSON endpoints of customer statistics."""

from typing import Annotated

from fastapi import Query

from app.core.http.dependencies import FeatureRouter, ReadSession
from app.features.profiles import service
from app.features.profiles.schemas import CustomerStatsList, CustomerStatsQuery

router = FeatureRouter(prefix="/customers", tags=["profiles"])


@router.get("/facts")
async def list_customer_stats(
    wanted: Annotated[CustomerStatsQuery, Query()], session: ReadSession
) -> CustomerStatsList:
    """Return statistics of several customers. An order contains the id of its customer as `customer.id`."""
    found = await service.get_customer_stats(session, wanted.id)
    return CustomerStatsList(items=list(found.values()))
