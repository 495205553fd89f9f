"""Queries of proposals and offers for their two sides."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.i18n import N_
from app.core.money import Currency, MoneyRead
from app.core.pagination import BadCursorError, Slice, decode_cursor, encode_cursor, last_id
from app.features.files import service as files
from app.features.files.schemas import FileRead
from app.features.moderation.service import detect_contacts
from app.features.orders import service as orders
from app.features.orders.errors import OrderNotFoundError
from app.features.orders.schemas import PersonRead
from app.features.profiles import service as profiles
from app.features.proposals import policy, rules
from app.features.proposals.errors import OfferNotFoundError, ProposalNotFoundError
from app.features.proposals.repository import OfferRepository, ProposalRepository
from app.features.proposals.rules import OFFER_STEPS, PROPOSAL_MACHINE
from app.features.proposals.schemas import (
    AnsweredQuestion,
    EarlierProposal,
    Milestone,
    OfferRead,
    OrderBrief,
    ProposalListView,
    ProposalRead,
    ProposalSort,
)
from app.features.proposals.service.guards import files_of, get_visible_proposal, named, remember_proposal
from app.models import Offer, OfferStatus, Order, OrderStatus, Proposal, ProposalStatus
from app.models.proposal import NEGOTIATED
from app.models.side import Side

MAX_REVISIONS = 100
"""How many earlier versions one answer lists."""


async def get_proposal(session: AsyncSession, actor: Actor, proposal_id: UUID) -> ProposalRead:
    """Return a proposal to one of its two sides."""
    _order, proposal = await get_visible_proposal(session, actor, proposal_id)
    return (await present(session, actor, [proposal]))[0]


async def currency_of_proposal(session: AsyncSession, actor: Actor, proposal_id: UUID) -> Currency:
    """Return the currency of a proposal to one of its two sides; a form with amounts is parsed with it.

    Raises:
        ProposalNotFoundError: It does not exist or the actor is neither the freelancer nor the client.
    """
    currency = await ProposalRepository(session).currency(proposal_id, actor.id)
    if currency is None:
        raise ProposalNotFoundError
    return currency


async def list_order_proposals(
    session: AsyncSession,
    actor: Actor,
    order_id: UUID,
    cursor: str | None,
    limit: int,
    view: ProposalListView | None = None,
) -> Slice[ProposalRead]:
    """Return an order's proposals: to its client all, in their sort order; to a freelancer their own.

    Raises:
        OrderNotFoundError: The actor is not the client and has sent no proposal.
    """
    order = await orders.get_order(session, actor, order_id)
    if order.customer_id == actor.id:
        return await proposals_for_client(session, actor, order, view or ProposalListView(), (cursor, limit))
    rows = named(session, await ProposalRepository(session).of_order(order.id, actor.id, last_id(cursor), limit + 1))
    if not rows and not cursor:
        raise OrderNotFoundError(N_("Only the customer sees who has answered this order."))
    return await _slice(session, actor, rows, limit)


async def proposals_for_client(
    session: AsyncSession,
    actor: Actor,
    order: Order,
    view: ProposalListView,
    page: tuple[str | None, int],
    *,
    photos: bool = False,
) -> Slice[ProposalRead]:
    """Return the proposals of the actor's own order, sorted and filtered.

    `page` is a cursor and a number of rows. With `photos`, the freelancers' photos are loaded together with the files
    of the proposals, for a page that shows both.
    """
    after, (cursor, limit) = None, page
    if cursor:
        sort, value, key = decode_cursor(cursor, str, int, UUID)
        if sort != view.sort:
            raise BadCursorError
        after = (value, key)
    rows = named(session, await ProposalRepository(session).list_for_customer(order.id, view, after, limit + 1))
    if photos:
        files.expect(session, [profiles.photo_subject(row.freelancer_id) for row in rows[:limit]])
    items = await present(session, actor, rows[:limit])
    if len(rows) <= limit:
        return Slice(items, None)
    last = rows[limit - 1]
    return Slice(items, encode_cursor(view.sort.value, _place(last, view.sort), last.id))


def _place(proposal: Proposal, sort: ProposalSort) -> int:
    """Return the sort key of a proposal; the same as `SORT_KEYS` computes in the database."""
    places = {
        ProposalSort.NEWEST: 0,
        ProposalSort.PRICE: proposal.price_amount,
        ProposalSort.TERM: proposal.term_days,
        ProposalSort.SHORTLIST: int(proposal.status is not ProposalStatus.SHORTLISTED),
    }
    return places[sort]


async def list_own_proposals(
    session: AsyncSession, actor: Actor, cursor: str | None, limit: int
) -> Slice[ProposalRead]:
    """Return the actor's own proposals in every state, newest first."""
    rows = named(session, await ProposalRepository(session).of_freelancer(actor.id, last_id(cursor), limit + 1))
    return await _slice(session, actor, rows, limit)


