"""Contracts as their parties read them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.i18n import N_, _
from app.core.pagination import encode_cursor, last_id
from app.features.contracts import policy, rules
from app.features.contracts.errors import ContractNotFoundError, MilestoneNotFoundError
from app.features.contracts.repository import ContractReadRepository, ContractRow, ReadDeal, SubmissionRow
from app.features.contracts.rules import DEAL_MACHINE, EVENT_LABELS, MilestoneEvent
from app.features.contracts.schemas import (
    ChangeOrderRead,
    ChangeOrderState,
    ContractList,
    ContractRead,
    ContractSummary,
    DealMoney,
    DealRead,
    DealState,
    MilestoneRead,
    MilestoneState,
    NextStep,
    RefundRequestRead,
    ReleaseRead,
    SubmissionRead,
    SubmittedLine,
    TimelineEntry,
)
from app.features.contracts.service import money
from app.features.contracts.service.card_payments import PURPOSE
from app.features.contracts.service.submissions import files_of
from app.features.files import service as files
from app.features.files.schemas import FileRead
from app.features.ledger import service as ledger
from app.features.papers import service as papers
from app.features.payments import service as payments
from app.models import (
    AccountKind,
    ChangeOrder,
    Contract,
    Deal,
    DealTimer,
    Milestone,
    MilestoneStatus,
    RequestStatus,
    TimerKind,
)
from app.models.file import SubjectKind
from app.models.side import Side

NO_DEAL = N_("without a safe deal")
EVENT_TEXTS: dict[str, str] = {event.value: label for event, label in EVENT_LABELS.items()}
"""The lines of the timeline in English, by the names of events."""
NEXT_WORDS: dict[TimerKind, str] = {
    TimerKind.FUND_CONTRACT: N_("the contract ends without payment"),
    TimerKind.REVIEW: N_("the work counts as accepted and its money is released"),
    TimerKind.RESUBMIT: N_("the client may ask for a refund"),
    TimerKind.REFUND_ANSWER: N_("the money goes back to the client"),
    TimerKind.CHANGE_ORDER: N_("the proposed change of the work expires"),
}
"""What happens when a timer fires, as the end of “If nobody acts until …”."""
SHOWN_NEXT = (TimerKind.REVIEW, TimerKind.RESUBMIT, TimerKind.REFUND_ANSWER)


async def get_contract(session: AsyncSession, actor: Actor, contract_id: UUID) -> ContractRead:
    """Return a contract with its deal to one of its parties.

    Raises:
        ContractNotFoundError: It does not exist, or the actor is not a party.
    """
    row = await ContractReadRepository(session).get(contract_id, actor.id)
    side = policy.side_of(actor, row.contract) if row is not None else None
    if row is None or side is None:
        raise ContractNotFoundError
    contract = row.contract
    return ContractRead(
        id=contract.id,
        order_id=contract.order_id,
        order_title=row.order_title,
        proposal_id=contract.proposal_id,
        customer_id=contract.customer_id,
        freelancer_id=contract.freelancer_id,
        customer_name=row.customer,
        freelancer_name=row.freelancer,
        side=side.value,
        price_amount=contract.price_amount,
        currency=contract.currency,
        term_days=contract.term_days,
        agreed_at=contract.agreed_at,
        deal=await _deal(session, actor, side, contract, row.deal) if row.deal is not None else None,
    )


async def list_contracts(session: AsyncSession, actor: Actor, limit: int, cursor: str | None = None) -> ContractList:
    """Return the actor's contracts, newest first."""
    rows = await ContractReadRepository(session).of_person(actor.id, limit + 1, last_id(cursor))
    more = len(rows) > limit
    return ContractList(
        items=[_summary(actor, row) for row in rows[:limit]],
        next_cursor=encode_cursor(rows[limit - 1].contract.id) if more else None,
    )


async def find_contract(session: AsyncSession, actor: Actor, order_id: UUID) -> UUID | None:
    """Return the contract of an order to one of its parties, else None."""
    return await ContractReadRepository(session).of_order(order_id, actor.id)


async def find_milestone(session: AsyncSession, actor: Actor, milestone_id: UUID) -> tuple[UUID, int]:
    """Return the contract of a milestone and the milestone's number in it.

    Raises:
        MilestoneNotFoundError: It does not exist, or the actor is not a party.
    """
    found = await ContractReadRepository(session).of_milestone(milestone_id, actor.id)
    if found is None:
        raise MilestoneNotFoundError
    contract, _deal_of_it, milestone = found
    return contract.id, milestone.number


async def may_read_files(session: AsyncSession, reader: Actor | None, submission_id: UUID, _grant: str) -> bool:
    """Tell whether the reader of a link is a party of the contract that a submission belongs to."""
    return reader is not None and await ContractReadRepository(session).is_party_of_submission(submission_id, reader.id)


