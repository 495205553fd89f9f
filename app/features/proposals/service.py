"""What can be done with proposals; every verb that changes one locks the order first, then the proposal."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.machine import Side
from app.core.money import MoneyRead
from app.core.pagination import BadCursorError, Slice, decode_cursor, encode_cursor
from app.core.uow import UnitOfWork
from app.features.identity import service as identity
from app.features.orders import service as orders
from app.features.orders.errors import OrderNotFoundError
from app.features.orders.schemas import PersonRead
from app.features.proposals import policy, rules
from app.features.proposals.errors import (
    DeclinedBeforeError,
    InvalidProposalError,
    NotYourStepError,
    OwnOrderError,
    ProposalChangedError,
    ProposalNotFoundError,
    ProposalStateError,
    TooManyProposalsError,
)
from app.features.proposals.events import ProposalAccepted, ProposalDeclined, ProposalSent, ProposalWithdrawn
from app.features.proposals.repository import ProposalRepository
from app.features.proposals.rules import PROPOSAL_MACHINE, ProposalEvent
from app.features.proposals.schemas import (
    OrderBrief,
    ProposalCreate,
    ProposalDecline,
    ProposalPatch,
    ProposalRead,
)
from app.models import DeclineReason, Order, OrderStatus, Proposal, ProposalStatus


async def send_proposal(
    uow: UnitOfWork, actor: Actor, order_id: UUID, command: ProposalCreate, key: str | None = None
) -> Proposal:
    """Answer an open order of somebody else, once; `key` is that of its link. Announces `ProposalSent`."""
    repository = ProposalRepository(uow.session)
    await repository.queue_up(actor.id)
    settings = uow.resources.settings
    limit = await identity.daily_limit(
        uow.session,
        settings,
        actor.id,
        usual=settings.proposals_per_day,
        starting=settings.new_account_proposals_per_day,
    )
    limit.check(await repository.last_but_sent(actor.id, limit.times, limit.since), TooManyProposalsError)
    order = await orders.take_proposal(uow, actor, order_id, key)
    if order.customer_id == actor.id:
        raise OwnOrderError
    if await repository.declined_by_hand(order.id, actor.id):
        raise DeclinedBeforeError
    price = command.price.to_money()
    _check(rules.price_faults(price, order.currency))
    proposal = Proposal(
        order_id=order.id,
        order_version=order.version,
        freelancer_id=actor.id,
        price_amount=price.amount,
        currency=price.currency,
        term_days=command.term_days,
        letter=command.letter,
    )
    await repository.insert(proposal)
    uow.emit(ProposalSent(**_parties(order, proposal)))
    return proposal


async def edit_proposal(uow: UnitOfWork, actor: Actor, proposal_id: UUID, command: ProposalPatch) -> Proposal:
    """Change an undecided proposal; it then answers the order as it reads now."""
    order, proposal = await _locked(uow, actor, proposal_id, Side.FREELANCER)
    _step(order, proposal, ProposalEvent.EDIT)
    _check_version(proposal, command.version)
    if command.price is not None:
        price = command.price.to_money()
        _check(rules.price_faults(price, order.currency))
        proposal.price_amount, proposal.currency = price.amount, price.currency
    if command.term_days is not None:
        proposal.term_days = command.term_days
    if command.letter is not None:
        proposal.letter = command.letter
    proposal.order_version = order.version
    proposal.version += 1
    proposal.updated_at = utc_now()
    return proposal


async def accept_proposal(uow: UnitOfWork, actor: Actor, proposal_id: UUID, version: int | None = None) -> Proposal:
    """Choose a proposal: the order closes to others, who are declined with the reason that another was chosen.

    Announces `ProposalAccepted`, and `ProposalDeclined` for each of the others. Of several tries at once, for one
    proposal or for many, exactly one succeeds: the order's row is locked and its state asked first.
    """
    proposal = await _visible(uow.session, actor, proposal_id)
    order = await orders.lock_order(uow, proposal.order_id)
    if policy.side_of(actor, order, proposal) is not Side.CUSTOMER:
        raise NotYourStepError
    waiting = await ProposalRepository(uow.session).waiting_for_update(order.id)
    chosen = await ProposalRepository(uow.session).get_for_update(proposal_id)
    if chosen is None:
        raise ProposalNotFoundError
    target = _step(order, chosen, ProposalEvent.ACCEPT)
    _check_version(chosen, version)
    await orders.award_order(uow, actor, order.id)
    chosen.status = target
    chosen.decided_at = chosen.updated_at = utc_now()
    uow.emit(ProposalAccepted(**_parties(order, chosen)))
    for other in waiting:
        if other.id != chosen.id:
            _decline(uow, order, other, DeclineReason.ANOTHER_CHOSEN)
    return chosen


async def decline_proposal(uow: UnitOfWork, actor: Actor, proposal_id: UUID, command: ProposalDecline) -> Proposal:
    """Say no to a proposal with a reason; announces `ProposalDeclined`."""
    order, proposal = await _locked(uow, actor, proposal_id, Side.CUSTOMER)
    _step(order, proposal, ProposalEvent.DECLINE)
    proposal.decline_note = command.note or None
    _decline(uow, order, proposal, command.reason)
    orders.renew_by_decision(uow, order)
    return proposal


async def withdraw_proposal(uow: UnitOfWork, actor: Actor, proposal_id: UUID) -> Proposal:
    """Take an undecided proposal back; announces `ProposalWithdrawn`."""
    order, proposal = await _locked(uow, actor, proposal_id, Side.FREELANCER)
    proposal.status = _step(order, proposal, ProposalEvent.WITHDRAW)
    proposal.decided_at = proposal.updated_at = utc_now()
    orders.drop_proposal(order)
    uow.emit(ProposalWithdrawn(**_parties(order, proposal)))
    return proposal


async def lapse_proposals(uow: UnitOfWork, order_id: UUID) -> int:
    """Decline what is still undecided on an order that ended without a choice; announces each."""
    order = await orders.lock_order(uow, order_id)
    reason = rules.LAPSE_REASONS.get(order.status)
    if reason is None:  # opened again, or awarded, before this message was handled
        return 0
    waiting = await ProposalRepository(uow.session).waiting_for_update(order.id)
    for proposal in waiting:
        _decline(uow, order, proposal, reason)
    return len(waiting)


async def get_proposal(session: AsyncSession, actor: Actor, proposal_id: UUID) -> ProposalRead:
    """Return a proposal to one of its two sides."""
    proposal = await _visible(session, actor, proposal_id)
    return (await present(session, actor, [proposal]))[0]


async def list_order_proposals(
    session: AsyncSession, actor: Actor, order_id: UUID, cursor: str | None, limit: int
) -> Slice[ProposalRead]:
    """Return an order's proposals: all of them to its customer, to a freelancer their own, to a stranger nothing."""
    order = await orders.get_order(session, actor, order_id)
    own_only = None if order.customer_id == actor.id else actor.id
    repository = ProposalRepository(session)
    rows = await repository.of_order(order.id, own_only, _before(cursor), limit + 1)
    if own_only and not rows and not cursor:
        raise OrderNotFoundError(N_("Only the customer sees who has answered this order."))
    return await _slice(session, actor, rows, limit)


