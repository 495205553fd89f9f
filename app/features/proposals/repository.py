"""Every query about proposals."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, func, literal, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.proposals.errors import AlreadyProposedError
from app.features.proposals.schemas import CUSTOMER_REASONS, ProposalFilter, ProposalListView, ProposalSort
from app.models import CoverLetterTemplate, Offer, OfferStatus, Order, Proposal, ProposalRevision, ProposalStatus
from app.models.proposal import LIVE_PROPOSAL, NEGOTIATED, UNDECIDED
from app.models.user import shown_name

VIOLATIONS = {LIVE_PROPOSAL: AlreadyProposedError}
"""Constraint name → what it means to a person."""

type Named = tuple[Proposal, str]
"""A proposal and the name of its freelancer."""
_WITH_ORDER = select(Proposal, Order, shown_name(Proposal.freelancer_id), shown_name(Order.customer_id)).join(
    Order, Order.id == Proposal.order_id
)
_NAMED = select(Proposal, shown_name(Proposal.freelancer_id))
SORT_KEYS: dict[ProposalSort, ColumnElement[int]] = {
    ProposalSort.NEWEST: literal(0),
    ProposalSort.PRICE: Proposal.price_amount.expression,
    ProposalSort.TERM: Proposal.term_days.expression,
    ProposalSort.SHORTLIST: case((Proposal.status == ProposalStatus.SHORTLISTED, 0), else_=1),
}
"""What a customer's desk is sorted by, rising; the newest comes first among equals."""
LIST_FILTERS: dict[ProposalFilter, tuple[ColumnElement[bool], ...]] = {
    ProposalFilter.ALL: (),
    ProposalFilter.UNSEEN: (Proposal.status == ProposalStatus.SENT,),
    ProposalFilter.SHORTLISTED: (Proposal.status == ProposalStatus.SHORTLISTED,),
    ProposalFilter.OFFERED: (Proposal.status.in_(NEGOTIATED),),
    ProposalFilter.DECLINED: (Proposal.status == ProposalStatus.DECLINED,),
}


