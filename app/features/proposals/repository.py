"""Queries for proposals, offers and cover letter templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import Base, constraint_of
from app.core.money import Currency
from app.core.persistence.advisory_locks import lock_names
from app.features.proposals.errors import AlreadyProposedError
from app.features.proposals.schemas import CUSTOMER_REASONS, ProposalFilter, ProposalListView, ProposalSort
from app.models import CoverLetterTemplate, Offer, OfferStatus, Order, Proposal, ProposalRevision, ProposalStatus
from app.models.order import OrderStatus
from app.models.proposal import LIVE_PROPOSAL, NEGOTIATED, UNDECIDED
from app.models.user import shown_name

VIOLATIONS = {LIVE_PROPOSAL: AlreadyProposedError}
"""Constraint name → error raised when it is violated."""
COMPARED_COVER_LETTERS = 100
"""Maximum number of cover letters to compare, the newest first."""
type Named = tuple[Proposal, str]
"""A proposal and the name of its freelancer."""
_WITH_ORDER = select(Proposal, Order, shown_name(Proposal.freelancer_id), shown_name(Order.customer_id)).join(
    Order, Order.id == Proposal.order_id
)
_OFFER_ROW = (
    select(Offer, Proposal, Order, shown_name(Proposal.freelancer_id), shown_name(Order.customer_id))
    .join(Proposal, Proposal.id == Offer.proposal_id)
    .join(Order, Order.id == Offer.order_id)
)
_NAMED = select(Proposal, shown_name(Proposal.freelancer_id))


def _is_party(actor_id: UUID) -> ColumnElement[bool]:
    """Tell whether the actor is on one of the two sides, so that nobody else waits for or holds a lock."""
    return or_(Proposal.freelancer_id == actor_id, Order.customer_id == actor_id)


def _locking[*Ts](statement: Select[*Ts], *tables: type[Base]) -> Select[*Ts]:
    """Lock the rows of a statement, in the order of these tables, and read their latest versions.

    PostgreSQL locks the tables of a row in the order in which FOR UPDATE names them. If it had to wait, it evaluates
    the row again with the versions that it has locked.
    """
    return statement.with_for_update(of=tables).execution_options(populate_existing=True)


SORT_KEYS: dict[ProposalSort, ColumnElement[int]] = {
    ProposalSort.NEWEST: literal(0),
    ProposalSort.PRICE: Proposal.price_amount.expression,
    ProposalSort.TERM: Proposal.term_days.expression,
    ProposalSort.SHORTLIST: case((Proposal.status == ProposalStatus.SHORTLISTED, 0), else_=1),
}
"""Sort keys of the client's list, ascending; equal keys are sorted newest first."""
LIST_FILTERS: dict[ProposalFilter, tuple[ColumnElement[bool], ...]] = {
    ProposalFilter.ALL: (),
    ProposalFilter.UNSEEN: (Proposal.status == ProposalStatus.SENT,),
    ProposalFilter.SHORTLISTED: (Proposal.status == ProposalStatus.SHORTLISTED,),
    ProposalFilter.OFFERED: (Proposal.status.in_(NEGOTIATED),),
    ProposalFilter.DECLINED: (Proposal.status == ProposalStatus.DECLINED,),
}


@dataclass(frozen=True, slots=True)
class SentBefore:
    """What a freelancer has sent before: the limits of a new proposal depend on it."""

    nth_latest_at: datetime | None
    """When the n-th latest proposal since the start of the window was sent; None if there are fewer."""
    letters: Sequence[str]
    """The cover letters of the window, newest first, at most `COMPARED_COVER_LETTERS`."""
    declined_by_customer: bool
    """Whether the customer has declined this freelancer for this order."""
    freelancer: str
    """The name of the freelancer."""


@cache
def _customers_list(sort: ProposalSort, show: ProposalFilter, *, continued: bool) -> Select[Proposal, str]:
    """Return the statement of the client's list, built once for each combination."""
    key = SORT_KEYS[sort]
    statement = _NAMED.where(Proposal.order_id == bindparam("order_id"), *LIST_FILTERS[show])
    if continued:
        # A number from a cursor can exceed INTEGER, which the driver would refuse to send.
        number = bindparam("after_number", type_=BigInteger)
        place = Proposal.id < bindparam("after_id")
        statement = statement.where(or_(key > number, and_(key == number, place)))
    return statement.order_by(key, Proposal.id.desc()).limit(bindparam("row_limit", type_=Integer))


@cache
def _of_order(*, one_freelancer: bool, continued: bool) -> Select[Proposal, str]:
    """Return the statement of an order's proposals, built once for each combination."""
    statement = _NAMED.where(Proposal.order_id == bindparam("order_id"))
    if one_freelancer:
        statement = statement.where(Proposal.freelancer_id == bindparam("freelancer_id"))
    if continued:
        statement = statement.where(Proposal.id < bindparam("before"))
    return statement.order_by(Proposal.id.desc()).limit(bindparam("row_limit", type_=Integer))


