"""Dependencies of the forms of profiles."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from app.core.http.dependencies import PostedForm
from app.features.authentication.dependencies import CurrentActor
from app.features.files.dependencies import look_up_before_storing
from app.features.profiles import service


async def require_portfolio_item(request: Request, item_id: UUID, actor: CurrentActor, form: PostedForm) -> None:
    """Look a portfolio item up for a form with files, in a read transaction that ends before they are stored.

    Raises:
        PortfolioItemNotFoundError: The actor has no such item.
    """
    await look_up_before_storing(request, form, lambda session: service.require_item(session, actor, item_id))


KnownPortfolioItem = Annotated[None, Depends(require_portfolio_item, scope="function")]
