"""State machines of deals and their milestones, and the arithmetic of their money; pure functions without I/O."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.core.config import Settings, max_work_days
from app.core.i18n import N_
from app.core.state_machine import Machine, Timer, Transition, published
from app.models.deal import DealStatus, MilestoneStatus, NoticeChannel, RequestStatus
from app.models.side import Side


class MilestoneEvent(StrEnum):
    """Events of a milestone."""

    FUND = "fund"
    START_FUNDING = "start_funding"
    FUNDING_PAID = "funding_paid"
    FUNDING_FAILED = "funding_failed"
    CANCEL = "cancel"
    START = "start"
    SUBMIT = "submit"
    ACCEPT = "accept"
    ACCEPT_PART = "accept_part"
    ACCEPT_BY_SILENCE = "accept_by_silence"
    REQUEST_CHANGES = "request_changes"
    RESUBMISSION_LATE = "resubmission_late"
    ASK_REFUND = "ask_refund"
    WITHDRAW_REFUND = "withdraw_refund"
    WITHDRAW_REFUND_UNSTARTED = "withdraw_refund_unstarted"
    WITHDRAW_REFUND_OF_CHANGES = "withdraw_refund_of_changes"
    AGREE_REFUND = "agree_refund"
    AGREE_PART_REFUND = "agree_part_refund"
    REFUSE_REFUND = "refuse_refund"
    REFUND_BY_SILENCE = "refund_by_silence"
    PART_REFUND_BY_SILENCE = "part_refund_by_silence"
    PART_REFUND_UNSTARTED = "part_refund_unstarted"
    RETURN_MONEY = "return_money"


class DealEvent(StrEnum):
    """Events of a deal; what both sides may do has an event for each."""

    BEGIN_WORK = "begin_work"
    PAUSE = "pause"
    FREELANCER_PAUSE = "freelancer_pause"
    RESUME = "resume"
    FREELANCER_RESUME = "freelancer_resume"
    END = "end"
    FREELANCER_END = "freelancer_end"
    FINISH = "finish"
    LAPSE = "lapse"


class OtherEvent(StrEnum):
    """What the timeline tells beside changes of state."""

    BEGUN = "begun"
    BONUS = "bonus"
    AVAILABLE = "available"
    CHANGE_ORDER_PROPOSED = "change_order_proposed"
    CHANGE_ORDER_SIGNED = "change_order_signed"
    CHANGE_PAID_IN = "change_paid_in"
    CHANGE_REFUNDED = "change_refunded"
    CHANGE_ORDER_REFUSED = "change_order_refused"
    CHANGE_ORDER_WITHDRAWN = "change_order_withdrawn"
    CHANGE_ORDER_LAPSED = "change_order_lapsed"
    REVIEW_HELD_UP = "review_held_up"
    REVIEW_ENDING = "review_ending"
    PAPER_SIGNED = "paper_signed"
    HOLDING_ENDING = "holding_ending"
    CORRECTED = "corrected"


type DealAction = DealEvent | MilestoneEvent | OtherEvent
MILESTONE_STATES: dict[MilestoneStatus, str] = {
    MilestoneStatus.PLANNED: N_("not paid in yet"),
    MilestoneStatus.FUNDING: N_("payment in progress"),
    MilestoneStatus.FUNDED: N_("money held"),
    MilestoneStatus.IN_WORK: N_("in progress"),
    MilestoneStatus.SUBMITTED: N_("in review"),
    MilestoneStatus.REVISION: N_("changes requested"),
    MilestoneStatus.REFUND_REQUESTED: N_("refund requested"),
    MilestoneStatus.ACCEPTED: N_("accepted"),
    MilestoneStatus.REFUNDED: N_("refunded"),
    MilestoneStatus.CANCELLED: N_("cancelled"),
}
DEAL_STATES: dict[DealStatus, str] = {
    DealStatus.AWAITING_FUNDING: N_("waiting for the first payment"),
    DealStatus.ACTIVE: N_("active"),
    DealStatus.PAUSED: N_("paused"),
    DealStatus.CLOSING: N_("ending"),
    DealStatus.CLOSED: N_("finished"),
    DealStatus.TERMINATED: N_("ended without payment"),
}
EVENT_LABELS: dict[DealAction, str] = {
    MilestoneEvent.FUND: N_("The client paid in from the wallet"),
    MilestoneEvent.START_FUNDING: N_("The client started a payment"),
    MilestoneEvent.FUNDING_PAID: N_("The payment arrived"),
    MilestoneEvent.FUNDING_FAILED: N_("The payment failed"),
    MilestoneEvent.CANCEL: N_("The milestone was cancelled"),
    MilestoneEvent.START: N_("The freelancer started work"),
    MilestoneEvent.SUBMIT: N_("The freelancer submitted work"),
    MilestoneEvent.ACCEPT: N_("The client accepted the work"),
    MilestoneEvent.ACCEPT_PART: N_("The client accepted a part"),
    MilestoneEvent.ACCEPT_BY_SILENCE: N_("The review time ended: the work counts as accepted"),
    MilestoneEvent.REQUEST_CHANGES: N_("The client requested changes"),
    MilestoneEvent.RESUBMISSION_LATE: N_("The time to submit again is over"),
    MilestoneEvent.ASK_REFUND: N_("The client asked for a refund"),
    MilestoneEvent.WITHDRAW_REFUND: N_("The client withdrew the refund request"),
    MilestoneEvent.WITHDRAW_REFUND_UNSTARTED: N_("The client withdrew the refund request"),
    MilestoneEvent.WITHDRAW_REFUND_OF_CHANGES: N_("The client withdrew the refund request"),
    MilestoneEvent.AGREE_REFUND: N_("The freelancer agreed to the refund"),
    MilestoneEvent.AGREE_PART_REFUND: N_("The freelancer agreed to the partial refund"),
    MilestoneEvent.REFUSE_REFUND: N_("The freelancer refused the refund"),
    MilestoneEvent.REFUND_BY_SILENCE: N_("The refund request was not answered: the money went back"),
    MilestoneEvent.PART_REFUND_BY_SILENCE: N_("The refund request was not answered: a part of the money went back"),
    MilestoneEvent.PART_REFUND_UNSTARTED: N_("The refund request was not answered: a part of the money went back"),
    MilestoneEvent.RETURN_MONEY: N_("The freelancer gave the money back"),
    DealEvent.BEGIN_WORK: N_("The first milestone is paid in"),
    DealEvent.PAUSE: N_("The client paused the contract"),
    DealEvent.FREELANCER_PAUSE: N_("The freelancer paused the contract"),
    DealEvent.RESUME: N_("The client resumed the contract"),
    DealEvent.FREELANCER_RESUME: N_("The freelancer resumed the contract"),
    DealEvent.END: N_("The client ended the contract"),
    DealEvent.FREELANCER_END: N_("The freelancer ended the contract"),
    DealEvent.FINISH: N_("The contract is finished"),
    DealEvent.LAPSE: N_("Nothing was paid in: the contract ended"),
    OtherEvent.BEGUN: N_("The contract was agreed"),
    OtherEvent.BONUS: N_("The client paid a bonus"),
    OtherEvent.AVAILABLE: N_("The security period is over: the money is available"),
    OtherEvent.CHANGE_ORDER_PROPOSED: N_("A change of the work was proposed"),
    OtherEvent.CHANGE_ORDER_SIGNED: N_("Both sides signed the change of the work"),
    OtherEvent.CHANGE_PAID_IN: N_("The difference to the higher price was paid in"),
    OtherEvent.CHANGE_REFUNDED: N_("The difference to the lower price went back to the client"),
    OtherEvent.CHANGE_ORDER_REFUSED: N_("The change of the work was refused"),
    OtherEvent.CHANGE_ORDER_WITHDRAWN: N_("The proposed change of the work was withdrawn"),
    OtherEvent.CHANGE_ORDER_LAPSED: N_("The proposed change of the work expired"),
    OtherEvent.REVIEW_HELD_UP: N_("The review time goes on: no message to the client is known to have arrived"),
    OtherEvent.REVIEW_ENDING: N_("The client was reminded of the review"),
    OtherEvent.PAPER_SIGNED: N_("A document was signed"),
    OtherEvent.CORRECTED: N_("The operator corrected an entry of this contract"),
    OtherEvent.HOLDING_ENDING: N_("The provider soon returns what is held: accept the work or agree on a refund"),
}
NOTHING_SUBMITTED = N_("Only if nothing was submitted; otherwise the request waits for an answer.")
AFTER_DEADLINE = N_("Only after the time to submit again is over.")
UNSTARTED = N_("Only if work had not begun.")
OF_CHANGES = N_("Only if changes were requested before.")
NOTICED = N_("Only after at least three messages in two ways, one of which is known to have arrived.")
NO_REVIEW = N_("Only while no milestone is in review or waits for an answer.")


def _row(
    source: MilestoneStatus, event: MilestoneEvent, side: Side, target: MilestoneStatus, only: str = ""
) -> Transition[MilestoneStatus, MilestoneEvent]:
    return Transition(source, event, side, target, only)


_M, _E = MilestoneStatus, MilestoneEvent
MILESTONE_MACHINE = published(
    Machine(
        "milestone",
        N_("Milestone"),
        _M.PLANNED,
        (
            _row(_M.PLANNED, _E.FUND, Side.CUSTOMER, _M.FUNDED),
            _row(_M.PLANNED, _E.START_FUNDING, Side.CUSTOMER, _M.FUNDING),
            _row(_M.PLANNED, _E.CANCEL, Side.SYSTEM, _M.CANCELLED),
            _row(_M.FUNDING, _E.FUNDING_PAID, Side.SYSTEM, _M.FUNDED),
            _row(_M.FUNDING, _E.FUNDING_FAILED, Side.SYSTEM, _M.PLANNED),
            _row(_M.FUNDING, _E.CANCEL, Side.SYSTEM, _M.CANCELLED),
            _row(_M.FUNDED, _E.START, Side.FREELANCER, _M.IN_WORK),
            _row(_M.FUNDED, _E.ASK_REFUND, Side.CUSTOMER, _M.REFUND_REQUESTED),
            _row(_M.FUNDED, _E.RETURN_MONEY, Side.FREELANCER, _M.REFUNDED),
            _row(_M.IN_WORK, _E.SUBMIT, Side.FREELANCER, _M.SUBMITTED),
            _row(_M.IN_WORK, _E.ASK_REFUND, Side.CUSTOMER, _M.REFUND_REQUESTED),
            _row(_M.IN_WORK, _E.RETURN_MONEY, Side.FREELANCER, _M.REFUNDED),
            _row(_M.SUBMITTED, _E.ACCEPT, Side.CUSTOMER, _M.ACCEPTED),
            _row(_M.SUBMITTED, _E.ACCEPT_PART, Side.CUSTOMER, _M.SUBMITTED),
            _row(_M.SUBMITTED, _E.ACCEPT_BY_SILENCE, Side.SYSTEM, _M.ACCEPTED, NOTICED),
            _row(_M.SUBMITTED, _E.REQUEST_CHANGES, Side.CUSTOMER, _M.REVISION),
            _row(_M.SUBMITTED, _E.RETURN_MONEY, Side.FREELANCER, _M.REFUNDED),
            _row(_M.REVISION, _E.SUBMIT, Side.FREELANCER, _M.SUBMITTED),
            _row(_M.REVISION, _E.RESUBMISSION_LATE, Side.SYSTEM, _M.REVISION),
            _row(_M.REVISION, _E.ASK_REFUND, Side.CUSTOMER, _M.REFUND_REQUESTED, AFTER_DEADLINE),
            _row(_M.REVISION, _E.RETURN_MONEY, Side.FREELANCER, _M.REFUNDED),
            _row(_M.REFUND_REQUESTED, _E.SUBMIT, Side.FREELANCER, _M.SUBMITTED),
            _row(_M.REFUND_REQUESTED, _E.AGREE_REFUND, Side.FREELANCER, _M.REFUNDED),
            _row(_M.REFUND_REQUESTED, _E.AGREE_PART_REFUND, Side.FREELANCER, _M.IN_WORK),
            _row(_M.REFUND_REQUESTED, _E.REFUSE_REFUND, Side.FREELANCER, _M.IN_WORK),
            _row(_M.REFUND_REQUESTED, _E.WITHDRAW_REFUND, Side.CUSTOMER, _M.IN_WORK),
            _row(_M.REFUND_REQUESTED, _E.WITHDRAW_REFUND_UNSTARTED, Side.CUSTOMER, _M.FUNDED, UNSTARTED),
            _row(_M.REFUND_REQUESTED, _E.WITHDRAW_REFUND_OF_CHANGES, Side.CUSTOMER, _M.REVISION, OF_CHANGES),
            _row(_M.REFUND_REQUESTED, _E.REFUND_BY_SILENCE, Side.SYSTEM, _M.REFUNDED, NOTHING_SUBMITTED),
            _row(_M.REFUND_REQUESTED, _E.PART_REFUND_BY_SILENCE, Side.SYSTEM, _M.IN_WORK, NOTHING_SUBMITTED),
            _row(_M.REFUND_REQUESTED, _E.PART_REFUND_UNSTARTED, Side.SYSTEM, _M.FUNDED, UNSTARTED),
        ),
        timers=[
            Timer(_M.PLANNED, _E.CANCEL, follows="contract"),
            Timer(_M.FUNDING, _E.FUNDING_FAILED, follows="payment"),
            Timer(_M.SUBMITTED, _E.ACCEPT_BY_SILENCE, "deal_acceptance_days"),
            Timer(_M.REVISION, _E.RESUBMISSION_LATE, "deal_resubmit_days"),
            Timer(_M.REFUND_REQUESTED, _E.REFUND_BY_SILENCE, "deal_refund_answer_days"),
        ],
        words={
            **{state.value: words for state, words in MILESTONE_STATES.items()},
            **{event.value: EVENT_LABELS[event] for event in MilestoneEvent},
        },
    )
)


def _move(
    source: DealStatus, event: DealEvent, side: Side, target: DealStatus, only: str = ""
) -> Transition[DealStatus, DealEvent]:
    return Transition(source, event, side, target, only)


_D, _C = DealStatus, DealEvent
DEAL_MACHINE = published(
    Machine(
        "deal",
        N_("Contract with a safe deal"),
        _D.AWAITING_FUNDING,
        (
            _move(_D.AWAITING_FUNDING, _C.BEGIN_WORK, Side.SYSTEM, _D.ACTIVE),
            _move(_D.AWAITING_FUNDING, _C.END, Side.CUSTOMER, _D.TERMINATED),
            _move(_D.AWAITING_FUNDING, _C.FREELANCER_END, Side.FREELANCER, _D.TERMINATED),
            _move(_D.AWAITING_FUNDING, _C.LAPSE, Side.SYSTEM, _D.TERMINATED),
            _move(_D.ACTIVE, _C.PAUSE, Side.CUSTOMER, _D.PAUSED, NO_REVIEW),
            _move(_D.ACTIVE, _C.FREELANCER_PAUSE, Side.FREELANCER, _D.PAUSED, NO_REVIEW),
            _move(_D.ACTIVE, _C.END, Side.CUSTOMER, _D.CLOSING),
            _move(_D.ACTIVE, _C.FREELANCER_END, Side.FREELANCER, _D.CLOSING),
            _move(_D.ACTIVE, _C.FINISH, Side.SYSTEM, _D.CLOSED),
            _move(_D.PAUSED, _C.RESUME, Side.CUSTOMER, _D.ACTIVE),
            _move(_D.PAUSED, _C.FREELANCER_RESUME, Side.FREELANCER, _D.ACTIVE),
            _move(_D.PAUSED, _C.END, Side.CUSTOMER, _D.CLOSING),
            _move(_D.PAUSED, _C.FREELANCER_END, Side.FREELANCER, _D.CLOSING),
            _move(_D.PAUSED, _C.FINISH, Side.SYSTEM, _D.CLOSED),
            _move(_D.CLOSING, _C.FINISH, Side.SYSTEM, _D.CLOSED),
        ),
        timers=[
            Timer(_D.AWAITING_FUNDING, _C.LAPSE, "deal_funding_days"),
            *(Timer(state, _C.FINISH, follows="milestone") for state in (_D.ACTIVE, _D.PAUSED, _D.CLOSING)),
        ],
        words={
            **{state.value: words for state, words in DEAL_STATES.items()},
            **{event.value: EVENT_LABELS[event] for event in DealEvent},
        },
    )
)
OPEN_DEAL = (DealStatus.AWAITING_FUNDING, DealStatus.ACTIVE, DealStatus.PAUSED, DealStatus.CLOSING)
WHILE: dict[MilestoneEvent, tuple[DealStatus, ...]] = {
    MilestoneEvent.FUND: (DealStatus.AWAITING_FUNDING, DealStatus.ACTIVE),
    MilestoneEvent.START_FUNDING: (DealStatus.AWAITING_FUNDING, DealStatus.ACTIVE),
    MilestoneEvent.START: (DealStatus.ACTIVE, DealStatus.CLOSING),
    MilestoneEvent.SUBMIT: (DealStatus.ACTIVE, DealStatus.CLOSING),
}
"""The states of a deal in which an event of a milestone is allowed; all others are allowed until it has ended."""
SETTING_NAMES = (
    "funding_days",
    "acceptance_days",
    "resubmit_days",
    "refund_answer_days",
    "security_days",
    "holding_days",
    "change_hours",
    "included_rounds",
)
REMINDER_DAYS = (7, 3, 1)
"""So many days before the review time ends the client is reminded."""
HOLDING_WARNINGS = (21, 7, 2)
"""So many days before the provider's limit both sides are warned."""
BACK_TO: dict[MilestoneEvent, dict[str, MilestoneEvent]] = {
    MilestoneEvent.WITHDRAW_REFUND: {
        MilestoneStatus.FUNDED: MilestoneEvent.WITHDRAW_REFUND_UNSTARTED,
        MilestoneStatus.REVISION: MilestoneEvent.WITHDRAW_REFUND_OF_CHANGES,
    },
    MilestoneEvent.PART_REFUND_BY_SILENCE: {MilestoneStatus.FUNDED: MilestoneEvent.PART_REFUND_UNSTARTED},
}
"""The event that is meant by the state in which a refund was asked for. The client and silence begin no work; a
freelancer who answers, and keeps money of the milestone, goes on with it."""
MAX_VAIN_REFUNDS = 5
"""So many refund requests of a milestone may be refused or withdrawn; there is no further one."""
VAIN = (RequestStatus.REFUSED, RequestStatus.WITHDRAWN)
LEAST_NOTICES = 3
LEAST_CHANNELS = 2