async def own_proposals_for(session: AsyncSession, actor: Actor, order_id: UUID) -> list[ProposalRead]:
    """Return the actor's proposals for an order, newest first, at most 20."""
    rows = named(session, await ProposalRepository(session).of_order(order_id, actor.id, None, 20))
    return await present(session, actor, rows)


async def count_waiting(session: AsyncSession, order_id: UUID) -> int:
    """Count the undecided proposals of an order. The caller must have checked that the actor is the client."""
    return len(await ProposalRepository(session).waiting(order_id))


async def freelancers_with_undecided_proposals(session: AsyncSession, order_id: UUID) -> list[UUID]:
    """Return the freelancers with undecided proposals for an order; an edit of the order concerns them."""
    return [row.freelancer_id for row in await ProposalRepository(session).waiting(order_id)]


async def present(
    session: AsyncSession, actor: Actor, rows: Sequence[Proposal], holding: Sequence[Offer] | None = None
) -> list[ProposalRead]:
    """Return proposals as the actor sees them; `holding` are their open or accepted offers, if the caller has them."""
    if not rows:
        return []
    found = await orders.orders_by_id(session, [row.order_id for row in rows])
    people = await orders.people(session, [row.freelancer_id for row in rows])
    offers = {offer.proposal_id: offer for offer in (await _holding(session, rows) if holding is None else holding)}
    held = await files.attached(session, [files_of(row.id) for row in rows], actor)
    return [
        _read(
            actor,
            found[row.order_id],
            row,
            freelancer=people[row.freelancer_id],
            offer=offers.get(row.id),
            held=held[files_of(row.id)],
        )
        for row in rows
    ]


async def _holding(session: AsyncSession, rows: Sequence[Proposal]) -> Sequence[Offer]:
    negotiated = [row.id for row in rows if row.status in (*NEGOTIATED, ProposalStatus.ACCEPTED)]
    return await OfferRepository(session).holding_of(negotiated) if negotiated else ()


async def list_revisions(
    session: AsyncSession, actor: Actor, proposal_id: UUID, *, before: int | None = None, limit: int = MAX_REVISIONS
) -> list[EarlierProposal]:
    """Return earlier versions of a proposal to one of its two sides, newest first, from the version `before` on."""
    _order, proposal = await get_visible_proposal(session, actor, proposal_id)
    return [
        EarlierProposal(
            version=row.version,
            price=MoneyRead(amount=row.content["price"], currency=proposal.currency),
            replaced_at=row.replaced_at,
            **{name: row.content[name] for name in ("term_days", "letter", "milestones", "answers")},
        )
        for row in await ProposalRepository(session).revisions(proposal_id, limit, before)
    ]


async def present_offer(session: AsyncSession, actor: Actor, offer: Offer) -> OfferRead:
    """Return an offer as the actor sees it."""
    order, proposal = await get_visible_proposal(session, actor, offer.proposal_id)
    return _read_offer(actor, order, proposal, offer)


async def get_offer(session: AsyncSession, actor: Actor, offer_id: UUID) -> OfferRead:
    """Return one offer to one of its two sides.

    Raises:
        OfferNotFoundError: It does not exist or the actor is on neither side.
    """
    row = await OfferRepository(session).get(offer_id)
    if row is None:
        raise OfferNotFoundError
    remember_proposal(session, row)
    try:
        return await present_offer(session, actor, row.offer)
    except ProposalNotFoundError as wrong:
        raise OfferNotFoundError from wrong


async def currency_of_offer(session: AsyncSession, actor: Actor, offer_id: UUID) -> Currency:
    """Return the currency of an offer to one of its two sides.

    Raises:
        OfferNotFoundError: It does not exist or the actor is on neither side.
    """
    currency = await OfferRepository(session).currency(offer_id, actor.id)
    if currency is None:
        raise OfferNotFoundError
    return currency


