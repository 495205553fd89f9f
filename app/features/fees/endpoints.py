"""JSON endpoint of fees."""

from typing import Annotated

from fastapi import Query

from app.core.http.dependencies import FeatureRouter, ReadSession
from app.core.http.problem_details import refusals
from app.core.money import MAX_AMOUNT, Currency
from app.core.text.whole_numbers import WholeNumber
from app.features.fees import service
from app.features.fees.errors import UnknownFeeCategoryError
from app.features.fees.schemas import FeeList
from app.models import DealOrigin

router = FeatureRouter(tags=["fees"])


@router.get("/fees", responses=refusals(UnknownFeeCategoryError))
async def list_fees(
    session: ReadSession,
    amount: Annotated[
        WholeNumber | None,
        Query(ge=1, le=MAX_AMOUNT, description="Compute an example for this amount, in minor units."),
    ] = None,
    currency: Annotated[Currency, Query(description="The currency of the example.")] = Currency.RUB,
    origin: Annotated[DealOrigin, Query(description="How the contract of the example began.")] = DealOrigin.MARKETPLACE,
    category: Annotated[str | None, Query(max_length=100, description="The category of the example.")] = None,
) -> FeeList:
    """Return the fees that are taken now, and what they take of an amount.

    An empty list means that nothing is taken. The example is of a first contract, paid and released as a whole.
    """
    computed = await service.example(session, amount, currency, category, origin) if amount is not None else None
    return FeeList(items=await service.list_current(session), example=computed)
