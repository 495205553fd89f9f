"""Use cases of an order's customer: create, edit, publish, renew, pause, resume, close."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.unit_of_work import UnitOfWork
from app.features.files import service as files
from app.features.files.schemas import Subject
from app.features.identity import service as identity
from app.features.orders import policy, rules
from app.features.orders.errors import (
    NotOrderCustomerError,
    OrderChangedError,
    OrderHeldError,
    OrderNotFoundError,
    OrderStateError,
    TooManyOrdersError,
)
from app.features.orders.events import OrderClosed, OrderEdited, OrderPublished, OrderSubmitted
from app.features.orders.repository import OrderRepository
from app.features.orders.rules import ORDER_MACHINE, OrderEvent
from app.features.orders.schemas import OrderClose, OrderCreate, OrderPatch
from app.features.orders.service.order_fields import (
    apply_fields,
    content_of,
    new_share_key,
    raise_if_errors,
    today_for,
)
from app.models import CloseReason, Order, OrderRevision, OrderStatus, Visibility
from app.models.file import SubjectKind


async def create_order(
    uow: UnitOfWork, actor: Actor, command: OrderCreate, *, external_key: str | None = None, publish: bool = False
) -> Order:
    """Create a draft, which only its customer can see, or publish it at once as `publish_order` does.

    An account may create a limited number of orders per hour. Imports by the operator, which are the ones with an
    `external_key`, are not counted.

    Raises:
        TooManyTriesError: The actor has created too many orders within an hour.
    """
    if external_key is None:
        await uow.resources.limiter.hit(rules.DRAFTS_BY_ACCOUNT, str(actor.id))
    order = Order(
        id=new_id(), customer_id=actor.id, status=OrderStatus.DRAFT, title=command.title, external_key=external_key
    )
    order.description = command.description
    await apply_fields(uow, order, command.model_dump(exclude={"title", "description", "files"}), command)
    if publish:
        await publish_locked(uow, actor, order)
    OrderRepository(uow.session).add(order)
    await uow.session.flush()
    if command.files:
        await files.attach(uow, actor, Subject(SubjectKind.ORDER, order.id), command.files)
    return order


async def edit_order(uow: UnitOfWork, actor: Actor, order_id: UUID, command: OrderPatch) -> Order:
    """Change an order. For a published one a revision is stored and `OrderEdited` is emitted.

    Where orders are moderated, approval is of a version: a changed order waits for moderation again, hidden from
    others, and `OrderSubmitted` is emitted instead; an expired one becomes a draft.

    Raises:
        TooManyTriesError: The actor has edited orders too often within ten minutes.
    """
    # Redis is asked before a row is locked: while it does not answer, nobody waits for this transaction.
    await uow.resources.limiter.hit(rules.EDITS_BY_ACCOUNT, str(actor.id))
    order = await own_order_for_update(uow, actor, order_id)
    target = next_status(order, OrderEvent.EDIT)
    if command.version is not None and command.version != order.version:
        raise OrderChangedError
    before = content_of(order)
    await _apply_command(uow, order, command)
    with uow.session.no_autoflush:  # one UPDATE of the order, with its new version
        others = await _attach(uow, actor, order, command)
    if order.status in rules.STRICTLY_VALIDATED:
        raise_if_errors(rules.validate_published(order))
    if content_of(order) == before and not others:
        return order
    _start_version(uow, order, before)
    with uow.session.no_autoflush:  # one UPDATE of the order, with its new status
        again = await _resubmitted_status(uow, order)
    if again is not None:
        _resubmit(uow, order, again)
        return order
    if target in (OrderStatus.OPEN, OrderStatus.MODERATION):
        set_status(uow, order, target)
    if target in (OrderStatus.OPEN, OrderStatus.PAUSED):
        uow.emit(OrderEdited(order_id=str(order.id), customer_id=str(order.customer_id), version=order.version))
    return order


def _start_version(uow: UnitOfWork, order: Order, before: dict[str, Any]) -> None:
    """Count a new version; what others could read before is kept as a revision."""
    if order.published_at is not None and order.status not in policy.UNAPPROVED:
        revision = OrderRevision(order_id=order.id, version=order.version, content=before)
        OrderRepository(uow.session).add_revision(revision)
    order.version += 1
    order.updated_at = utc_now()


async def _resubmitted_status(uow: UnitOfWork, order: Order) -> OrderStatus | None:
    """Return the status of a changed order that others could read, where orders are moderated; otherwise None."""
    target = ORDER_MACHINE.target(order.status, OrderEvent.RESUBMIT)
    settings = uow.resources.settings
    if target is None or settings.moderate_orders == "off":
        return None
    if settings.moderate_orders == "all":
        return target
    trust = await identity.account_trust(uow.session, settings, order.customer_id)
    return target if trust.is_new(utc_now()) else None


def _resubmit(uow: UnitOfWork, order: Order, target: OrderStatus) -> None:
    """Hide a changed order until its new version is approved."""
    set_status(uow, order, target)
    order.needs_review = False
    if target is OrderStatus.MODERATION:
        uow.emit(OrderSubmitted(order_id=str(order.id), customer_id=str(order.customer_id)))
    else:
        order.published_at = order.closed_at = order.close_reason = None


async def _attach(uow: UnitOfWork, actor: Actor, order: Order, command: OrderPatch) -> bool:
    """Attach the named files to the order; return whether the files changed."""
    if command.files is None:
        return False
    subject = Subject(SubjectKind.ORDER, order.id)
    held = (await files.attached(uow.session, [subject]))[subject]
    if [file.id for file in held] == command.files:
        return False
    await files.attach(uow, actor, subject, command.files)
    return True


async def _apply_command(uow: UnitOfWork, order: Order, command: OrderPatch) -> None:
    given = {name: getattr(command, name) for name in command.model_fields_set - {"version", "files"}}
    for name in ("title", "description"):
        if given.get(name) is not None:
            setattr(order, name, given[name])
    await apply_fields(uow, order, given, command)


async def publish_order(uow: UnitOfWork, actor: Actor, order_id: UUID, *, counted: bool = True) -> Order:
    """Publish a draft or an expired order; emits `OrderPublished`.

    Where new orders are moderated, the order waits for moderation and `OrderSubmitted` is emitted instead. An account
    may publish a limited number of orders per day. Imports by the operator (`counted=False`) are neither counted nor
    moderated.
    """
    return await publish_locked(uow, actor, await own_order_for_update(uow, actor, order_id), counted=counted)


async def publish_locked(uow: UnitOfWork, actor: Actor, order: Order, *, counted: bool = True) -> Order:
    """Publish one of the actor's own orders that is new or locked, as `publish_order` does."""
    next_status(order, OrderEvent.PUBLISH)
    raise_if_errors(rules.validate_for_publishing(order, await today_for(uow, order.customer_id, order.deadline)))
    is_checked_first = False
    if counted:
        with uow.session.no_autoflush:  # one UPDATE of the order, with all that changed
            is_new = await _check_pace(uow, actor)
        mode = uow.resources.settings.moderate_orders
        is_checked_first = is_new if mode == "new_accounts" else mode == "all"
    order.rejection = None
    if is_checked_first:
        set_status(uow, order, next_status(order, OrderEvent.SUBMIT))
        order.published_at = order.closed_at = order.close_reason = None
        order.updated_at = utc_now()
        uow.emit(OrderSubmitted(order_id=str(order.id), customer_id=str(order.customer_id)))
    else:
        open_order(uow, order, next_status(order, OrderEvent.PUBLISH))
    return order