class ProposalRepository:
    """Queries for proposals."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def insert(self, proposal: Proposal) -> None:
        """Insert a proposal.

        Raises:
            AlreadyProposedError: The freelancer already has an active proposal for the order.
        """
        self._session.add(proposal)
        try:
            await self._session.flush()
        except IntegrityError as wrong:
            name = constraint_of(wrong)
            if name in VIOLATIONS:
                raise VIOLATIONS[name] from wrong
            raise

    async def get(self, proposal_id: UUID) -> tuple[Proposal, Order, str, str] | None:
        """Return one proposal with its order, and the names of its freelancer and of the order's client."""
        row = (await self._session.execute(_WITH_ORDER.where(Proposal.id == proposal_id))).one_or_none()
        return (row[0], row[1], row[2], row[3]) if row else None

    async def currency(self, proposal_id: UUID, actor_id: UUID) -> Currency | None:
        """Return the currency of a proposal to one of its two sides."""
        sides = (Order.id == Proposal.order_id, _is_party(actor_id))
        return await self._session.scalar(select(Proposal.currency).where(Proposal.id == proposal_id, *sides))

    async def get_statuses(self, proposal_id: UUID, actor_id: UUID) -> tuple[UUID, ProposalStatus, OrderStatus] | None:
        """Return the freelancer, the status and the order's status of a proposal to one of its two sides."""
        columns = select(Proposal.freelancer_id, Proposal.status, Order.status)
        statement = columns.where(Proposal.id == proposal_id, Order.id == Proposal.order_id, _is_party(actor_id))
        return (await self._session.execute(statement)).first()

    async def get_for_update(self, proposal_id: UUID, actor_id: UUID) -> tuple[Proposal, Order, str, str] | None:
        """Return what `get` returns to one of the two sides; lock the order, then the proposal."""
        statement = _WITH_ORDER.where(Proposal.id == proposal_id, _is_party(actor_id))
        row = (await self._session.execute(_locking(statement, Order, Proposal))).one_or_none()
        return (row[0], row[1], row[2], row[3]) if row else None

    async def waiting_for_update(self, order_id: UUID) -> Sequence[Proposal]:
        """Return the undecided proposals of a locked order and lock their rows in the order of ids.

        This is never part of the statement that locks the order: it must see what was sent while that one waited.
        """
        statement = (
            select(Proposal)
            .where(Proposal.order_id == order_id, Proposal.status.in_(UNDECIDED))
            .order_by(Proposal.id)
            .with_for_update()
        )
        return (await self._session.execute(statement)).scalars().all()

    async def ids_of_freelancer(self, freelancer_id: UUID, *, suspended: bool) -> Sequence[UUID]:
        """Return the ids of a freelancer's undecided proposals, or of those that were withdrawn with the account."""
        wanted = Proposal.suspended_status.is_not(None) if suspended else Proposal.status.in_(UNDECIDED)
        statement = select(Proposal.id).where(Proposal.freelancer_id == freelancer_id, wanted).order_by(Proposal.id)
        return (await self._session.execute(statement)).scalars().all()

    async def waiting(self, order_id: UUID) -> Sequence[Proposal]:
        """Return the undecided proposals of an order."""
        statement = (
            select(Proposal).where(Proposal.order_id == order_id, Proposal.status.in_(UNDECIDED)).order_by(Proposal.id)
        )
        return (await self._session.execute(statement)).scalars().all()

    def add_revision(self, revision: ProposalRevision) -> None:
        """Add the content of a proposal before an edit."""
        self._session.add(revision)

    async def revisions(self, proposal_id: UUID, limit: int, upto: int | None = None) -> Sequence[ProposalRevision]:
        """Return the earlier versions of a proposal, newest first, from the version `upto` backwards."""
        statement = select(ProposalRevision).where(ProposalRevision.proposal_id == proposal_id)
        if upto is not None:
            statement = statement.where(ProposalRevision.version <= upto)
        statement = statement.order_by(ProposalRevision.version.desc()).limit(limit)
        return (await self._session.execute(statement)).scalars().all()

    async def some_for_update(self, order_id: UUID, ids: Sequence[UUID]) -> Sequence[Proposal]:
        """Return those of the given proposals that belong to the order and lock their rows in the order of ids."""
        statement = (
            select(Proposal)
            .where(Proposal.order_id == order_id, Proposal.id.in_(ids))
            .order_by(Proposal.id)
            .with_for_update()
        )
        return (await self._session.execute(statement)).scalars().all()

    async def of_order(
        self, order_id: UUID, freelancer_id: UUID | None, before: UUID | None, limit: int
    ) -> Sequence[Named]:
        """Return an order's proposals, newest first; only those of `freelancer_id` if it is given."""
        statement = _of_order(one_freelancer=freelancer_id is not None, continued=before is not None)
        values = {"order_id": order_id, "freelancer_id": freelancer_id, "before": before, "row_limit": limit}
        return await self._named(statement, values)

    async def list_for_customer(
        self, order_id: UUID, view: ProposalListView, after: tuple[int, UUID] | None, limit: int
    ) -> Sequence[Named]:
        """Return an order's proposals in the client's sort order and filter, after a cursor position."""
        number, proposal_id = after or (None, None)
        values = {"order_id": order_id, "after_number": number, "after_id": proposal_id, "row_limit": limit}
        return await self._named(_customers_list(view.sort, view.show, continued=after is not None), values)

    async def some_of_order(self, order_id: UUID, ids: Sequence[UUID]) -> Sequence[Named]:
        """Return those of the given proposals that belong to the order."""
        return await self._named(_NAMED.where(Proposal.order_id == order_id, Proposal.id.in_(ids)))

    async def _named(
        self, statement: Select[Proposal, str], values: Mapping[str, object] | None = None
    ) -> Sequence[Named]:
        return [(row[0], row[1]) for row in await self._session.execute(statement, values)]

    async def unseen_for_update(self, order_id: UUID, ids: Sequence[UUID]) -> Sequence[Proposal]:
        """Return the unseen ones of the given proposals of the order and lock their rows in the order of ids."""
        statement = (
            select(Proposal)
            .where(Proposal.order_id == order_id, Proposal.id.in_(ids), Proposal.status == ProposalStatus.SENT)
            .order_by(Proposal.id)
            .with_for_update()
        )
        return (await self._session.execute(statement)).scalars().all()

    async def sent_before(self, freelancer_id: UUID, order_id: UUID, times: int, since: datetime) -> SentBefore:
        """Return what limits a new proposal of a freelancer for an order; read under the lock of the order."""
        recent = and_(Proposal.freelancer_id == freelancer_id, Proposal.created_at > since)
        nth = select(Proposal.created_at).where(recent).order_by(Proposal.created_at.desc()).offset(times - 1).limit(1)
        letters = select(Proposal.letter).where(recent).order_by(Proposal.id.desc()).limit(COMPARED_COVER_LETTERS)
        declined = exists().where(
            Proposal.order_id == order_id,
            Proposal.freelancer_id == freelancer_id,
            Proposal.decline_reason.in_(CUSTOMER_REASONS),
        )
        name = shown_name(literal(freelancer_id))
        statement = select(nth.scalar_subquery(), func.array(letters.scalar_subquery()), declined, name)
        row = (await self._session.execute(statement)).one()
        return SentBefore(row[0], row[1], declined_by_customer=row[2], freelancer=row[3])

    async def of_freelancer(self, freelancer_id: UUID, before: UUID | None, limit: int) -> Sequence[Named]:
        """Return a freelancer's proposals, newest first."""
        statement = _NAMED.where(Proposal.freelancer_id == freelancer_id)
        if before is not None:
            statement = statement.where(Proposal.id < before)
        return await self._named(statement.order_by(Proposal.id.desc()).limit(limit))

    async def acquire_advisory_lock(self, freelancer_id: UUID) -> None:
        """Serialize sending per freelancer to keep the daily count correct; the lock ends with the transaction."""
        await lock_names(self._session, f"proposals:{freelancer_id}")


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer with its proposal and order, and the names of the freelancer and of the customer."""

    offer: Offer
    proposal: Proposal
    order: Order
    freelancer: str
    customer: str


class OfferRepository:
    """Queries for offers. The caller must have locked the order and the proposal before a change."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def insert(self, proposal_id: UUID, content: Mapping[str, Any]) -> Offer:
        """Insert an offer with the next number of its proposal, starting at 1, and return it.

        The lock on the order prevents a second open offer.
        """
        last = select(func.max(Offer.number)).where(Offer.proposal_id == proposal_id).scalar_subquery()
        number = func.coalesce(last, 0) + 1
        statement = insert(Offer).values(proposal_id=proposal_id, number=number, **content).returning(Offer)
        return (await self._session.execute(statement)).scalar_one()

    async def get(self, offer_id: UUID) -> "OfferRow | None":
        """Return one offer with its proposal and order, and the names of the two sides."""
        row = (await self._session.execute(_OFFER_ROW.where(Offer.id == offer_id))).one_or_none()
        return OfferRow(row[0], row[1], row[2], row[3], row[4]) if row else None

    async def currency(self, offer_id: UUID, actor_id: UUID) -> Currency | None:
        """Return the currency of an offer to one of its two sides."""
        sides = (Proposal.id == Offer.proposal_id, Order.id == Offer.order_id, _is_party(actor_id))
        return await self._session.scalar(select(Offer.currency).where(Offer.id == offer_id, *sides))

    async def get_for_update(self, offer_id: UUID, actor_id: UUID | None) -> "OfferRow | None":
        """Lock the order, the proposal, then the offer; if an actor is given, only for one of the two sides."""
        statement = _OFFER_ROW.where(Offer.id == offer_id)
        if actor_id is not None:
            statement = statement.where(_is_party(actor_id))
        row = (await self._session.execute(_locking(statement, Order, Proposal, Offer))).one_or_none()
        return OfferRow(row[0], row[1], row[2], row[3], row[4]) if row else None

    async def of_proposal(self, proposal_id: UUID) -> Sequence[Offer]:
        """Return all offers of a proposal, oldest first."""
        statement = select(Offer).where(Offer.proposal_id == proposal_id).order_by(Offer.number)
        return (await self._session.execute(statement)).scalars().all()

    async def holding_of(self, proposal_ids: Sequence[UUID]) -> Sequence[Offer]:
        """Return the open or accepted offers of these proposals; each proposal has at most one."""
        holding = Offer.status.in_((OfferStatus.OPEN, OfferStatus.ACCEPTED))
        statement = select(Offer).where(Offer.proposal_id.in_(proposal_ids), holding)
        return (await self._session.execute(statement)).scalars().all()

    async def open_of_order(self, order_id: UUID) -> Offer | None:
        """Return the open offer of an order; the proposal that it was made for is negotiated."""
        statement = select(Offer).where(Offer.order_id == order_id, Offer.status == OfferStatus.OPEN)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def end_open(self, proposal_id: UUID, status: OfferStatus, now: datetime) -> None:
        """Close the open offer of a proposal, if there is one."""
        statement = (
            update(Offer)
            .where(Offer.proposal_id == proposal_id, Offer.status == OfferStatus.OPEN)
            .values(status=status, decided_at=now, remind_at=None)
        )
        await self._session.execute(statement)

    async def over(self, now: datetime, limit: int) -> list[UUID]:
        """Return the ids of open offers whose time to answer is over, the earliest expiry first."""
        due = (Offer.status == OfferStatus.OPEN, Offer.expires_at <= now, Order.held_status.is_(None))
        statement = select(Offer.id).join(Order, Order.id == Offer.order_id).where(*due)
        return list((await self._session.execute(statement.order_by(Offer.expires_at).limit(limit))).scalars())

    async def to_remind(self, now: datetime, limit: int) -> list[tuple[Offer, Proposal, Order]]:
        """Return offers whose reminder is due and lock their rows; rows locked by another worker are skipped."""
        statement = (
            select(Offer, Proposal, Order)
            .join(Proposal, Proposal.id == Offer.proposal_id)
            .join(Order, Order.id == Offer.order_id)
            .where(Offer.remind_at <= now, Order.held_status.is_(None))
            .order_by(Offer.remind_at)
            .limit(limit)
            .with_for_update(of=Offer, skip_locked=True)
        )
        return [(offer, proposal, order) for offer, proposal, order in await self._session.execute(statement)]