def read_milestone(milestone: Milestone) -> MilestoneState:
    """Return a milestone after an action."""
    return MilestoneState(
        id=milestone.id,
        contract_id=milestone.contract_id,
        status=milestone.status,
        version=milestone.version,
        held=money.held(milestone),
        released=milestone.released,
        refunded=milestone.refunded,
    )


def read_deal(deal: Deal) -> DealState:
    """Return a deal after an action."""
    return DealState(contract_id=deal.contract_id, status=deal.status, version=deal.version)


def read_change_order(order: ChangeOrder) -> ChangeOrderState:
    """Return a change of the work after an action."""
    return ChangeOrderState(id=order.id, contract_id=order.contract_id, status=order.status)


def _summary(actor: Actor, row: ContractRow) -> ContractSummary:
    is_customer = row.contract.customer_id == actor.id
    status = row.deal.status if row.deal is not None else None
    return ContractSummary(
        id=row.contract.id,
        order_title=row.order_title,
        other_name=row.freelancer if is_customer else row.customer,
        side=(Side.CUSTOMER if is_customer else Side.FREELANCER).value,
        price_amount=row.contract.price_amount,
        currency=row.contract.currency,
        agreed_at=row.contract.agreed_at,
        status=status,
        status_words=_(rules.DEAL_STATES[status]) if status is not None else _(NO_DEAL),
        held=row.held,
    )


async def _deal(session: AsyncSession, actor: Actor, side: Side, contract: Contract, deal: Deal) -> DealRead:
    found = await ContractReadRepository(session).everything(contract.id)
    submitted = await _submitted(session, actor, found)
    waiting = [timer for timer in found.timers if timer.kind is TimerKind.FUND_CONTRACT]
    under_way = await _open_payments(session, side, found)
    milestones = [_milestone(side, deal, it, found, submitted, under_way.get(it.id)) for it in found.milestones]
    can_pay = any(MilestoneEvent.FUND in it.actions for it in milestones)
    wallet = ledger.Account(AccountKind.WALLET, actor.id)
    return DealRead(
        status=deal.status,
        status_words=_(rules.DEAL_STATES[deal.status]),
        settings=deal.settings,
        actions=_deal_actions(side, deal, milestones),
        money=_money(found),
        next=_next(waiting[0]) if waiting else None,
        milestones=milestones,
        change_order=_change_order(found),
        wallet=await ledger.balance(session, wallet, contract.currency) if can_pay else None,
        papers=await papers.list_for(session, contract.id, actor),
        timeline=_timeline(found),
    )


def _deal_actions(side: Side, deal: Deal, milestones: Sequence[MilestoneRead]) -> list[str]:
    """Return what the actor can do with the whole deal; a pause waits until nobody waits for an answer."""
    names = [event.value.removeprefix("freelancer_") for event in DEAL_MACHINE.events(deal.status, side)]
    is_busy = any(it.status in rules.BUSY for it in milestones)
    return [name for name in names if not (is_busy and name == "pause")]


async def _submitted(session: AsyncSession, actor: Actor, found: ReadDeal) -> dict[UUID, SubmissionRead]:
    """Return the submissions of a deal with their files."""
    subjects = [files_of(row.submission.id) for row in found.submissions]
    attached = await files.attached(session, subjects, actor) if subjects else {}
    return {
        row.submission.id: _submission(row, attached.get(files_of(row.submission.id), [])) for row in found.submissions
    }


async def _open_payments(session: AsyncSession, side: Side, found: ReadDeal) -> dict[UUID, UUID]:
    """Return the client's payment of each milestone that is being paid."""
    being_paid = [it.id for it in found.milestones if it.status is MilestoneStatus.FUNDING and side is Side.CUSTOMER]
    return await payments.find_open_payments(session, PURPOSE, being_paid) if being_paid else {}


def _timeline(found: ReadDeal) -> list[TimelineEntry]:
    numbers = {milestone.id: milestone.number for milestone in found.milestones}
    return [
        TimelineEntry(
            event=entry.event,
            words=_(EVENT_TEXTS[entry.event]),
            side=entry.side,
            milestone=numbers.get(entry.milestone_id) if entry.milestone_id else None,
            amount=entry.amount,
            txn_id=entry.txn_id,
            note=entry.note,
            happened_at=entry.happened_at,
        )
        for entry in found.entries
    ]


def _money(found: ReadDeal) -> DealMoney:
    return DealMoney(
        held=sum(money.held(milestone) for milestone in found.milestones),
        maturing=sum(made.net for made in found.releases if made.matured_at is None),
        available=sum(made.net for made in found.releases if made.matured_at is not None),
        refunded=sum(milestone.refunded for milestone in found.milestones),
    )