async def list_own_proposals(
    session: AsyncSession, actor: Actor, cursor: str | None, limit: int
) -> Slice[ProposalRead]:
    """Return the actor's own proposals in every state, newest first."""
    rows = await ProposalRepository(session).of_freelancer(actor.id, _before(cursor), limit + 1)
    return await _slice(session, actor, rows, limit)


async def own_proposals_for(session: AsyncSession, actor: Actor, order_id: UUID) -> list[ProposalRead]:
    """Return what the actor has sent for an order, newest first."""
    rows = await ProposalRepository(session).of_order(order_id, actor.id, None, 20)
    return await present(session, actor, rows)


async def count_waiting(session: AsyncSession, order_id: UUID) -> int:
    """Count the undecided proposals of an order; the caller has checked that its reader is the customer."""
    return len(await ProposalRepository(session).waiting(order_id))


async def people_concerned(session: AsyncSession, order_id: UUID) -> list[UUID]:
    """Return the freelancers whose proposals for an order are undecided: those an edit of the order concerns."""
    return [row.freelancer_id for row in await ProposalRepository(session).waiting(order_id)]


async def present(session: AsyncSession, actor: Actor, rows: Sequence[Proposal]) -> list[ProposalRead]:
    """Return proposals as their reader sees them."""
    if not rows:
        return []
    found = await orders.orders_by_id(session, [row.order_id for row in rows])
    people = await orders.people(session, [row.freelancer_id for row in rows])
    return [_read(actor, found[row.order_id], row, people[row.freelancer_id]) for row in rows]