class ProposalRepository:
    """Proposals, by the ways the house asks for them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def insert(self, proposal: Proposal) -> None:
        """Write a new proposal.

        Raises:
            AlreadyProposedError: The freelancer has a live one for the order.
        """
        self._session.add(proposal)
        try:
            await self._session.flush()
        except IntegrityError as wrong:
            name = getattr(getattr(wrong.orig, "__cause__", None), "constraint_name", None)
            if name in VIOLATIONS:
                raise VIOLATIONS[name] from wrong
            raise

    async def get(self, proposal_id: UUID) -> tuple[Proposal, Order, str, str] | None:
        """Return one proposal with its order, and the names of its freelancer and of the order's customer."""
        row = (await self._session.execute(_WITH_ORDER.where(Proposal.id == proposal_id))).one_or_none()
        return (row[0], row[1], row[2], row[3]) if row else None

    async def get_for_update(self, proposal_id: UUID) -> Proposal | None:
        """Lock one proposal; its order is locked already."""
        statement = (
            select(Proposal)
            .where(Proposal.id == proposal_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def waiting_for_update(self, order_id: UUID) -> Sequence[Proposal]:
        """Lock the undecided proposals of an order, in the order of their ids."""
        statement = (
            select(Proposal)
            .where(Proposal.order_id == order_id, Proposal.status.in_(UNDECIDED))
            .order_by(Proposal.id)
            .with_for_update()
        )
        return (await self._session.execute(statement)).scalars().all()

    async def waiting(self, order_id: UUID) -> Sequence[Proposal]:
        """Return the undecided proposals of an order."""
        statement = (
            select(Proposal).where(Proposal.order_id == order_id, Proposal.status.in_(UNDECIDED)).order_by(Proposal.id)
        )
        return (await self._session.execute(statement)).scalars().all()

    def add_revision(self, revision: ProposalRevision) -> None:
        """Keep what a proposal said before an edit."""
        self._session.add(revision)

    async def revisions(self, proposal_id: UUID, limit: int = 100) -> Sequence[ProposalRevision]:
        """Return what a proposal said before its edits, newest first."""
        statement = (
            select(ProposalRevision)
            .where(ProposalRevision.proposal_id == proposal_id)
            .order_by(ProposalRevision.version.desc())
            .limit(limit)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def some_for_update(self, order_id: UUID, ids: Sequence[UUID]) -> Sequence[Proposal]:
        """Lock those of these proposals that answer an order, in the order of their ids."""
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
        """Return an order's proposals, newest first; those of one freelancer where one is named."""
        statement = _NAMED.where(Proposal.order_id == order_id)
        if freelancer_id is not None:
            statement = statement.where(Proposal.freelancer_id == freelancer_id)
        if before is not None:
            statement = statement.where(Proposal.id < before)
        return await self._named(statement.order_by(Proposal.id.desc()).limit(limit))

    async def list_for_customer(
        self, order_id: UUID, view: ProposalListView, after: tuple[int, UUID] | None, limit: int
    ) -> Sequence[Named]:
        """Return an order's proposals as its customer sorts and narrows them, after a place in that order."""
        key = SORT_KEYS[view.sort]
        statement = _NAMED.where(Proposal.order_id == order_id, *LIST_FILTERS[view.show])
        if after is not None:
            number, proposal_id = after
            # As wide as a cursor's number: the driver cannot send a large one as an INTEGER.
            value = literal(number, BigInteger)
            statement = statement.where(or_(key > value, and_(key == value, Proposal.id < proposal_id)))
        return await self._named(statement.order_by(key, Proposal.id.desc()).limit(limit))

    async def some_of_order(self, order_id: UUID, ids: Sequence[UUID]) -> Sequence[Named]:
        """Return those of these proposals that answer an order."""
        return await self._named(_NAMED.where(Proposal.order_id == order_id, Proposal.id.in_(ids)))

    async def _named(self, statement: Select[Proposal, str]) -> Sequence[Named]:
        return [(row[0], row[1]) for row in await self._session.execute(statement)]

    async def unseen_for_update(self, order_id: UUID, ids: Sequence[UUID]) -> Sequence[Proposal]:
        """Lock those of these proposals that answer an order and were not seen, in the order of their ids."""
        statement = (
            select(Proposal)
            .where(Proposal.order_id == order_id, Proposal.id.in_(ids), Proposal.status == ProposalStatus.SENT)
            .order_by(Proposal.id)
            .with_for_update()
        )
        return (await self._session.execute(statement)).scalars().all()

    async def cover_letters_since(self, freelancer_id: UUID, since: datetime, limit: int) -> Sequence[str]:
        """Return the letters a freelancer has sent since a moment, the newest so many."""
        statement = (
            select(Proposal.letter)
            .where(Proposal.freelancer_id == freelancer_id, Proposal.created_at > since)
            .order_by(Proposal.id.desc())
            .limit(limit)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def of_freelancer(self, freelancer_id: UUID, before: UUID | None, limit: int) -> Sequence[Named]:
        """Return a freelancer's proposals, newest first."""
        statement = _NAMED.where(Proposal.freelancer_id == freelancer_id)
        if before is not None:
            statement = statement.where(Proposal.id < before)
        return await self._named(statement.order_by(Proposal.id.desc()).limit(limit))

    async def declined_by_hand(self, order_id: UUID, freelancer_id: UUID) -> bool:
        """Tell whether the customer has declined this freelancer for this order."""
        statement = select(
            select(Proposal.id)
            .where(
                Proposal.order_id == order_id,
                Proposal.freelancer_id == freelancer_id,
                Proposal.decline_reason.in_(CUSTOMER_REASONS),
            )
            .exists()
        )
        return bool((await self._session.execute(statement)).scalar_one())

    async def acquire_advisory_lock(self, freelancer_id: UUID) -> None:
        """Let one freelancer's sending wait for itself, so that a count holds; the lock ends with the transaction."""
        key = func.hashtextextended(f"proposals:{freelancer_id}", 0)
        await self._session.execute(select(func.pg_advisory_xact_lock(key)))

    async def nth_latest_sent_at(self, freelancer_id: UUID, times: int, since: datetime) -> datetime | None:
        """Return when a freelancer sent the last proposal but so many since a moment, None where there are fewer."""
        statement = (
            select(Proposal.created_at)
            .where(Proposal.freelancer_id == freelancer_id, Proposal.created_at > since)
            .order_by(Proposal.created_at.desc())
            .offset(times - 1)
            .limit(1)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()


class OfferRepository:
    """Offers; whoever changes one has locked its order and its proposal before."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def insert(self, offer: Offer) -> None:
        """Write a new offer; the order is locked, so that no other one waits."""
        self._session.add(offer)
        await self._session.flush()

    async def get(self, offer_id: UUID) -> Offer | None:
        """Return one offer."""
        return (await self._session.execute(select(Offer).where(Offer.id == offer_id))).scalar_one_or_none()

    async def get_for_update(self, offer_id: UUID) -> Offer | None:
        """Lock one offer."""
        statement = (
            select(Offer).where(Offer.id == offer_id).with_for_update().execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def of_proposal(self, proposal_id: UUID) -> Sequence[Offer]:
        """Return every offer of a proposal, oldest first."""
        statement = select(Offer).where(Offer.proposal_id == proposal_id).order_by(Offer.number)
        return (await self._session.execute(statement)).scalars().all()

    async def holding_of(self, proposal_ids: Sequence[UUID]) -> Sequence[Offer]:
        """Return the offers of these proposals that wait for an answer or were agreed on; each has one at the most."""
        holding = Offer.status.in_((OfferStatus.OPEN, OfferStatus.ACCEPTED))
        statement = select(Offer).where(Offer.proposal_id.in_(proposal_ids), holding)
        return (await self._session.execute(statement)).scalars().all()

    async def open_of_order(self, order_id: UUID) -> Offer | None:
        """Return the offer of an order that waits for an answer."""
        statement = select(Offer).where(Offer.order_id == order_id, Offer.status == OfferStatus.OPEN)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def next_number(self, proposal_id: UUID) -> int:
        """Return the number of a proposal's next offer."""
        statement = select(func.coalesce(func.max(Offer.number), 0) + 1).where(Offer.proposal_id == proposal_id)
        return int((await self._session.execute(statement)).scalar_one())

    async def end_open(self, proposal_id: UUID, status: OfferStatus, now: datetime) -> None:
        """End the offer of a proposal that waits, if there is one."""
        statement = (
            update(Offer)
            .where(Offer.proposal_id == proposal_id, Offer.status == OfferStatus.OPEN)
            .values(status=status, decided_at=now, remind_at=None)
        )
        await self._session.execute(statement)

    async def over(self, now: datetime, limit: int) -> list[UUID]:
        """Return open offers whose time is over, those that waited longest first."""
        statement = (
            select(Offer.id)
            .where(Offer.status == OfferStatus.OPEN, Offer.expires_at <= now)
            .order_by(Offer.expires_at)
            .limit(limit)
        )
        return list((await self._session.execute(statement)).scalars())

    async def to_remind(self, now: datetime, limit: int) -> list[tuple[Offer, Proposal, Order]]:
        """Lock open offers whose reader is to be reminded; what another worker holds is passed over."""
        statement = (
            select(Offer, Proposal, Order)
            .join(Proposal, Proposal.id == Offer.proposal_id)
            .join(Order, Order.id == Offer.order_id)
            .where(Offer.remind_at <= now)
            .order_by(Offer.remind_at)
            .limit(limit)
            .with_for_update(of=Offer, skip_locked=True)
        )
        return [(offer, proposal, order) for offer, proposal, order in await self._session.execute(statement)]


class CoverLetterTemplateRepository:
    """Letters that freelancers keep."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def acquire_advisory_lock(self, owner_id: UUID) -> None:
        """Let one person's keeping wait for itself, so that a count holds; the lock ends with the transaction."""
        key = func.hashtextextended(f"letters:{owner_id}", 0)
        await self._session.execute(select(func.pg_advisory_xact_lock(key)))

    async def insert(self, letter: CoverLetterTemplate) -> None:
        """Write a new letter."""
        self._session.add(letter)
        await self._session.flush()

    async def of_owner(self, owner_id: UUID) -> Sequence[CoverLetterTemplate]:
        """Return somebody's letters, newest first; they are few."""
        statement = (
            select(CoverLetterTemplate)
            .where(CoverLetterTemplate.owner_id == owner_id)
            .order_by(CoverLetterTemplate.id.desc())
        )
        return (await self._session.execute(statement)).scalars().all()

    async def get_for_update(self, owner_id: UUID, letter_id: UUID) -> CoverLetterTemplate | None:
        """Lock one letter of somebody's own."""
        statement = select(CoverLetterTemplate).where(
            CoverLetterTemplate.id == letter_id, CoverLetterTemplate.owner_id == owner_id
        )
        return (await self._session.execute(statement.with_for_update())).scalar_one_or_none()

    async def delete(self, letter: CoverLetterTemplate) -> None:
        """Forget a letter."""
        await self._session.delete(letter)