class CoverLetterTemplateRepository:
    """Queries for cover letter templates."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def acquire_advisory_lock(self, owner_id: UUID) -> None:
        """Serialize saving templates per person so that the count stays correct; the lock ends with the transaction."""
        await lock_names(self._session, f"letters:{owner_id}")

    async def insert(self, letter: CoverLetterTemplate) -> None:
        """Insert a cover letter template."""
        self._session.add(letter)
        await self._session.flush()

    async def of_owner(self, owner_id: UUID) -> Sequence[CoverLetterTemplate]:
        """Return a person's cover letter templates, newest first; their number is limited."""
        statement = (
            select(CoverLetterTemplate)
            .where(CoverLetterTemplate.owner_id == owner_id)
            .order_by(CoverLetterTemplate.id.desc())
        )
        return (await self._session.execute(statement)).scalars().all()

    async def get_for_update(self, owner_id: UUID, letter_id: UUID) -> CoverLetterTemplate | None:
        """Return one of the person's cover letter templates and lock its row."""
        statement = select(CoverLetterTemplate).where(
            CoverLetterTemplate.id == letter_id, CoverLetterTemplate.owner_id == owner_id
        )
        return (await self._session.execute(statement.with_for_update())).scalar_one_or_none()

    async def delete(self, letter: CoverLetterTemplate) -> None:
        """Delete a cover letter template."""
        await self._session.delete(letter)
