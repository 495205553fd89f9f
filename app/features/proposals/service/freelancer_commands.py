"""Use cases of a freelancer: send, edit and withdraw a proposal."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.errors import FieldError
from app.core.unit_of_work import UnitOfWork
from app.features.files import service as files
from app.features.identity import service as identity
from app.features.orders import service as orders
from app.features.proposals import rules
from app.features.proposals.errors import (
    DeclinedBeforeError,
    OwnOrderError,
    ProposalNotFoundError,
    SimilarCoverLettersError,
    TooManyProposalsError,
    WrongSideError,
)
from app.features.proposals.events import ProposalSent, ProposalWithdrawn
from app.features.proposals.repository import ProposalRepository
from app.features.proposals.rules import ProposalEvent
from app.features.proposals.schemas import Milestone, ProposalCreate, ProposalPatch
from app.features.proposals.service.guards import (
    check_version,
    content_of,
    end_offer,
    event_parties,
    files_of,
    lock_proposal,
    next_status,
    raise_if_errors,
    status_after,
)
from app.models import Order, Proposal, ProposalRevision
from app.models.side import Side


async def require_open_order(session: AsyncSession, actor: Actor, order_id: UUID, key: str | None = None) -> None:
    """Check that an order takes a proposal of the actor, without locking it; `key` is the share key.

    Raises:
        OrderNotFoundError: It does not exist, or the actor may not read it.
        OrderNotOpenError: It takes no proposals.
        OwnOrderError: It is the actor's own order.
    """
    if await orders.require_open(session, actor, order_id, key) == actor.id:
        raise OwnOrderError


async def require_editable(session: AsyncSession, actor: Actor, proposal_id: UUID) -> None:
    """Check that the actor may edit a proposal, without locking it.

    Raises:
        ProposalNotFoundError: It does not exist or the actor is neither the freelancer nor the client.
        WrongSideError: The actor is the client.
        ProposalStateError: The proposal's state, or that of its order, does not allow it.
    """
    found = await ProposalRepository(session).get_statuses(proposal_id, actor.id)
    if found is None:
        raise ProposalNotFoundError
    freelancer_id, status, order_status = found
    if freelancer_id != actor.id:
        raise WrongSideError
    status_after(order_status, status, ProposalEvent.EDIT)


async def send_proposal(
    uow: UnitOfWork, actor: Actor, order_id: UUID, command: ProposalCreate, key: str | None = None
) -> Proposal:
    """Send a proposal to an open order of somebody else. Emits `ProposalSent`.

    `key` is the share key, needed for an order that is not public. A freelancer can have one active proposal per order.
    """
    repository = ProposalRepository(uow.session)
    await repository.acquire_advisory_lock(actor.id)
    settings = uow.resources.settings
    limit = await identity.daily_limit(
        uow.session,
        settings,
        actor.id,
        usual=settings.proposals_per_day,
        starting=settings.new_account_proposals_per_day,
    )
    order = await orders.count_new_proposal(uow, actor, order_id, key)
    if order.customer_id == actor.id:
        raise OwnOrderError
    sent = await repository.sent_before(actor.id, order.id, limit.times, limit.since)
    identity.remember_names(uow.session, [(actor.id, sent.freelancer)])
    limit.check(sent.nth_latest_at, TooManyProposalsError)
    if sent.declined_by_customer:
        raise DeclinedBeforeError
    price = command.price.to_money()
    errors = rules.validate_price(price, order.currency)
    errors += rules.validate_milestones(command.milestones, price.amount, command.term_days)
    errors += rules.validate_holding(command.milestones, command.term_days, settings.max_milestone_days)
    raise_if_errors(errors + rules.validate_answers(command.answers, order.questions))
    _check_similar_cover_letters(uow, command.letter, sent.letters)
    proposal = Proposal(
        order_id=order.id,
        order_version=order.version,
        freelancer_id=actor.id,
        price_amount=price.amount,
        currency=price.currency,
        term_days=command.term_days,
        letter=command.letter,
        milestones=[part.model_dump() for part in command.milestones],
        answers=_answered(order, command.answers),
    )
    await repository.insert(proposal)
    if command.files:
        await files.attach(uow, actor, files_of(proposal.id), command.files)
    uow.emit(ProposalSent(**event_parties(order, proposal)))
    return proposal


async def edit_proposal(uow: UnitOfWork, actor: Actor, proposal_id: UUID, command: ProposalPatch) -> Proposal:
    """Edit an undecided proposal; it then refers to the current version of the order.

    Raises:
        TooManyTriesError: The actor has edited proposals too often within ten minutes.
    """
    await uow.resources.limiter.hit(rules.EDITS_BY_ACCOUNT, str(actor.id))
    order, proposal = await lock_proposal(uow, actor, proposal_id, Side.FREELANCER)
    next_status(order, proposal, ProposalEvent.EDIT)
    check_version(proposal, command.version)
    before = content_of(proposal)
    if command.price is not None:
        price = command.price.to_money()
        raise_if_errors(rules.validate_price(price, order.currency))
        proposal.price_amount, proposal.currency = price.amount, price.currency
    if command.term_days is not None:
        proposal.term_days = command.term_days
    if command.letter is not None:
        proposal.letter = command.letter
    if command.milestones is not None:
        proposal.milestones = [part.model_dump() for part in command.milestones]
    if command.answers is not None:
        raise_if_errors(rules.validate_answers(command.answers, order.questions))
        proposal.answers = _answered(order, command.answers)
    parts = [Milestone.model_validate(part) for part in proposal.milestones]
    longest = uow.resources.settings.max_milestone_days
    errors = rules.validate_milestones(parts, proposal.price_amount, proposal.term_days)
    raise_if_errors(errors + rules.validate_holding(parts, proposal.term_days, longest))
    if command.files is not None:
        with uow.session.no_autoflush:  # one UPDATE of the proposal, with its new version
            await files.attach(uow, actor, files_of(proposal.id), command.files)
    if content_of(proposal) != before:
        ProposalRepository(uow.session).add_revision(
            ProposalRevision(proposal_id=proposal.id, version=proposal.version, content=before)
        )
    proposal.order_version = order.version
    proposal.version += 1
    proposal.edited_at = proposal.updated_at = utc_now()
    return proposal


async def withdraw_proposal(uow: UnitOfWork, actor: Actor, proposal_id: UUID) -> Proposal:
    """Withdraw an undecided proposal. Emits `ProposalWithdrawn`."""
    order, proposal = await lock_proposal(uow, actor, proposal_id, Side.FREELANCER)
    target = next_status(order, proposal, ProposalEvent.WITHDRAW)
    await end_offer(uow, proposal, Side.FREELANCER)
    proposal.status = target
    proposal.decided_at = proposal.updated_at = utc_now()
    orders.uncount_proposal(order)
    uow.emit(ProposalWithdrawn(**event_parties(order, proposal)))
    return proposal


def _check_similar_cover_letters(uow: UnitOfWork, letter: str, sent: Sequence[str]) -> None:
    """Reject a cover letter that is similar to too many others of the last 24 hours.

    Raises:
        SimilarCoverLettersError: As many similar cover letters as allowed were already sent.
    """
    allowed = uow.resources.settings.similar_letters_per_day
    if len(sent) >= allowed and rules.count_similar(letter, sent) >= allowed:
        raise SimilarCoverLettersError(errors=[FieldError(("body", "letter"), SimilarCoverLettersError.detail)])


def _answered(order: Order, answers: list[str]) -> list[dict[str, str]]:
    pairs = zip(order.questions, answers, strict=True)
    return [{"question": question, "answer": answer} for question, answer in pairs]
