"""JSON endpoints of direct deals."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import refusals
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, BadCursorError, Page
from app.core.security.rate_limits import TooManyTriesError
from app.core.text.whole_numbers import WholeNumber
from app.features.authentication.dependencies import CurrentActor, OptionalActor
from app.features.hiring import service
from app.features.hiring.errors import (
    DirectDealChangedError,
    DirectDealNotFoundError,
    DirectDealPersonGoneError,
    DirectDealStateError,
    InvalidDirectDealError,
    TooManyDirectDealsError,
    TooManyMailedInvitationsError,
    WrongTurnError,
)
from app.features.hiring.schemas import (
    MAX_KEY,
    DirectDealAccept,
    DirectDealCounter,
    DirectDealCreate,
    DirectDealDecline,
    DirectDealRead,
    DirectDealState,
    DirectDealSummary,
)
from app.features.identity.errors import ContactNotConfirmedError, NewAccountLimitError
from app.features.profiles.errors import PersonNotFoundError

router = FeatureRouter(tags=["direct-deals"])
ONE = "/direct-deals/{deal_id:uuid}"
ANSWER = (DirectDealNotFoundError, DirectDealStateError, WrongTurnError)
INVITING = (
    ContactNotConfirmedError,
    InvalidDirectDealError,
    PersonNotFoundError,
    TooManyTriesError,
    TooManyDirectDealsError,
    NewAccountLimitError,
    TooManyMailedInvitationsError,
)


@router.post("/direct-deals", status_code=status.HTTP_201_CREATED, responses=refusals(*INVITING))
async def invite(actor: CurrentActor, uow: Uow, command: DirectDealCreate) -> DirectDealRead:
    """Propose terms to one person and return them, with the link to send where nobody was named.

    Name the person by `username`, or give an `email` that we send the link to, or neither: then send the link yourself.
    Nothing is listed publicly. When the other person accepts, a contract begins.
    """
    deal = await service.invite(uow, actor, command)
    return await service.get_direct_deal(uow.session, uow.resources.settings, actor, deal.id)


@router.get("/direct-deals", responses=refusals(BadCursorError))
async def list_direct_deals(
    actor: CurrentActor,
    session: ReadSession,
    limit: Annotated[WholeNumber, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Page[DirectDealSummary]:
    """Return the direct deals that you made or received, newest first."""
    found = await service.list_direct_deals(session, actor, cursor, limit)
    return Page(items=found.items, next_cursor=found.next_cursor)


@router.get(ONE, responses=refusals(DirectDealNotFoundError))
async def get_direct_deal(
    deal_id: UUID,
    actor: OptionalActor,
    session: ReadSession,
    resources: ProcessResources,
    key: Annotated[str | None, Query(max_length=MAX_KEY, description="The key of the link.")] = None,
) -> DirectDealRead:
    """Return a direct deal to one of its people, or to whoever has its link; signing in is not needed for that."""
    return await service.get_direct_deal(session, resources.settings, actor, deal_id, key)


@router.post(f"{ONE}/accept", responses=refusals(*ANSWER, DirectDealChangedError, DirectDealPersonGoneError))
async def accept(deal_id: UUID, actor: CurrentActor, uow: Uow, command: DirectDealAccept) -> DirectDealState:
    """Accept the terms: the contract begins. A link works for the first account that answers."""
    return service.read_direct_deal(await service.accept(uow, actor, deal_id, command))


@router.post(f"{ONE}/decline", responses=refusals(*ANSWER))
async def decline(deal_id: UUID, actor: CurrentActor, uow: Uow, command: DirectDealDecline) -> DirectDealState:
    """Decline the terms, which ends the invitation."""
    return service.read_direct_deal(await service.decline(uow, actor, deal_id, command))


@router.post(
    f"{ONE}/counter",
    responses=refusals(*ANSWER, DirectDealChangedError, InvalidDirectDealError, TooManyTriesError),
)
async def counter(deal_id: UUID, actor: CurrentActor, uow: Uow, command: DirectDealCounter) -> DirectDealState:
    """Answer with other terms, which then wait for the other person."""
    return service.read_direct_deal(await service.counter(uow, actor, deal_id, command))


@router.post(f"{ONE}/withdraw", responses=refusals(*ANSWER))
async def withdraw(deal_id: UUID, actor: CurrentActor, uow: Uow) -> DirectDealState:
    """Withdraw your terms, which ends the invitation and its link."""
    return service.read_direct_deal(await service.withdraw(uow, actor, deal_id))


@router.post(f"{ONE}/link", responses=refusals(DirectDealNotFoundError, DirectDealStateError))
async def renew_link(deal_id: UUID, actor: CurrentActor, uow: Uow) -> DirectDealRead:
    """Replace the link: the earlier one opens nothing from then on."""
    deal = await service.renew_link(uow, actor, deal_id)
    return await service.get_direct_deal(uow.session, uow.resources.settings, actor, deal.id)
