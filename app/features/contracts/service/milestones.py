"""Use cases of milestones: pay in, start, accept, give back, and pay a bonus."""

from collections.abc import Collection
from uuid import UUID

from app.core.actor import Actor
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.money import Money, amount_as_typed
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import rules
from app.features.contracts.errors import InvalidDealAmountError, InvalidSubmissionError, WrongPartyError
from app.features.contracts.repository import DealRepository, LockedMilestone
from app.features.contracts.rules import DealEvent, MilestoneEvent, OtherEvent
from app.features.contracts.service import money
from app.features.contracts.service.guards import (
    change_state,
    contract_state_error,
    finish_if_done,
    lock_milestone,
    move_deal,
    record,
    require,
    require_freelancer,
    timer,
)
from app.features.contracts.service.papers import Move, MoveKind, issue_moves
from app.models import DealStatus, Milestone, ReleaseKind, TimerKind
from app.models.side import Side

NO_SUCH_LINE = N_("The checklist has no such line.")
NO_LINE = N_("Choose at least one line of the checklist.")
AMOUNT_OR_LINES = N_("Enter an amount or choose lines of the checklist, not both.")


async def fund_milestone(uow: UnitOfWork, actor: Actor, milestone_id: UUID, version: int | None = None) -> Milestone:
    """Pay a milestone, with the fee on it, from the client's wallet. Emits `DealMoved`.

    Raises:
        MilestoneNotFoundError: The actor is not a party.
        WrongPartyError: The actor is not the client.
        MilestoneStateError: The milestone is paid in, or being paid.
        FreelancerGoneError: The account of the freelancer is closed or blocked.
        InsufficientFundsError: The wallet holds less.
    """
    locked, side = await lock_milestone(uow, actor, milestone_id, version)
    require(locked, MilestoneEvent.FUND, side)
    await require_freelancer(uow, locked)
    await change_state(uow, locked.contract, locked.milestone, MilestoneEvent.FUND, locked.now)
    locked.milestone.funded_at = locked.now
    amount = locked.milestone.amount
    txn_id = await money.fund(uow, locked, actor, amount)
    record(
        uow,
        locked,
        MilestoneEvent.FUND,
        side,
        actor=actor,
        milestone=locked.milestone,
        amount=amount,
        txn_id=txn_id,
    )
    await _begin_work(uow, locked)
    await issue_moves(uow, locked, Move(MoveKind.PAID_IN, locked.milestone, amount))
    return locked.milestone


async def start_funding(
    uow: UnitOfWork, actor: Actor, milestone_id: UUID, version: int | None = None
) -> tuple[Milestone, Money]:
    """Mark a milestone as being paid by a payment; return it and what the payment must be. Emits `DealMoved`.

    The payment comes later: `funding_paid` or `funding_failed` ends this state. Errors are those of `fund_milestone`.
    """
    locked, side = await lock_milestone(uow, actor, milestone_id, version)
    milestone = locked.milestone
    require(locked, MilestoneEvent.START_FUNDING, side)
    await require_freelancer(uow, locked)
    await change_state(uow, locked.contract, milestone, MilestoneEvent.START_FUNDING, locked.now)
    whole = milestone.amount + money.customer_fee(locked.deal, milestone.amount)
    record(uow, locked, MilestoneEvent.START_FUNDING, side, actor=actor, milestone=milestone, amount=whole)
    return milestone, Money(whole, milestone.currency)


async def funding_paid(uow: UnitOfWork, milestone_id: UUID, paid: Money) -> bool:
    """Take a verified payment for a milestone, which is in the client's wallet now. Emits `DealMoved`.

    Returns:
        Whether the milestone took it. If not, because it does not wait for a payment any more or waits for another
        amount, the money stays in the wallet.
    """
    locked = await DealRepository(uow.session).lock_milestone(milestone_id)
    if locked is None:
        return False
    milestone = locked.milestone
    wanted = Money(milestone.amount + money.customer_fee(locked.deal, milestone.amount), milestone.currency)
    if paid != wanted or not rules.allows(
        locked.deal.status, milestone.status, MilestoneEvent.FUNDING_PAID, Side.SYSTEM
    ):
        return False
    await change_state(uow, locked.contract, milestone, MilestoneEvent.FUNDING_PAID, locked.now)
    milestone.funded_at = locked.now
    txn_id = await money.fund(uow, locked, None, milestone.amount)
    record(
        uow,
        locked,
        MilestoneEvent.FUNDING_PAID,
        Side.SYSTEM,
        milestone=milestone,
        amount=milestone.amount,
        txn_id=txn_id,
    )
    await _begin_work(uow, locked)
    await issue_moves(uow, locked, Move(MoveKind.PAID_IN, milestone, milestone.amount))
    return True


