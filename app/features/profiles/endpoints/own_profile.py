"""JSON endpoints of profiles, photos, portfolios, favourites and hidden customers."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import refusals
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, BadCursorError, Page
from app.core.security.rate_limits import TooManyTriesError
from app.core.text.whole_numbers import WholeNumber
from app.features.authentication.dependencies import CurrentActor, OptionalActor
from app.features.files.errors import InvalidFilesError
from app.features.files.schemas import Crop
from app.features.profiles import service
from app.features.profiles.errors import (
    InvalidProfileError,
    ListFullError,
    NoPhotoError,
    PersonNotFoundError,
    PortfolioFullError,
    PortfolioItemNotFoundError,
    ProfileChangedError,
    ProfileRemovedError,
    ProfileTakedownStateError,
    SelfReferenceError,
)
from app.features.profiles.schemas import (
    OwnProfileRead,
    PersonCard,
    PhotoPut,
    PhotoRead,
    PortfolioFields,
    PortfolioList,
    PortfolioMove,
    PortfolioRead,
    ProfilePatch,
    ProfileRead,
)

router = FeatureRouter(tags=["profiles"])

KEEPER = (PersonNotFoundError, TooManyTriesError)
Username = Annotated[str, Path(min_length=1, max_length=64)]
Cursor = Annotated[str | None, Query(max_length=300, description="`next_cursor` of the previous page.")]
Limit = Annotated[WholeNumber, Query(ge=1, le=MAX_LIMIT)]


@router.get("/profiles/me")
async def get_own_profile(actor: CurrentActor, session: ReadSession, resources: ProcessResources) -> OwnProfileRead:
    """Return your own profile, including the fields that only you can see."""
    return await service.get_own_profile(session, resources, actor)


@router.patch("/profiles/me", responses=refusals(InvalidProfileError, ProfileChangedError, ProfileTakedownStateError))
async def edit_profile(command: ProfilePatch, actor: CurrentActor, uow: Uow) -> OwnProfileRead:
    """Change your profile. Fields that are left out keep their values. Responds 409 when `version` is outdated."""
    await service.edit_profile(uow, actor, command)
    return await service.get_own_profile(uow.session, uow.resources, actor)


@router.get("/profiles/me/photo")
async def get_photo(actor: CurrentActor, session: ReadSession) -> PhotoRead:
    """Return your photo."""
    return await service.get_photo(session, actor)


@router.put("/profiles/me/photo", responses=refusals(InvalidFilesError))
async def put_photo(command: PhotoPut, actor: CurrentActor, uow: Uow) -> PhotoRead:
    """Set your photo to an uploaded picture. Replaces the previous one."""
    await service.put_photo(uow, actor, command.file, command.crop)
    return await service.get_photo(uow.session, actor)


@router.patch("/profiles/me/photo", responses=refusals(NoPhotoError))
async def crop_photo(crop: Crop, actor: CurrentActor, uow: Uow) -> PhotoRead:
    """Change the crop of your photo. The old crop is shown until the new one is ready."""
    await service.crop_photo(uow, actor, crop)
    return await service.get_photo(uow.session, actor)


@router.delete("/profiles/me/photo", status_code=HTTPStatus.NO_CONTENT)
async def remove_photo(actor: CurrentActor, uow: Uow) -> Response:
    """Remove your photo. Your initials are shown instead."""
    await service.remove_photo(uow, actor)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/profiles/me/portfolio")
async def list_portfolio(actor: CurrentActor, session: ReadSession) -> PortfolioList:
    """List your portfolio items in the order they are shown."""
    return PortfolioList(items=await service.list_portfolio(session, actor))


@router.post(
    "/profiles/me/portfolio",
    status_code=HTTPStatus.CREATED,
    responses=refusals(InvalidProfileError, InvalidFilesError, PortfolioFullError),
)
async def add_portfolio_item(command: PortfolioFields, actor: CurrentActor, uow: Uow) -> PortfolioRead:
    """Add a portfolio item at the end. Responds 409 when the portfolio is full."""
    item = await service.add_item(uow, actor, command)
    return (await service.shown_items(uow.session, [item], actor))[0]


@router.put(
    "/profiles/me/portfolio/{item_id:uuid}",
    responses=refusals(InvalidProfileError, InvalidFilesError, PortfolioItemNotFoundError),
)
async def edit_portfolio_item(item_id: UUID, command: PortfolioFields, actor: CurrentActor, uow: Uow) -> PortfolioRead:
    """Replace the fields of a portfolio item. Its files stay when `files` is null."""
    item = await service.edit_item(uow, actor, item_id, command)
    return (await service.shown_items(uow.session, [item], actor))[0]


@router.post("/profiles/me/portfolio/{item_id:uuid}/move", responses=refusals(PortfolioItemNotFoundError))
async def move_portfolio_item(item_id: UUID, command: PortfolioMove, actor: CurrentActor, uow: Uow) -> PortfolioList:
    """Move a portfolio item to another position. Returns all items in their new order."""
    items = await service.move_item(uow, actor, item_id, command.position)
    return PortfolioList(items=await service.shown_items(uow.session, items, actor))


@router.delete(
    "/profiles/me/portfolio/{item_id:uuid}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=refusals(PortfolioItemNotFoundError),
)
async def remove_portfolio_item(item_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Delete a portfolio item and its files."""
    await service.remove_item(uow, actor, item_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/profiles/{username}", responses=refusals(PersonNotFoundError, ProfileRemovedError))
async def get_profile(
    username: Username, actor: OptionalActor, session: ReadSession, resources: ProcessResources
) -> ProfileRead:
    """Return a public profile. No session is needed. Responds 404 for closed and banned accounts."""
    return await service.get_profile(session, resources, actor, username)


@router.get("/favourites", responses=refusals(BadCursorError))
async def list_favourites(
    actor: CurrentActor, session: ReadSession, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[PersonCard]:
    """List your favourite freelancers, newest first."""
    page = await service.list_favourites(session, actor, cursor, limit)
    return Page(items=page.items, next_cursor=page.next_cursor)


@router.put("/favourites/{username}", responses=refusals(*KEEPER, SelfReferenceError, ListFullError))
async def add_favourite(username: Username, actor: CurrentActor, uow: Uow) -> PersonCard:
    """Add a freelancer to your favourites. Idempotent; the freelancer is not notified."""
    return await service.read_card(uow.session, await service.add_favourite(uow, actor, username))


@router.delete("/favourites/{username}", responses=refusals(*KEEPER))
async def remove_favourite(username: Username, actor: CurrentActor, uow: Uow) -> PersonCard:
    """Remove a freelancer from your favourites."""
    return await service.read_card(uow.session, await service.remove_favourite(uow, actor, username))


@router.get("/hidden-customers", responses=refusals(BadCursorError))
async def list_hidden(
    actor: CurrentActor, session: ReadSession, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[PersonCard]:
    """List the customers whose orders you hide, newest first."""
    page = await service.list_hidden(session, actor, cursor, limit)
    return Page(items=page.items, next_cursor=page.next_cursor)


@router.put(
    "/hidden-customers/{username}", responses=refusals(*KEEPER, SelfReferenceError, ListFullError, TooManyTriesError)
)
async def hide_customer(username: Username, actor: CurrentActor, uow: Uow) -> PersonCard:
    """Hide a customer's orders from your lists. Idempotent; the customer is not notified."""
    return await service.read_card(uow.session, await service.hide_customer(uow, actor, username))


@router.delete("/hidden-customers/{username}", responses=refusals(*KEEPER))
async def unhide_customer(username: Username, actor: CurrentActor, uow: Uow) -> PersonCard:
    """Show a hidden customer's orders again."""
    return await service.read_card(uow.session, await service.unhide_customer(uow, actor, username))
