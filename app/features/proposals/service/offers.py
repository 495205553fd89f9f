"""Use cases of offers: make, counter, accept, decline, withdraw, lapse, remind."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.orders import service as orders
from app.features.orders.errors import OrderChangedError
from app.features.proposals import policy, rules
from app.features.proposals.errors import (
    OfferLapsedError,
    OfferNotFoundError,
    OfferPendingError,
    OfferStateError,
    ProposalStateError,
    WrongSideError,
)
from app.features.proposals.events import OfferDeclined, OfferExpiring, OfferLapsed, OfferMade, OfferWithdrawn
from app.features.proposals.repository import OfferRepository, ProposalRepository
from app.features.proposals.rules import PROPOSAL_MACHINE, ProposalEvent
from app.features.proposals.schemas import OfferCounter, OfferCreate, OfferDecline, Terms
from app.features.proposals.service.decisions import Choice, settle
from app.features.proposals.service.guards import (
    check_version,
    event_parties,
    lock_proposal,
    next_status,
    raise_if_errors,
    record_view,
    remember_proposal,
)
from app.models import Offer, OfferSide, OfferStatus, Order, Proposal, ProposalStatus
from app.models.side import Side

REMIND_BEFORE = timedelta(hours=24)
"""Time before the expiry at which the other side is reminded, if it had at least twice as long to answer."""
BATCH = 100


@dataclass(frozen=True, slots=True)
class _LockedOffer:
    """An offer with its order and proposal."""

    order: Order
    proposal: Proposal
    offer: Offer

    def settle(self, status: OfferStatus, note: str | None = None) -> None:
        self.offer.status = status
        self.offer.decided_at = utc_now()
        self.offer.remind_at = None
        self.offer.note = note

    def move(self, event: ProposalEvent) -> None:
        target = PROPOSAL_MACHINE.target(self.proposal.status, event)
        if target is None:
            raise ProposalStateError
        self.proposal.status = target
        self.proposal.updated_at = utc_now()

    @property
    def about(self) -> dict[str, str]:
        return {
            **event_parties(self.order, self.proposal),
            "offer_id": str(self.offer.id),
            "by": self.offer.made_by.value,
        }


async def make_offer(uow: UnitOfWork, actor: Actor, proposal_id: UUID, command: OfferCreate) -> Offer:
    """Offer terms to the freelancer of a proposal; an order can have one open offer. Emits `OfferMade`.

    Raises:
        OfferPendingError: The order already has an open offer.
        TooManyTriesError: The actor has made too many offers within an hour.
    """
    # Redis is asked before a row is locked: while it does not answer, nobody waits for this transaction.
    await uow.resources.limiter.hit(rules.OFFERS_BY_ACCOUNT, str(actor.id))
    order, proposal = await lock_proposal(uow, actor, proposal_id, Side.CUSTOMER)
    target = next_status(order, proposal, ProposalEvent.OFFER)
    check_version(proposal, command.version)
    if await OfferRepository(uow.session).open_of_order(order.id) is not None:
        raise OfferPendingError
    record_view(proposal)
    orders.extend_on_decision(uow, order)
    return await _put(uow, order, proposal, OfferSide.CUSTOMER, target, command)


async def counter_offer(uow: UnitOfWork, actor: Actor, offer_id: UUID, command: OfferCounter) -> Offer:
    """Answer an offer with a counter-offer to the other side; it counts as an offer. Emits `OfferMade`.

    Raises:
        TooManyTriesError: The actor has made too many offers within an hour.
    """
    await uow.resources.limiter.hit(rules.OFFERS_BY_ACCOUNT, str(actor.id))
    found = await _open_for(uow, actor, offer_id, ProposalEvent.COUNTER_OFFER)
    target = PROPOSAL_MACHINE.target(found.proposal.status, ProposalEvent.COUNTER_OFFER)
    maker = OfferSide.FREELANCER if found.offer.made_by is OfferSide.CUSTOMER else OfferSide.CUSTOMER
    found.settle(OfferStatus.COUNTERED)
    await uow.session.flush()  # the database allows one open offer per order
    return await _put(uow, found.order, found.proposal, maker, target or found.proposal.status, command)


async def choose_offer(uow: UnitOfWork, actor: Actor, offer_id: UUID, order_version: int | None = None) -> Choice:
    """Accept an offer and choose its proposal as `choose` does. Emits `ProposalAccepted`.

    Also emits `ProposalDeclined` for each of the other undecided proposals. The caller awards the order in the same
    transaction.

    Raises:
        OrderChangedError: `order_version` is not the current version of the order.
    """
    found = await _open_for(uow, actor, offer_id, ProposalEvent.ACCEPT_OFFER)
    if order_version is not None and order_version != found.order.version:
        raise OrderChangedError
    by = Side.FREELANCER if found.offer.made_by is OfferSide.CUSTOMER else Side.CUSTOMER
    waiting = await ProposalRepository(uow.session).waiting_for_update(found.order.id)
    found.settle(OfferStatus.ACCEPTED)
    settle(uow, found.order, found.proposal, by, waiting)
    return Choice(found.order, found.proposal, found.offer)


async def decline_offer(uow: UnitOfWork, actor: Actor, offer_id: UUID, command: OfferDecline) -> Offer:
    """Decline an offer; the proposal keeps its own terms. Emits `OfferDeclined`."""
    found = await _open_for(uow, actor, offer_id, ProposalEvent.DECLINE_OFFER)
    found.settle(OfferStatus.DECLINED, command.note or None)
    found.move(ProposalEvent.DECLINE_OFFER)
    uow.emit(OfferDeclined(**found.about))
    return found.offer


async def withdraw_offer(uow: UnitOfWork, actor: Actor, offer_id: UUID) -> Offer:
    """Withdraw an offer; the proposal keeps its own terms. Emits `OfferWithdrawn`."""
    found = await _open_for(uow, actor, offer_id, ProposalEvent.WITHDRAW_OFFER)
    found.settle(OfferStatus.WITHDRAWN)
    found.move(ProposalEvent.WITHDRAW_OFFER)
    uow.emit(OfferWithdrawn(**found.about))
    return found.offer


async def lapse_offer(uow: UnitOfWork, offer_id: UUID) -> bool:
    """Close an offer whose time is over; return whether it was still open. Emits `OfferLapsed`."""
    found = await _locked_offer(uow, offer_id)
    if found is None or found.offer.status is not OfferStatus.OPEN or not _is_over(found.offer):
        return False
    found.settle(OfferStatus.LAPSED)
    found.move(ProposalEvent.LAPSE_OFFER)
    if not rules.is_live(found.proposal.status):
        found.proposal.decided_at = utc_now()
        orders.uncount_proposal(found.order)
    uow.emit(OfferLapsed(**found.about))
    return True


async def expired_offers(uow: UnitOfWork) -> list[UUID]:
    """Return the ids of one batch of open offers whose time is over."""
    return await OfferRepository(uow.session).over(utc_now(), BATCH)


async def remind_of_offers(uow: UnitOfWork) -> int:
    """Emit `OfferExpiring` for one batch of offers that lapse soon, once for each; return the size of the batch."""
    rows = await OfferRepository(uow.session).to_remind(utc_now(), BATCH)
    for offer, proposal, order in rows:
        offer.remind_at = None
        uow.emit(OfferExpiring(**_LockedOffer(order, proposal, offer).about))
    return len(rows)


async def _put(
    uow: UnitOfWork,
    order: Order,
    proposal: Proposal,
    maker: OfferSide,
    target: ProposalStatus,
    terms: Terms,
) -> Offer:
    """Validate and insert an offer and set the proposal's status. Emits `OfferMade`."""
    price = terms.price.to_money()
    errors = rules.validate_price(price, order.currency)
    errors += rules.validate_milestones(terms.milestones, price.amount, terms.term_days)
    longest = uow.resources.settings.max_milestone_days
    raise_if_errors(errors + rules.validate_holding(terms.milestones, terms.term_days, longest))
    now = utc_now()
    length = timedelta(hours=terms.answer_hours or uow.resources.settings.offer_answer_hours)
    end = min(now + length, order.expires_at) if order.expires_at else now + length
    content = {
        "order_id": order.id,
        "order_version": order.version,
        "made_by": maker,
        "price_amount": price.amount,
        "currency": price.currency,
        "term_days": terms.term_days,
        "milestones": [part.model_dump() for part in terms.milestones],
        "message": terms.message,
        "created_at": now,
        "expires_at": end,
        "remind_at": end - REMIND_BEFORE if end - now >= 2 * REMIND_BEFORE else None,
    }
    with uow.session.no_autoflush:  # the proposal and the order are updated once, at the end
        offer = await OfferRepository(uow.session).insert(proposal.id, content)
    proposal.status = target
    proposal.updated_at = now
    uow.emit(OfferMade(**_LockedOffer(order, proposal, offer).about))
    return offer