async def list_offers(session: AsyncSession, actor: Actor, proposal_id: UUID) -> list[OfferRead]:
    """Return all offers of a proposal to one of its two sides, oldest first."""
    order, proposal = await get_visible_proposal(session, actor, proposal_id)
    rows = await OfferRepository(session).of_proposal(proposal_id)
    return [_read_offer(actor, order, proposal, row) for row in rows]


async def waiting_offer(session: AsyncSession, actor: Actor, order_id: UUID) -> OfferRead | None:
    """Return the open offer of the actor's own order, if there is one."""
    offer = await OfferRepository(session).open_of_order(order_id)
    return await present_offer(session, actor, offer) if offer else None


def actions(actor: Actor, order: Order, proposal: Proposal) -> list[str]:
    """Return what the actor may do with the proposal in the current states of proposal and order."""
    side = policy.side_of(actor, order, proposal)
    if side is None or order.status not in rules.NEGOTIABLE or orders.is_held(order):
        return []
    events = PROPOSAL_MACHINE.events(proposal.status, side)
    is_open = order.status is OrderStatus.OPEN
    return [event.value for event in events if is_open or event in OFFER_STEPS]


def _read_offer(actor: Actor, order: Order, proposal: Proposal, offer: Offer) -> OfferRead:
    is_open = offer.status is OfferStatus.OPEN
    may = actions(actor, order, proposal) if is_open else []
    return OfferRead(
        id=offer.id,
        proposal_id=offer.proposal_id,
        order_id=offer.order_id,
        order_version=offer.order_version,
        number=offer.number,
        made_by=offer.made_by,
        status=offer.status,
        price=MoneyRead(amount=offer.price_amount, currency=offer.currency),
        term_days=offer.term_days,
        milestones=[Milestone.model_validate(part) for part in offer.milestones],
        message=offer.message,
        note=offer.note,
        contacts=detect_contacts(_said_to(actor, order, proposal, offer)),
        expires_at=offer.expires_at,
        created_at=offer.created_at,
        decided_at=offer.decided_at,
        actions=[words for event, words in OFFER_STEPS.items() if event.value in may],
    )


def _said_to(actor: Actor, order: Order, proposal: Proposal, offer: Offer) -> str:
    """Return what the other side wrote: the message of its offer, or its note on the actor's offer."""
    side = policy.side_of(actor, order, proposal)
    return (offer.note or "") if side is not None and side.value == offer.made_by.value else offer.message


def _read(
    actor: Actor,
    order: Order,
    proposal: Proposal,
    *,
    freelancer: PersonRead,
    offer: Offer | None,
    held: list[FileRead],
) -> ProposalRead:
    for_customer = policy.side_of(actor, order, proposal) is Side.CUSTOMER
    shown = _read_offer(actor, order, proposal, offer) if offer else None
    title = orders.shown_title(order.title, order.status, to_customer=for_customer)
    return ProposalRead(
        id=proposal.id,
        order=OrderBrief(id=order.id, title=title, status=order.status, version=order.version),
        order_version=proposal.order_version,
        freelancer=freelancer,
        status=proposal.status,
        price=MoneyRead(amount=proposal.price_amount, currency=proposal.currency),
        term_days=proposal.term_days,
        letter=proposal.letter,
        milestones=[Milestone.model_validate(part) for part in proposal.milestones],
        answers=[AnsweredQuestion.model_validate(pair) for pair in proposal.answers],
        files=held,
        contacts=detect_contacts(_words_of(proposal)) if for_customer else [],
        note=proposal.customer_note if for_customer else None,
        version=proposal.version,
        decline_reason=proposal.decline_reason,
        decline_note=proposal.decline_note,
        created_at=proposal.created_at,
        updated_at=proposal.updated_at,
        edited_at=proposal.edited_at,
        decided_at=proposal.decided_at,
        seen_at=proposal.seen_at,
        offer=shown if shown and shown.status is OfferStatus.OPEN else None,
        agreed=shown if shown and shown.status is OfferStatus.ACCEPTED else None,
        actions=actions(actor, order, proposal),
    )


def _words_of(proposal: Proposal) -> str:
    return "\n".join([proposal.letter, *(str(pair["answer"]) for pair in proposal.answers)])


async def _slice(session: AsyncSession, actor: Actor, rows: Sequence[Proposal], limit: int) -> Slice[ProposalRead]:
    items = await present(session, actor, rows[:limit])
    return Slice(items, encode_cursor(items[-1].id) if len(rows) > limit else None)