def actions(actor: Actor, order: Order, proposal: Proposal) -> list[str]:
    """Return what the actor may do with the proposal as both stand."""
    side = policy.side_of(actor, order, proposal)
    if side is None or order.status is not OrderStatus.OPEN:
        return []
    return [str(event) for event in PROPOSAL_MACHINE.events(proposal.status, side)]


def _read(actor: Actor, order: Order, proposal: Proposal, freelancer: PersonRead) -> ProposalRead:
    return ProposalRead(
        id=proposal.id,
        order=OrderBrief(id=order.id, title=order.title, status=order.status, version=order.version),
        order_version=proposal.order_version,
        freelancer=freelancer,
        status=proposal.status,
        price=MoneyRead(amount=proposal.price_amount, currency=proposal.currency),
        term_days=proposal.term_days,
        letter=proposal.letter,
        version=proposal.version,
        decline_reason=proposal.decline_reason,
        decline_note=proposal.decline_note,
        created_at=proposal.created_at,
        updated_at=proposal.updated_at,
        decided_at=proposal.decided_at,
        actions=actions(actor, order, proposal),
    )


async def _slice(session: AsyncSession, actor: Actor, rows: Sequence[Proposal], limit: int) -> Slice[ProposalRead]:
    items = await present(session, actor, rows[:limit])
    return Slice(items, encode_cursor(str(items[-1].id)) if len(rows) > limit else None)


def _before(cursor: str | None) -> UUID | None:
    if not cursor:
        return None
    (key,) = decode_cursor(cursor, str)
    try:
        return UUID(key)
    except ValueError as wrong:
        raise BadCursorError from wrong


async def _visible(session: AsyncSession, actor: Actor, proposal_id: UUID) -> Proposal:
    """Return a proposal the actor is a side of; any other is not there."""
    proposal = await ProposalRepository(session).get(proposal_id)
    if proposal is None:
        raise ProposalNotFoundError
    order = (await orders.orders_by_id(session, [proposal.order_id]))[proposal.order_id]
    if policy.side_of(actor, order, proposal) is None:
        raise ProposalNotFoundError
    return proposal


async def _locked(uow: UnitOfWork, actor: Actor, proposal_id: UUID, side: Side) -> tuple[Order, Proposal]:
    seen = await _visible(uow.session, actor, proposal_id)
    order = await orders.lock_order(uow, seen.order_id)
    proposal = await ProposalRepository(uow.session).get_for_update(proposal_id)
    if proposal is None:
        raise ProposalNotFoundError
    if policy.side_of(actor, order, proposal) is not side:
        raise NotYourStepError
    return order, proposal


def _step(order: Order, proposal: Proposal, event: ProposalEvent) -> ProposalStatus:
    target = PROPOSAL_MACHINE.target(proposal.status, event)
    if target is None or order.status is not OrderStatus.OPEN:
        raise ProposalStateError
    return target


def _decline(uow: UnitOfWork, order: Order, proposal: Proposal, reason: DeclineReason) -> None:
    proposal.status = ProposalStatus.DECLINED
    proposal.decline_reason = reason
    proposal.decided_at = proposal.updated_at = utc_now()
    uow.emit(ProposalDeclined(**_parties(order, proposal), reason=reason.value))


def _parties(order: Order, proposal: Proposal) -> dict[str, str]:
    return {
        "proposal_id": str(proposal.id),
        "order_id": str(order.id),
        "customer_id": str(order.customer_id),
        "freelancer_id": str(proposal.freelancer_id),
    }


def _check(faults: list[FieldError]) -> None:
    if faults:
        raise InvalidProposalError(errors=faults)


def _check_version(proposal: Proposal, version: int | None) -> None:
    if version is not None and version != proposal.version:
        raise ProposalChangedError