async def _locked_offer(uow: UnitOfWork, offer_id: UUID, actor: Actor | None = None) -> _LockedOffer | None:
    """Lock the order, the proposal, then the offer, in the lock order of all use cases."""
    row = await OfferRepository(uow.session).get_for_update(offer_id, actor.id if actor else None)
    if row is None:
        return None
    remember_proposal(uow.session, row)
    return _LockedOffer(row.order, row.proposal, row.offer)


async def _open_for(uow: UnitOfWork, actor: Actor, offer_id: UUID, event: ProposalEvent) -> _LockedOffer:
    """Lock an open offer for an action of the actor's side.

    Raises:
        OfferNotFoundError: The actor is on neither side.
        OfferStateError: The offer is no longer open, or its order is neither open nor paused.
        WrongSideError: The action belongs to the other side.
        OfferLapsedError: The time to answer is over.
    """
    found = await _locked_offer(uow, offer_id, actor)
    if found is None:
        raise OfferNotFoundError
    if found.offer.status is not OfferStatus.OPEN or found.order.status not in rules.NEGOTIABLE:
        raise OfferStateError
    if orders.is_held(found.order):
        raise OfferStateError
    side = policy.side_of(actor, found.order, found.proposal)
    if side is None or event not in PROPOSAL_MACHINE.events(found.proposal.status, side):
        raise WrongSideError
    if _is_over(found.offer):
        raise OfferLapsedError(params={"until": found.offer.expires_at})
    return found


def _is_over(offer: Offer) -> bool:
    return offer.expires_at is not None and offer.expires_at <= utc_now()
