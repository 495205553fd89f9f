"""The JSON face of what is known of customers."""

from typing import Annotated

from fastapi import Query

from app.core.http.dependencies import ReadSession, RoomRouter
from app.features.profiles import service
from app.features.profiles.schemas import CustomerFactsList, CustomerFactsQuery

router = RoomRouter(prefix="/customers", tags=["profiles"])


@router.get("/facts")
async def list_customer_facts(
    wanted: Annotated[CustomerFactsQuery, Query()], session: ReadSession
) -> CustomerFactsList:
    """Return what is known of customers by their deeds: the ids stand on each order as `customer.id`."""
    found = await service.customer_facts(session, wanted.id)
    return CustomerFactsList(items=list(found.values()))
