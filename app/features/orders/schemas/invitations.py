"""API schemas of invitations."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.i18n import N_
from app.core.text.text_cleaning import CLEAN_LINES
from app.features.orders.schemas.orders import Moment, PersonRead
from app.models import InvitationStatus, OrderStatus, RefusalReason

REFUSAL_LABELS: dict[RefusalReason, str] = {
    RefusalReason.BUSY: N_("I have no time"),
    RefusalReason.PRICE: N_("The budget does not fit"),
    RefusalReason.NOT_MINE: N_("It is not what I do"),
    RefusalReason.UNCLEAR: N_("The task is unclear"),
    RefusalReason.OTHER: N_("Another reason"),
}
Line = Annotated[str, Field(max_length=1000), CLEAN_LINES]


INVITATION_LABELS: dict[InvitationStatus, tuple[str, str]] = {
    InvitationStatus.SENT: (N_("Waiting for an answer"), "note"),
    InvitationStatus.ANSWERED: (N_("Has sent a proposal"), "good"),
    InvitationStatus.DECLINED: (N_("Declined"), ""),
    InvitationStatus.LAPSED: (N_("Lapsed with the order"), ""),
}


class InvitationCreate(BaseModel):
    """Request to invite a freelancer, with an optional note."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, Field(min_length=1, max_length=100, description="User name, with or without a leading @.")]
    note: Line = ""


class InvitationDecline(BaseModel):
    """Request to decline an invitation, with a reason."""

    model_config = ConfigDict(extra="forbid")

    reason: RefusalReason = RefusalReason.BUSY
    answer: Line = ""


class InvitedOrder(BaseModel):
    """A short form of the order that an invitation belongs to."""

    id: UUID
    title: str
    status: OrderStatus
    expires_at: datetime | None


class InvitationRead(BaseModel):
    """An invitation as seen by one of its two sides; `person` is the other side."""

    id: UUID
    order: InvitedOrder
    person: PersonRead
    state: InvitationStatus
    note: str
    reason: RefusalReason | None
    answer: str
    created_at: Moment
    decided_at: Moment | None
    actions: list[str]


class InvitationList(BaseModel):
    """The invitations to an order, newest first."""

    items: list[InvitationRead]