def _milestone(
    side: Side,
    deal: Deal,
    milestone: Milestone,
    found: ReadDeal,
    submitted: Mapping[UUID, SubmissionRead],
    payment_id: UUID | None,
) -> MilestoneRead:
    timers = [timer for timer in found.timers if timer.milestone_id == milestone.id and timer.kind in SHOWN_NEXT]
    return MilestoneRead(
        id=milestone.id,
        number=milestone.number,
        title=milestone.title,
        amount=milestone.amount,
        customer_fee=money.customer_fee(deal, milestone.amount),
        days=milestone.days,
        checklist=milestone.checklist,
        accepted_lines=milestone.accepted_lines,
        status=milestone.status,
        status_words=_(rules.MILESTONE_STATES[milestone.status]),
        version=milestone.version,
        held=money.held(milestone),
        released=milestone.released,
        refunded=milestone.refunded,
        rounds=milestone.rounds,
        included_rounds=deal.settings["included_rounds"],
        actions=_actions(side, deal, milestone, timers, _vain_refunds(milestone, found)),
        payment_id=payment_id,
        next=_next(timers[0]) if timers else None,
        submissions=[
            submitted[row.submission.id] for row in found.submissions if row.submission.milestone_id == milestone.id
        ],
        refund=_open_refund(milestone, found),
        releases=_releases(milestone, found),
    )


def _open_refund(milestone: Milestone, found: ReadDeal) -> RefundRequestRead | None:
    for it in found.refunds:
        if it.milestone_id == milestone.id and it.status is RequestStatus.OPEN:
            return RefundRequestRead.model_validate(it, from_attributes=True)
    return None


def _vain_refunds(milestone: Milestone, found: ReadDeal) -> int:
    return sum(it.milestone_id == milestone.id and it.status in rules.VAIN for it in found.refunds)


def _releases(milestone: Milestone, found: ReadDeal) -> list[ReleaseRead]:
    return [
        ReleaseRead(
            kind=made.kind,
            amount=made.amount,
            net=made.net,
            released_at=made.released_at,
            available_at=made.available_at,
            matured=made.matured_at is not None,
        )
        for made in found.releases
        if made.milestone_id == milestone.id
    ]


HIDDEN = frozenset(
    {
        MilestoneEvent.ACCEPT_PART,
        MilestoneEvent.AGREE_PART_REFUND,
        MilestoneEvent.WITHDRAW_REFUND_UNSTARTED,
        MilestoneEvent.WITHDRAW_REFUND_OF_CHANGES,
    }
)
"""Events that are a part of another action."""


def _actions(side: Side, deal: Deal, milestone: Milestone, timers: Sequence[DealTimer], vain: int) -> list[str]:
    """Return what a side can do with a milestone now."""
    no_refund = vain >= rules.MAX_VAIN_REFUNDS or any(timer.kind is TimerKind.RESUBMIT for timer in timers)
    return [
        event.value
        for event in rules.MILESTONE_MACHINE.events(milestone.status, side)
        if event not in HIDDEN
        and rules.allows(deal.status, milestone.status, event, side)
        and not (no_refund and event is MilestoneEvent.ASK_REFUND)
    ]


def _next(timer: DealTimer) -> NextStep:
    return NextStep(event=timer.kind.value, words=_(NEXT_WORDS[timer.kind]), at=timer.due_at, held_up=timer.held_up)


def _submission(row: SubmissionRow, shown: Sequence[FileRead]) -> SubmissionRead:
    known = {str(file.id): file for file in shown}
    made, change = row.submission, row.change
    return SubmissionRead(
        id=made.id,
        number=made.number,
        note=made.note,
        lines=[
            SubmittedLine(
                line=answer["line"],
                text=answer["text"],
                files=[known[key] for key in answer["files"] if key in known],
            )
            for answer in made.answers
        ],
        submitted_at=made.submitted_at,
        requested_changes=change.lines if change is not None else [],
        change_note=change.note if change is not None else "",
    )


def _change_order(found: ReadDeal) -> ChangeOrderRead | None:
    order = found.change_order
    if order is None:
        return None
    ends: list[datetime] = [timer.due_at for timer in found.timers if timer.subject_id == order.id]
    return ChangeOrderRead.model_validate(
        {
            "id": order.id,
            "side": order.side,
            "note": order.note,
            "changes": order.changes,
            "status": order.status,
            "proposed_at": order.proposed_at,
            "expires_at": ends[0] if ends else None,
        }
    )


files.register_read_check(SubjectKind.SUBMISSION, may_read_files)