async def renew_order(uow: UnitOfWork, actor: Actor, order_id: UUID) -> Order:
    """Renew an order for another full term."""
    order = await own_order_for_update(uow, actor, order_id)
    set_status(uow, order, next_status(order, OrderEvent.RENEW))
    return order


async def renew_share_key(uow: UnitOfWork, actor: Actor, order_id: UUID) -> Order:
    """Replace the key of an order that is visible by link: the earlier link opens nothing from then on.

    People who answered the order or were invited keep their access.

    Raises:
        OrderStateError: The order is not visible by link.
    """
    order = await own_order_for_update(uow, actor, order_id)
    if order.visibility is not Visibility.LINK:
        raise OrderStateError
    order.share_key = new_share_key()
    return order


async def pause_order(uow: UnitOfWork, actor: Actor, order_id: UUID) -> Order:
    """Pause an open order: it leaves the lists, existing proposals stay, new ones are refused."""
    order = await own_order_for_update(uow, actor, order_id)
    set_status(uow, order, next_status(order, OrderEvent.PAUSE))
    order.updated_at = utc_now()
    return order


async def resume_order(uow: UnitOfWork, actor: Actor, order_id: UUID) -> Order:
    """Reopen a paused order for a full term."""
    order = await own_order_for_update(uow, actor, order_id)
    raise_if_errors(rules.validate_for_publishing(order, await today_for(uow, order.customer_id, order.deadline)))
    set_status(uow, order, next_status(order, OrderEvent.RESUME))
    order.updated_at = utc_now()
    return order