async def funding_failed(uow: UnitOfWork, milestone_id: UUID) -> bool:
    """Let a milestone wait for a payment again, because the one that was started has surely failed."""
    locked = await DealRepository(uow.session).lock_milestone(milestone_id)
    if locked is None or not rules.allows(
        locked.deal.status, locked.milestone.status, MilestoneEvent.FUNDING_FAILED, Side.SYSTEM
    ):
        return False
    await change_state(uow, locked.contract, locked.milestone, MilestoneEvent.FUNDING_FAILED, locked.now)
    record(uow, locked, MilestoneEvent.FUNDING_FAILED, Side.SYSTEM, milestone=locked.milestone)
    return True


async def start_milestone(uow: UnitOfWork, actor: Actor, milestone_id: UUID, version: int | None = None) -> Milestone:
    """Start work on a milestone whose money is held, as its freelancer. Emits `DealMoved`."""
    locked, side = await lock_milestone(uow, actor, milestone_id, version)
    require(locked, MilestoneEvent.START, side)
    await change_state(uow, locked.contract, locked.milestone, MilestoneEvent.START, locked.now)
    record(uow, locked, MilestoneEvent.START, side, actor=actor, milestone=locked.milestone)
    return locked.milestone


async def accept_milestone(
    uow: UnitOfWork,
    actor: Actor,
    milestone_id: UUID,
    version: int | None = None,
    *,
    amount: int | None = None,
    lines: Collection[int] | None = None,
) -> Milestone:
    """Accept submitted work, as the client, and release its money. Emits `DealMoved`.

    Args:
        uow: The unit of work.
        actor: Who acts.
        milestone_id: The milestone.
        version: The version that the actor has seen; None does not ask.
        amount: How much to release; None releases all that is held.
        lines: Positions of accepted lines of the checklist, instead of an amount. Each line is worth the same part of
            the price; the last one releases all that is left.

    Raises:
        MilestoneNotFoundError: The actor is not a party.
        WrongPartyError: The actor is not the client.
        MilestoneStateError: Nothing is submitted.
        InvalidDealAmountError: The amount is more than what is held.
        InvalidSubmissionError: The checklist has no such line, or an amount is given too.
    """
    locked, side = await lock_milestone(uow, actor, milestone_id, version)
    require(locked, MilestoneEvent.ACCEPT, side)
    if amount is not None and lines is not None:
        raise InvalidSubmissionError(errors=[FieldError(("body", "amount"), AMOUNT_OR_LINES)])
    milestone = locked.milestone
    rest, kind = money.held(milestone), ReleaseKind.ACCEPTED
    part = rest
    if lines is not None:
        part, kind = _part_of(milestone, lines), ReleaseKind.LINES
    elif amount is not None:
        part = checked_amount(amount, rest, milestone)
        kind = ReleaseKind.PART if part < rest else ReleaseKind.ACCEPTED
    await release(uow, locked, part, kind, side, actor)
    return milestone


async def release(
    uow: UnitOfWork, locked: LockedMilestone, part: int, kind: ReleaseKind, side: Side, actor: Actor | None
) -> None:
    """Release a part of a locked milestone, or all of it, which ends it."""
    milestone = locked.milestone
    event = MilestoneEvent.ACCEPT_BY_SILENCE if kind is ReleaseKind.SILENCE else MilestoneEvent.ACCEPT
    if part < money.held(milestone):
        event = MilestoneEvent.ACCEPT_PART
    await change_state(uow, locked.contract, milestone, event, locked.now)
    txn_id, taken = await money.release(uow, locked, part, kind, actor) if part else (None, None)
    record(uow, locked, event, side, actor=actor, milestone=milestone, amount=part, txn_id=txn_id)
    await finish_if_done(uow, locked, locked.milestone.status)
    if part:
        await issue_moves(uow, locked, Move(MoveKind.RELEASED, milestone, part, kind, taken))


