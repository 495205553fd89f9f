"""JSON endpoints of invitations."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.core.http.dependencies import FeatureRouter, ReadSession, Uow
from app.core.http.problem_details import refusals
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, BadCursorError, Page
from app.core.text.whole_numbers import WholeNumber
from app.features.authentication.dependencies import CurrentActor
from app.features.identity.errors import ContactNotConfirmedError
from app.features.orders import service
from app.features.orders.endpoints.orders import CUSTOMER
from app.features.orders.errors import (
    AlreadyInvitedError,
    InvalidInvitationError,
    InvitationDecidedError,
    InvitationNotFoundError,
    NotOrderCustomerError,
    OrderNotFoundError,
    OrderNotOpenError,
    TooManyInvitationsError,
)
from app.features.orders.schemas import InvitationCreate, InvitationDecline, InvitationList, InvitationRead
from app.features.profiles.errors import PersonNotFoundError

router = FeatureRouter(tags=["orders"])
INVITING = (
    *CUSTOMER,
    ContactNotConfirmedError,
    OrderNotOpenError,
    PersonNotFoundError,
    InvalidInvitationError,
    AlreadyInvitedError,
    TooManyInvitationsError,
)


@router.post("/orders/{order_id:uuid}/invitations", status_code=HTTPStatus.CREATED, responses=refusals(*INVITING))
async def invite(order_id: UUID, command: InvitationCreate, actor: CurrentActor, uow: Uow) -> InvitationRead:
    """Invite a freelancer to your open order. Responds 409 if the freelancer is already invited."""
    return await service.read_invitation(uow.session, actor, await service.invite(uow, actor, order_id, command))


@router.get("/orders/{order_id:uuid}/invitations", responses=refusals(OrderNotFoundError, NotOrderCustomerError))
async def list_invitations(order_id: UUID, actor: CurrentActor, session: ReadSession) -> InvitationList:
    """List the invitations to your order with their state, newest first."""
    return InvitationList(items=await service.list_invitations(session, actor, order_id))


@router.get("/invitations/mine", responses=refusals(BadCursorError))
async def list_own_invitations(
    actor: CurrentActor,
    session: ReadSession,
    cursor: Annotated[str | None, Query(max_length=300, description="`next_cursor` of the previous page.")] = None,
    limit: Annotated[WholeNumber, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> Page[InvitationRead]:
    """List the invitations you have received, newest first."""
    page = await service.list_own_invitations(session, actor, cursor, limit)
    return Page(items=page.items, next_cursor=page.next_cursor)


@router.post(
    "/invitations/{invitation_id:uuid}/decline",
    responses=refusals(InvitationNotFoundError, InvitationDecidedError),
)
async def decline_invitation(
    invitation_id: UUID, actor: CurrentActor, uow: Uow, command: InvitationDecline | None = None
) -> InvitationRead:
    """Decline an invitation. To accept it, send a proposal."""
    declined = await service.decline_invitation(uow, actor, invitation_id, command or InvitationDecline())
    return await service.read_invitation(uow.session, actor, declined)