async def close_order(uow: UnitOfWork, actor: Actor, order_id: UUID, command: OrderClose) -> Order:
    """Close an order without choosing a freelancer. For a published one `OrderClosed` is emitted."""
    order = await own_order_for_update(uow, actor, order_id)
    was_published = order.published_at is not None or order.proposals_count > 0
    if order.status in policy.UNAPPROVED:
        order.published_at = None
    set_closed(order, next_status(order, OrderEvent.CANCEL), command.reason)
    order.close_note = command.note or None
    if was_published:
        announce_closing(uow, order)
    return order


async def own_order_for_update(uow: UnitOfWork, actor: Actor, order_id: UUID) -> Order:
    """Lock one of the actor's own orders.

    Raises:
        OrderNotFoundError: It does not exist, or the actor may not read it.
        NotOrderCustomerError: It belongs to another person.
    """
    found = await OrderRepository(uow.session).get_for_reader_for_update(order_id, actor.id)
    if found is None or not policy.can_read(actor, found.order):
        raise OrderNotFoundError
    order = found.order
    identity.remember_names(uow.session, [(order.customer_id, found.customer)])
    if not policy.is_customer(actor, order):
        raise NotOrderCustomerError
    return order


async def require_editable(session: AsyncSession, actor: Actor, order_id: UUID) -> None:
    """Check that the actor may edit an order, without locking it.

    Raises:
        OrderNotFoundError: It does not exist, or the actor may not read it.
        NotOrderCustomerError: It belongs to another person.
        OrderHeldError: The order is held.
        OrderStateError: The order's state does not allow it.
    """
    found = await OrderRepository(session).get_access(order_id, actor.id)
    if found is None or not policy.can_read(actor, found[0]):
        raise OrderNotFoundError
    if not policy.is_customer(actor, found[0]):
        raise NotOrderCustomerError
    next_status(found[0], OrderEvent.EDIT)


def next_status(order: Order, event: OrderEvent) -> OrderStatus:
    """Return the next state for an event.

    Raises:
        OrderHeldError: The order is held, so that it can only be closed.
        OrderStateError: The order's state does not allow the event.
    """
    if policy.is_held(order) and event is not OrderEvent.CANCEL:
        raise OrderHeldError
    target = ORDER_MACHINE.target(order.status, event)
    if target is None:
        raise OrderStateError
    return target


def set_status(uow: UnitOfWork, order: Order, target: OrderStatus) -> None:
    """Set the order's status, expiry time and reminder."""
    now, settings = utc_now(), uow.resources.settings
    order.status = target
    end = rules.state_ends_at(target, now, settings)
    order.expires_at = end
    order.remind_at = rules.reminder(now, end, settings) if target is OrderStatus.OPEN and end is not None else None


def open_order(uow: UnitOfWork, order: Order, target: OrderStatus) -> None:
    """Open an order, set its publication time and emit `OrderPublished`.

    An order that waited because of an edit keeps its publication time, and `OrderEdited` is emitted instead.
    """
    was_edited = order.status is OrderStatus.MODERATION and order.published_at is not None
    set_status(uow, order, target)
    order.updated_at = utc_now()
    if was_edited:
        uow.emit(OrderEdited(order_id=str(order.id), customer_id=str(order.customer_id), version=order.version))
        return
    order.published_at = order.updated_at
    order.closed_at = order.close_reason = None
    uow.emit(OrderPublished(order_id=str(order.id), customer_id=str(order.customer_id)))


def set_closed(order: Order, target: OrderStatus, reason: CloseReason | None) -> None:
    """Set a status in which the order is no longer open."""
    order.held_status = order.held_seconds = None
    order.status = target
    order.expires_at = order.remind_at = None
    order.closed_at = order.updated_at = utc_now()
    order.close_reason = reason


def announce_closing(uow: UnitOfWork, order: Order) -> None:
    """Emit `OrderClosed`."""
    reason = order.close_reason or CloseReason.OTHER
    uow.emit(
        OrderClosed(
            order_id=str(order.id), customer_id=str(order.customer_id), status=order.status.value, reason=reason.value
        )
    )


async def _check_pace(uow: UnitOfWork, actor: Actor) -> bool:
    """Check how many orders the account may publish per day; return whether it is new or unconfirmed."""
    settings = uow.resources.settings
    repository = OrderRepository(uow.session)
    await repository.acquire_advisory_lock(actor.id)
    limit = await identity.daily_limit(
        uow.session, settings, actor.id, usual=settings.orders_per_day, starting=settings.new_account_orders_per_day
    )
    limit.check(await repository.nth_latest_publication_at(actor.id, limit.times, limit.since), TooManyOrdersError)
    return limit.account_trust.is_new(utc_now())