async def return_money(uow: UnitOfWork, actor: Actor, milestone_id: UUID, version: int | None = None) -> Milestone:
    """Give all that is held for a milestone back to the client, as its freelancer. Emits `DealMoved`."""
    locked, side = await lock_milestone(uow, actor, milestone_id, version)
    require(locked, MilestoneEvent.RETURN_MONEY, side)
    rest = money.held(locked.milestone)
    await change_state(uow, locked.contract, locked.milestone, MilestoneEvent.RETURN_MONEY, locked.now)
    txn_id = await money.refund(uow, locked, rest, actor)
    record(
        uow,
        locked,
        MilestoneEvent.RETURN_MONEY,
        side,
        actor=actor,
        milestone=locked.milestone,
        amount=rest,
        txn_id=txn_id,
    )
    await finish_if_done(uow, locked, locked.milestone.status)
    await issue_moves(uow, locked, Move(MoveKind.REFUNDED, locked.milestone, rest))
    return locked.milestone


async def pay_bonus(
    uow: UnitOfWork, actor: Actor, milestone_id: UUID, amount: int, version: int | None = None
) -> Milestone:
    """Pay the freelancer more than was agreed, from the client's wallet. Emits `DealMoved`.

    Raises:
        MilestoneNotFoundError: The actor is not a party.
        WrongPartyError: The actor is not the client.
        ContractStateError: Nothing was ever paid in for the contract.
        FreelancerGoneError: The account of the freelancer is closed or blocked.
        InsufficientFundsError: The wallet holds less than the bonus and the client's fee on it.
    """
    locked, side = await lock_milestone(uow, actor, milestone_id, version)
    if side is not Side.CUSTOMER:
        raise WrongPartyError
    if locked.deal.status in (DealStatus.AWAITING_FUNDING, DealStatus.TERMINATED):
        raise contract_state_error(locked.deal)
    await require_freelancer(uow, locked)
    locked.milestone.version += 1
    txn_id = await money.pay_bonus(uow, locked, amount, actor)
    record(
        uow,
        locked,
        OtherEvent.BONUS,
        side,
        actor=actor,
        milestone=locked.milestone,
        amount=amount,
        txn_id=txn_id,
    )
    return locked.milestone


def checked_amount(amount: int, most: int, milestone: Milestone) -> int:
    """Return an amount of a milestone's money.

    Raises:
        InvalidDealAmountError: It is zero or less, or more than there is.
    """
    if not 0 < amount <= most:
        shown = f"{amount_as_typed(most, milestone.currency)} {milestone.currency}"
        text = InvalidDealAmountError.detail
        raise InvalidDealAmountError(
            params={"most": shown}, errors=[FieldError(("body", "amount"), text, {"most": shown})]
        )
    return amount


def _part_of(milestone: Milestone, lines: Collection[int]) -> int:
    """Mark lines of the checklist as accepted, and return what is to be released for them."""
    errors = [] if lines else [FieldError(("body", "lines"), NO_LINE)]
    errors += [
        FieldError(("body", "lines", place), NO_SUCH_LINE)
        for place, line in enumerate(lines)
        if not 0 <= line < len(milestone.checklist)
    ]
    if errors:
        raise InvalidSubmissionError(errors=errors)
    accepted = sorted({*milestone.accepted_lines, *lines})
    milestone.accepted_lines = accepted
    if len(accepted) == len(milestone.checklist):
        return money.held(milestone)
    price = milestone.funded - milestone.refunded
    return max(0, rules.part_of_lines(price, len(milestone.checklist), accepted) - milestone.released)


async def _begin_work(uow: UnitOfWork, locked: LockedMilestone) -> None:
    """Let the deal begin with its first paid milestone, and warn before the provider returns what is held."""
    warnings = rules.holding_warnings(locked.deal.settings, locked.now)
    rows = [timer(locked, TimerKind.HOLDING_LIMIT, due, milestone=locked.milestone) for due in warnings]
    await DealRepository(uow.session).add_timers(rows)
    if locked.deal.status is DealStatus.AWAITING_FUNDING:
        await DealRepository(uow.session).cancel_timers([locked.contract.id], kinds=[TimerKind.FUND_CONTRACT])
        move_deal(locked, DealEvent.BEGIN_WORK)
