"""Pages of invitations, for customers and freelancers."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from app.core.errors import DomainError, FieldError, InvalidError
from app.core.http.dependencies import FeatureRouter, PostedForm, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.http.submissions import Once
from app.core.i18n import _
from app.features.authentication.dependencies import CurrentActor
from app.features.identity.errors import ContactNotConfirmedError
from app.features.orders import service
from app.features.orders.errors import (
    AlreadyInvitedError,
    InvalidInvitationError,
    OrderNotOpenError,
    TooManyInvitationsError,
)
from app.features.orders.schemas import (
    INVITATION_LABELS,
    REFUSAL_LABELS,
    TIMEOUT_TEXTS,
    InvitationCreate,
    InvitationDecline,
    InvitationRead,
)
from app.features.profiles.errors import PersonNotFoundError
from app.models import RefusalReason
from app.web.flash import redirect
from app.web.formatting import exact
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()
PAGE_SIZE = 20
_OF_THE_FORM = (InvalidError, ContactNotConfirmedError)
_REFUSED = (*_OF_THE_FORM, PersonNotFoundError, AlreadyInvitedError, TooManyInvitationsError)
"""Errors that are shown beside the form."""


@router.get("/orders/{order_id}/invitations")
async def list_invitations(
    request: Request,
    order_id: UUID,
    actor: CurrentActor,
    session: ReadSession,
    person: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Show the invitations to an order and the form for a new one; `person` prefills it."""
    order = await service.get_own_order(session, actor, order_id)
    items = await service.list_invitations(session, actor, order_id)
    start = FormState.start(username=person or None)
    return render(request, "orders/invitations.html", _invited(order, items, start))


@router.post("/orders/{order_id}/invitations")
async def invite(
    request: Request, order_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow, once: Once
) -> Response:
    """Send an invitation, or show the error beside the user name field."""

    async def send() -> None:
        given = {"username": str(form.get("username") or "").strip(), "note": str(form.get("note") or "")}
        await service.invite(uow, actor, order_id, _read(InvitationCreate, given))

    error = await uow.attempt(send(), *_REFUSED, OrderNotOpenError)
    if isinstance(error, OrderNotOpenError):
        return redirect(f"/orders/{order_id}", _(OrderNotOpenError.title), "warn")
    if error is not None:
        marked = error if isinstance(error, _OF_THE_FORM) else _at_the_name(error)
        order = await service.get_own_order(uow.session, actor, order_id)
        items = await service.list_invitations(uow.session, actor, order_id)
        state = FormState.posted(form, marked)
        return render(request, "orders/invitations.html", _invited(order, items, state), status_code=422)
    return once.led_to(redirect(f"/orders/{order_id}/invitations", _("The invitation is sent.")))


@router.get("/my/invitations")
async def list_own_invitations(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """Show the invitations a freelancer has received."""
    page = await service.list_own_invitations(session, actor, cursor, PAGE_SIZE)
    context = {
        "invitations": [_labelled(item) for item in page.items],
        "older": f"/my/invitations?{urlencode({'cursor': page.next_cursor})}" if page.next_cursor else None,
        "newer": "/my/invitations" if cursor else None,
        "reasons": [(reason.value, _(words)) for reason, words in REFUSAL_LABELS.items()],
        "f": FormState.start(reason=RefusalReason.BUSY.value),
    }
    return render(request, "orders/my_invitations.html", context)


@router.post("/invitations/{invitation_id}/decline")
async def decline_invitation(invitation_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow) -> Response:
    """Decline an invitation."""
    given = {"reason": form.get("reason") or RefusalReason.BUSY, "answer": str(form.get("answer") or "")}
    await service.decline_invitation(uow, actor, invitation_id, _read(InvitationDecline, given))
    return redirect("/my/invitations", _("You have declined. The customer is told."))


def _read[T: (InvitationCreate, InvitationDecline)](kind: type[T], given: dict[str, Any]) -> T:
    try:
        return kind.model_validate(given)
    except ValidationError as wrong:
        raise InvalidInvitationError(errors=field_errors([dict(error) for error in wrong.errors()])) from wrong


def _at_the_name(error: DomainError) -> InvalidError:
    """Convert a domain error into one with a field error, so that it is shown beside the field."""
    return InvalidInvitationError(errors=[FieldError(("username",), error.message, error.params)])


def _invited(order: Any, items: list[InvitationRead], state: FormState) -> dict[str, Any]:  # noqa: ANN401 - a row
    return {
        "order": order,
        "invitations": [_labelled(item) for item in items],
        "may_invite": order.status == "open",
        "f": state,
    }


def _labelled(item: InvitationRead) -> dict[str, Any]:
    label, tone = INVITATION_LABELS[item.state]
    ends = TIMEOUT_TEXTS.get(item.order.status) if item.state == "sent" else None
    return {
        "it": item,
        "badge": (_(label), tone),
        "reason": _(REFUSAL_LABELS[item.reason]) if item.reason else None,
        "ends": _(ends).format(date=exact(item.order.expires_at)) if ends and item.order.expires_at else None,
    }
