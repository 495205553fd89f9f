"""Dependencies of the forms of profiles."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from app.core.http.dependencies import PostedForm, connection_resources
from app.features.authentication.dependencies import CurrentActor
from app.features.files.dependencies import has_new_files
from app.features.profiles import service


async def require_portfolio_item(request: Request, item_id: UUID, actor: CurrentActor, form: PostedForm) -> None:
    """Look a portfolio item up for a form with files, in a read transaction that ends before they are stored.

    Raises:
        PortfolioItemNotFoundError: The actor has no such item.
    """
    if has_new_files(form):
        async with connection_resources(request).read_sessions() as session:
            await service.require_item(session, actor, item_id)


KnownPortfolioItem = Annotated[None, Depends(require_portfolio_item, scope="function")]