def frozen_settings(settings: Settings) -> dict[str, int]:
    """Return the durations that a deal keeps."""
    return {name: int(getattr(settings, f"deal_{name}")) for name in SETTING_NAMES}


def duration(settings: dict[str, Any], name: str) -> timedelta:
    """Return a duration that a deal keeps; the unit ends the setting's name."""
    return timedelta(**{name.rpartition("_")[2]: settings[name]})


def max_days(settings: dict[str, Any]) -> int | None:
    """Return how long work on a milestone may take under the terms of a deal; None where money is held for ever."""
    return max_work_days(settings.get("holding_days", 0), settings["acceptance_days"])


def holding_warnings(settings: dict[str, Any], funded_at: datetime) -> list[datetime]:
    """Return when both sides are warned that the provider returns what is held; never where it has no limit."""
    days = settings.get("holding_days", 0)
    return [funded_at + timedelta(days=days - left) for left in HOLDING_WARNINGS if days > left]


def allows(deal: DealStatus, state: MilestoneStatus, event: MilestoneEvent, side: Side) -> bool:
    """Tell whether a side may trigger an event of a milestone while the deal is in a state."""
    return deal in WHILE.get(event, OPEN_DEAL) and event in MILESTONE_MACHINE.events(state, side)


def part_of_lines(amount: int, lines: int, accepted: Collection[int]) -> int:
    """Return what the accepted lines of a checklist are worth: equal parts, rounded down together."""
    return amount * len(set(accepted)) // lines


BUSY = (
    MilestoneStatus.FUNDING,
    MilestoneStatus.SUBMITTED,
    MilestoneStatus.REVISION,
    MilestoneStatus.REFUND_REQUESTED,
)
"""States in which somebody waits for an answer: a pause would stop a clock that protects them."""


def may_release_by_silence(notices: Sequence[tuple[str, bool]]) -> bool:
    """Tell whether the client was told often enough of a submission that it may count as accepted.

    There must be three messages in two channels, one of which arrived. Each is its channel, and whether it is known
    to have arrived. A client who has opened a notification on the site knows of the work, so opening it counts as the
    second channel: otherwise who has no e-mail address could keep earned money held for ever by not answering.
    """
    channels = {channel for channel, _arrived in notices}
    is_opened = (NoticeChannel.SITE, True) in notices
    return (
        len(notices) >= LEAST_NOTICES
        and len(channels) + is_opened >= LEAST_CHANNELS
        and any(arrived for _channel, arrived in notices)
    )
