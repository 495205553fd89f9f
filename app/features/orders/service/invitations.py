"""Use cases of invitations: a customer invites a freelancer to an order.

An invitation expires with its order; its state is derived from both and not stored. A freelancer who has hidden the
customer does not receive the invitation. The customer does not learn that: the invitation looks sent until it expires.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.account_names import public_name
from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.errors import FieldError
from app.core.i18n import N_, _
from app.core.pagination import Slice, encode_cursor, last_id
from app.core.unit_of_work import UnitOfWork
from app.features.identity import service as identity
from app.features.orders import policy
from app.features.orders.errors import (
    AlreadyInvitedError,
    InvalidInvitationError,
    InvitationDecidedError,
    InvitationNotFoundError,
    OrderNotOpenError,
    TooManyInvitationsError,
)
from app.features.orders.events import InvitationDeclined, InvitationSent
from app.features.orders.repository import InvitationRepository, InvitedBefore, OrderRepository
from app.features.orders.schemas import (
    InvitationCreate,
    InvitationDecline,
    InvitationRead,
    InvitedOrder,
    PersonRead,
)
from app.features.orders.service.customer_commands import own_order_for_update
from app.features.orders.service.queries import HIDDEN_TITLE, get_own_order, people
from app.features.profiles import service as profiles
from app.models import Invitation, InvitationStatus, Order, OrderStatus

A_DAY = timedelta(days=1)
ALIVE = frozenset({OrderStatus.OPEN, OrderStatus.PAUSED})
"""States of an order in which its invitations are valid."""


@dataclass(frozen=True, slots=True)
class OrderInvitation:
    """An invitation with its order."""

    invitation: Invitation
    order: Order


async def invite(uow: UnitOfWork, actor: Actor, order_id: UUID, command: InvitationCreate) -> OrderInvitation:
    """Invite a freelancer to an open order, once; emits `InvitationSent`.

    The invited freelancer may read the order, whatever its visibility.
    """
    order = await own_order_for_update(uow, actor, order_id)
    identity.require_confirmed(actor)
    if order.status is not OrderStatus.OPEN:
        raise OrderNotOpenError
    person = await profiles.find_person(uow.session, command.username.strip().removeprefix("@"))
    if person.id == actor.id:
        text = N_("This is you. Invite somebody else.")
        raise InvalidInvitationError(errors=[FieldError(("body", "username"), text)])
    repository = InvitationRepository(uow.session)
    await OrderRepository(uow.session).acquire_advisory_lock(actor.id)
    before = await repository.sent_before(order, person.id, utc_now() - A_DAY)
    if before.is_invited:
        raise AlreadyInvitedError
    _check_pace(uow, before)
    muted = before.is_hidden
    invitation = Invitation(
        order_id=order.id, customer_id=actor.id, freelancer_id=person.id, note=command.note, muted=muted
    )
    invitation.created_at = utc_now()
    repository.add(invitation)
    if not muted:
        await OrderRepository(uow.session).admit(order.id, person.id)
        uow.emit(InvitationSent(**_parties(invitation)))
    await uow.session.flush()
    identity.remember_names(uow.session, [(person.id, public_name(person.display_name, person.username))])
    return OrderInvitation(invitation, order)


async def decline_invitation(
    uow: UnitOfWork, actor: Actor, invitation_id: UUID, command: InvitationDecline
) -> OrderInvitation:
    """Decline an invitation with a reason; emits `InvitationDeclined`."""
    invitation = await InvitationRepository(uow.session).get_for_update(invitation_id)
    if invitation is None or invitation.freelancer_id != actor.id or invitation.muted:
        raise InvitationNotFoundError
    order = (await OrderRepository(uow.session).get_many([invitation.order_id]))[invitation.order_id]
    if _state(invitation, order) is not InvitationStatus.SENT:
        raise InvitationDecidedError
    invitation.status = InvitationStatus.DECLINED
    invitation.reason, invitation.answer = command.reason, command.answer
    invitation.decided_at = utc_now()
    uow.emit(InvitationDeclined(**_parties(invitation)))
    return OrderInvitation(invitation, order)


async def read_invitation(session: AsyncSession, actor: Actor, found: OrderInvitation) -> InvitationRead:
    """Return an invitation as its customer or its freelancer sees it."""
    return (await _present(session, actor, [found.invitation], {found.order.id: found.order}))[0]


async def list_invitations(session: AsyncSession, actor: Actor, order_id: UUID) -> list[InvitationRead]:
    """Return the invitations to one of the actor's own orders, newest first."""
    order = await get_own_order(session, actor, order_id)
    rows = await InvitationRepository(session).of_order(order.id)
    return await _present(session, actor, rows, {order.id: order})


async def list_own_invitations(
    session: AsyncSession, actor: Actor, cursor: str | None, limit: int
) -> Slice[InvitationRead]:
    """Return the invitations that the actor has received, newest first."""
    rows = await InvitationRepository(session).of_freelancer(actor.id, last_id(cursor), limit + 1)
    shown = rows[:limit]
    orders = await OrderRepository(session).get_many(row.order_id for row in shown)
    items = await _present(session, actor, shown, orders)
    return Slice(items, encode_cursor(items[-1].id) if len(rows) > limit else None)


def _check_pace(uow: UnitOfWork, before: InvitedBefore) -> None:
    settings = uow.resources.settings
    if before.to_order >= settings.invitations_per_order:
        raise TooManyInvitationsError(params={"limit": settings.invitations_per_order}, retry_after=None)
    if before.by_customer >= settings.invitations_per_day:
        params = {"limit": settings.invitations_per_day}
        raise TooManyInvitationsError(TooManyInvitationsError.today, params=params, retry_after=3600)


def _state(invitation: Invitation, order: Order) -> InvitationStatus:
    if invitation.status is InvitationStatus.SENT and (order.status not in ALIVE or policy.is_held(order)):
        return InvitationStatus.LAPSED
    return invitation.status


async def _present(
    session: AsyncSession, actor: Actor, rows: Sequence[Invitation], orders: Mapping[UUID, Order]
) -> list[InvitationRead]:
    others = {row.id: row.freelancer_id if row.customer_id == actor.id else row.customer_id for row in rows}
    known = await people(session, others.values())
    return [_read(actor, row, orders[row.order_id], known[others[row.id]]) for row in rows]


def _read(actor: Actor, row: Invitation, order: Order, person: PersonRead) -> InvitationRead:
    state = _state(row, order)
    is_hidden = row.customer_id != actor.id and policy.is_withheld(order)
    title = _(HIDDEN_TITLE) if is_hidden else order.title
    return InvitationRead(
        id=row.id,
        order=InvitedOrder(id=order.id, title=title, status=order.status, expires_at=order.expires_at),
        person=person,
        state=state,
        note="" if is_hidden else row.note,
        reason=row.reason,
        answer=row.answer,
        created_at=row.created_at,
        decided_at=row.decided_at,
        actions=["propose", "decline"] if state is InvitationStatus.SENT and row.freelancer_id == actor.id else [],
    )


def _parties(invitation: Invitation) -> dict[str, str]:
    return {
        "order_id": str(invitation.order_id),
        "customer_id": str(invitation.customer_id),
        "freelancer_id": str(invitation.freelancer_id),
    }
