"""Checks, locks and small helpers shared by the use cases of proposals."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.errors import FieldError
from app.core.persistence.kept_rows import is_current
from app.core.unit_of_work import UnitOfWork
from app.features.files import service as files
from app.features.files.schemas import Subject
from app.features.identity import service as identity
from app.features.proposals import policy
from app.features.proposals.errors import (
    InvalidProposalError,
    ProposalChangedError,
    ProposalNotFoundError,
    ProposalStateError,
    WrongSideError,
)
from app.features.proposals.events import ProposalDeclined
from app.features.proposals.repository import Named, OfferRepository, OfferRow, ProposalRepository
from app.features.proposals.rules import PROPOSAL_MACHINE, ProposalEvent
from app.models import DeclineReason, OfferStatus, Order, OrderStatus, Proposal, ProposalStatus
from app.models.file import SubjectKind
from app.models.proposal import NEGOTIATED
from app.models.side import Side

_READ = "iplance.proposals.read"
"""Where a session keeps the proposals that it has read with their orders."""


async def get_visible_proposal(session: AsyncSession, actor: Actor, proposal_id: UUID) -> tuple[Order, Proposal]:
    """Return a proposal and its order, if the actor is on one of its sides; a session reads them once.

    Raises:
        ProposalNotFoundError: It does not exist or the actor is neither the freelancer nor the client.
    """
    known: dict[UUID, tuple[Order, Proposal]] = session.info.get(_READ, {})
    kept = known.get(proposal_id)
    if kept is not None and all(map(is_current, kept)) and policy.side_of(actor, *kept) is not None:
        return kept
    return _known_to(actor, session, await ProposalRepository(session).get(proposal_id))


def _known_to(
    actor: Actor, session: AsyncSession, found: tuple[Proposal, Order, str, str] | None
) -> tuple[Order, Proposal]:
    if found is None:
        raise ProposalNotFoundError
    proposal, order, freelancer, customer = found
    if policy.side_of(actor, order, proposal) is None:
        raise ProposalNotFoundError
    _remember(session, order, proposal, freelancer, customer)
    return order, proposal


def remember_proposal(session: AsyncSession, row: OfferRow) -> None:
    """Keep the proposal of an offer with its order and the names of its sides, so that they are not read again."""
    _remember(session, row.order, row.proposal, row.freelancer, row.customer)


def _remember(session: AsyncSession, order: Order, proposal: Proposal, freelancer: str, customer: str) -> None:
    session.info.setdefault(_READ, {})[proposal.id] = (order, proposal)
    identity.remember_names(session, [(proposal.freelancer_id, freelancer), (order.customer_id, customer)])


def named(session: AsyncSession, rows: Iterable[Named]) -> list[Proposal]:
    """Return the proposals and cache the loaded names of their freelancers in the session."""
    found = list(rows)
    identity.remember_names(session, [(proposal.freelancer_id, name) for proposal, name in found])
    return [proposal for proposal, _name in found]


async def lock_proposal(uow: UnitOfWork, actor: Actor, proposal_id: UUID, side: Side) -> tuple[Order, Proposal]:
    """Lock a proposal and its order for an action of one side.

    Raises:
        ProposalNotFoundError: The actor is neither the freelancer nor the client.
        WrongSideError: The action belongs to the other side.
    """
    order, proposal = await lock_both(uow, actor, proposal_id)
    if policy.side_of(actor, order, proposal) is not side:
        raise WrongSideError
    return order, proposal


async def lock_both(uow: UnitOfWork, actor: Actor, proposal_id: UUID) -> tuple[Order, Proposal]:
    """Lock the order of a proposal, then the proposal, for one of its two sides.

    Raises:
        ProposalNotFoundError: It does not exist or the actor is neither the freelancer nor the client.
    """
    repository = ProposalRepository(uow.session)
    return _known_to(actor, uow.session, await repository.get_for_update(proposal_id, actor.id))


def next_status(order: Order, proposal: Proposal, event: ProposalEvent) -> ProposalStatus:
    """Return the status to which the event leads while the order is open.

    Raises:
        ProposalStateError: The proposal's state has no such transition, or the order is not open.
    """
    return status_after(order.status, proposal.status, event)


def status_after(order_status: OrderStatus, status: ProposalStatus, event: ProposalEvent) -> ProposalStatus:
    """Return the status to which the event leads from the given ones.

    Raises:
        ProposalStateError: The proposal's state has no such transition, or the order is not open.
    """
    target = PROPOSAL_MACHINE.target(status, event)
    if target is None or order_status is not OrderStatus.OPEN:
        raise ProposalStateError
    return target


async def end_offer(uow: UnitOfWork, proposal: Proposal, side: Side) -> None:
    """Close the open offer of a locked proposal, because `side` ends the proposal itself."""
    if proposal.status in NEGOTIATED:
        mine = (proposal.status is ProposalStatus.OFFERED) is (side is Side.CUSTOMER)
        status = OfferStatus.WITHDRAWN if mine else OfferStatus.DECLINED
        await OfferRepository(uow.session).end_open(proposal.id, status, utc_now())


def decline(uow: UnitOfWork, order: Order, proposal: Proposal, reason: DeclineReason) -> None:
    """Decline a locked proposal. Emits `ProposalDeclined`."""
    proposal.status = ProposalStatus.DECLINED
    proposal.decline_reason = reason
    proposal.decided_at = proposal.updated_at = utc_now()
    uow.emit(ProposalDeclined(**event_parties(order, proposal), reason=reason.value))


def event_parties(order: Order, proposal: Proposal) -> dict[str, str]:
    """Return the ids that every event of a proposal contains."""
    return {
        "proposal_id": str(proposal.id),
        "order_id": str(order.id),
        "customer_id": str(order.customer_id),
        "freelancer_id": str(proposal.freelancer_id),
    }


def files_of(proposal_id: UUID) -> Subject:
    """Return the subject to which the files of a proposal are attached."""
    return Subject(SubjectKind.PROPOSAL, proposal_id)


async def may_read_files(session: AsyncSession, reader: Actor | None, proposal_id: UUID, _grant: str) -> bool:
    """Tell whether the reader of a link is on one side of the proposal."""
    found = None if reader is None else await ProposalRepository(session).get(proposal_id)
    return reader is not None and found is not None and policy.side_of(reader, found[1], found[0]) is not None


files.register_read_check(SubjectKind.PROPOSAL, may_read_files)


def content_of(proposal: Proposal) -> dict[str, Any]:
    """Return the content of a proposal as revisions store it."""
    return {
        "price": proposal.price_amount,
        "term_days": proposal.term_days,
        "letter": proposal.letter,
        "milestones": proposal.milestones,
        "answers": proposal.answers,
    }


def raise_if_errors(errors: list[FieldError]) -> None:
    """Raise `InvalidProposalError` with all errors, if there are any."""
    if errors:
        raise InvalidProposalError(errors=errors)


def check_version(proposal: Proposal, version: int | None) -> None:
    """Raise `ProposalChangedError` if `version` is given and is not the current version."""
    if version is not None and version != proposal.version:
        raise ProposalChangedError


def record_view(proposal: Proposal) -> None:
    """Record when the client first saw a locked proposal. Every action of the client implies it."""
    if proposal.seen_at is None:
        proposal.seen_at = utc_now()
