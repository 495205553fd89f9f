"""The state machines of payments and withdrawals, and when the provider is asked; pure, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate, pairwise

from app.core.config import Settings
from app.core.i18n import N_
from app.core.money import Currency, Money
from app.core.payment_port import OperationKind
from app.core.security.rate_limits import Rate
from app.core.state_machine import Machine, Timer, Transition, published
from app.models import CardRefundState, OperationState, PaymentState, PayoutState, WithdrawalState
from app.models.side import PROVIDER, Side
from app.models.withdrawal import MAX_PARTS

INTENTS_BY_ACCOUNT = Rate("payments", 30, 60 * 60)
CHECKS_BY_ACCOUNT = Rate("payment-checks", 30, 5 * 60)
WALLET = "wallet"
"""The purpose of a payment that only fills the wallet."""
PAYMENT_SECONDS = 3 * 24 * 60 * 60
"""For how long a payment can be paid."""
CLAIM_SECONDS = 45
"""After this time somebody else takes an operation up; longer than a call takes at most."""
MAX_SENDS = 4
"""How often one call is sent with its one key; after that the provider is only read."""
ABSENT_AFTER = timedelta(minutes=15)
"""An operation that the provider does not have this long after the last call was never executed."""
PERSON_AFTER = timedelta(hours=24)
"""After this time without an answer an operator looks."""
MAX_PAUSE = timedelta(hours=24)
REREAD_DAYS = 30
"""For so long a paid withdrawal is read once a day: the bank may send it back, and a receipt may be annulled."""
STUCK_AFTER: dict[OperationKind, timedelta] = {
    OperationKind.PAYMENT: timedelta(hours=1),
    OperationKind.REFUND: timedelta(minutes=15),
    OperationKind.PAYOUT: timedelta(minutes=15),
}
"""From this age on an operation that has not ended is shown to the operator."""
A_DAY = timedelta(days=1)
"""Within this time the withdrawals of a person are added up for the limit of a day."""
CUSTOMER, SYSTEM, OPERATOR = Side.CUSTOMER, Side.SYSTEM, Side.OPERATOR
FINISHED = frozenset({OperationState.DONE, OperationState.FAILED})


class MoneyEvent(StrEnum):
    """What happens to a payment, a withdrawal, a refund, or an operation at the provider."""

    SEND = "send"
    WAIT = "wait"
    ACCEPT = "accept"
    LOSE = "lose"
    ESCALATE = "escalate"
    FINISH = "finish"
    FAIL = "fail"
    WITHDRAW = "withdraw"
    QUESTION = "question"
    CREDIT = "credit"
    RETURN = "return"
    APPROVE = "approve"
    REFUSE = "refuse"
    CANCEL = "cancel"
    LAPSE = "lapse"


EVENT_LABELS: dict[str, str] = {
    MoneyEvent.SEND: N_("the site asks the provider"),
    MoneyEvent.WAIT: N_("the provider asks to wait"),
    MoneyEvent.ACCEPT: N_("the provider has begun"),
    MoneyEvent.LOSE: N_("no answer arrives"),
    MoneyEvent.ESCALATE: N_("a person has to look"),
    MoneyEvent.FINISH: N_("the provider confirms it"),
    MoneyEvent.FAIL: N_("it is surely not executed"),
    MoneyEvent.WITHDRAW: N_("it is given up before it was sent"),
    MoneyEvent.QUESTION: N_("another amount arrives"),
    MoneyEvent.CREDIT: N_("the money goes to the wallet"),
    MoneyEvent.RETURN: N_("the bank sends it back"),
    MoneyEvent.APPROVE: N_("the operator approves it"),
    MoneyEvent.REFUSE: N_("the operator refuses it"),
    MoneyEvent.CANCEL: N_("its owner gives it up"),
    MoneyEvent.LAPSE: N_("nobody decides in time"),
}
_TO_SEND, _SENDING, _PENDING = OperationState.TO_SEND, OperationState.SENDING, OperationState.PENDING
_UNKNOWN, _PERSON = OperationState.UNKNOWN, OperationState.NEEDS_PERSON
_DONE, _FAILED = OperationState.DONE, OperationState.FAILED

OPERATION_MACHINE = published(
    Machine(
        "provider-operation",
        N_("Operation at the payment provider"),
        _TO_SEND,
        (
            Transition(_TO_SEND, MoneyEvent.SEND, SYSTEM, _SENDING),
            Transition(_TO_SEND, MoneyEvent.WITHDRAW, CUSTOMER, _FAILED),
            Transition(_TO_SEND, MoneyEvent.REFUSE, OPERATOR, _FAILED),
            Transition(_SENDING, MoneyEvent.WAIT, PROVIDER, _TO_SEND),
            Transition(_SENDING, MoneyEvent.ACCEPT, PROVIDER, _PENDING),
            Transition(_SENDING, MoneyEvent.LOSE, PROVIDER, _UNKNOWN),
            Transition(_SENDING, MoneyEvent.ESCALATE, SYSTEM, _PERSON),
            Transition(_SENDING, MoneyEvent.FINISH, PROVIDER, _DONE),
            Transition(_SENDING, MoneyEvent.FAIL, PROVIDER, _FAILED),
            Transition(_PENDING, MoneyEvent.ESCALATE, SYSTEM, _PERSON),
            Transition(_PENDING, MoneyEvent.FINISH, PROVIDER, _DONE),
            Transition(_PENDING, MoneyEvent.FAIL, PROVIDER, _FAILED),
            Transition(_UNKNOWN, MoneyEvent.SEND, SYSTEM, _SENDING),
            Transition(_UNKNOWN, MoneyEvent.ACCEPT, PROVIDER, _PENDING),
            Transition(_UNKNOWN, MoneyEvent.ESCALATE, SYSTEM, _PERSON),
            Transition(_UNKNOWN, MoneyEvent.FINISH, PROVIDER, _DONE),
            Transition(_UNKNOWN, MoneyEvent.FAIL, PROVIDER, _FAILED),
            Transition(_PERSON, MoneyEvent.FINISH, PROVIDER, _DONE),
            Transition(_PERSON, MoneyEvent.FAIL, PROVIDER, _FAILED),
        ),
        timers=[
            Timer(_TO_SEND, MoneyEvent.SEND, follows="next run of the worker"),
            *(Timer(state, MoneyEvent.ESCALATE, lasts=PERSON_AFTER) for state in (_SENDING, _PENDING, _UNKNOWN)),
        ],
        words=EVENT_LABELS
        | {
            _TO_SEND: N_("Not sent yet"),
            _SENDING: N_("Being sent"),
            _PENDING: N_("At the provider"),
            _UNKNOWN: N_("No answer yet"),
            _PERSON: N_("A person looks at it"),
            _DONE: N_("Done"),
            _FAILED: N_("Not executed"),
        },
    )
)
PAYMENT_MACHINE = published(
    Machine(
        "payment",
        N_("Payment"),
        PaymentState.OPEN,
        (
            Transition(PaymentState.OPEN, MoneyEvent.FINISH, PROVIDER, PaymentState.PAID),
            Transition(PaymentState.OPEN, MoneyEvent.FAIL, PROVIDER, PaymentState.CANCELED),
            Transition(PaymentState.OPEN, MoneyEvent.QUESTION, PROVIDER, PaymentState.QUESTIONED),
            Transition(PaymentState.CANCELED, MoneyEvent.CREDIT, PROVIDER, PaymentState.CREDITED),
            Transition(PaymentState.CANCELED, MoneyEvent.QUESTION, PROVIDER, PaymentState.QUESTIONED),
            Transition(PaymentState.QUESTIONED, MoneyEvent.CREDIT, OPERATOR, PaymentState.CREDITED),
        ),
        words=EVENT_LABELS
        | {
            PaymentState.OPEN: N_("Waits to be paid"),
            PaymentState.PAID: N_("Paid"),
            PaymentState.CANCELED: N_("Not paid"),
            PaymentState.QUESTIONED: N_("Another amount arrived"),
            PaymentState.CREDITED: N_("In the wallet"),
        },
    )
)
PAYOUT_MACHINE = published(
    Machine(
        "payout",
        N_("Withdrawal"),
        PayoutState.MOVING,
        (
            Transition(PayoutState.MOVING, MoneyEvent.FINISH, PROVIDER, PayoutState.PAID),
            Transition(PayoutState.MOVING, MoneyEvent.FAIL, PROVIDER, PayoutState.FAILED),
            Transition(PayoutState.PAID, MoneyEvent.RETURN, PROVIDER, PayoutState.RETURNED),
        ),
        words=EVENT_LABELS
        | {
            PayoutState.MOVING: N_("On its way"),
            PayoutState.PAID: N_("Paid out"),
            PayoutState.FAILED: N_("Not paid out"),
            PayoutState.RETURNED: N_("Sent back by the bank"),
        },
    )
)
WITHDRAWAL_MACHINE = published(
    Machine(
        "withdrawal",
        N_("Approval of a withdrawal"),
        WithdrawalState.WAITING,
        (
            Transition(WithdrawalState.WAITING, MoneyEvent.APPROVE, OPERATOR, WithdrawalState.APPROVED),
            Transition(WithdrawalState.WAITING, MoneyEvent.REFUSE, OPERATOR, WithdrawalState.REFUSED),
            Transition(WithdrawalState.WAITING, MoneyEvent.CANCEL, Side.FREELANCER, WithdrawalState.CANCELED),
            Transition(WithdrawalState.WAITING, MoneyEvent.LAPSE, SYSTEM, WithdrawalState.LAPSED),
        ),
        timers=[Timer(WithdrawalState.WAITING, MoneyEvent.LAPSE, "withdrawal_decision_days")],
        words=EVENT_LABELS
        | {
            WithdrawalState.WAITING: N_("Waits for an approval"),
            WithdrawalState.APPROVED: N_("Approved"),
            WithdrawalState.REFUSED: N_("Refused by the operator"),
            WithdrawalState.CANCELED: N_("Given up"),
            WithdrawalState.LAPSED: N_("Not decided in time"),
        },
    )
)
REFUND_MACHINE = published(
    Machine(
        "card-refund",
        N_("Refund to a card"),
        CardRefundState.MOVING,
        (
            Transition(CardRefundState.MOVING, MoneyEvent.FINISH, PROVIDER, CardRefundState.PAID),
            Transition(CardRefundState.MOVING, MoneyEvent.FAIL, PROVIDER, CardRefundState.FAILED),
        ),
        words=EVENT_LABELS
        | {
            CardRefundState.MOVING: N_("On its way"),
            CardRefundState.PAID: N_("Sent back to the card"),
            CardRefundState.FAILED: N_("Not sent back"),
        },
    )
)
REASONS: dict[str, str] = {
    "absent": N_("The payment service never received it."),
    "canceled_by_merchant": N_("It was canceled."),
    "canceled_by_owner": N_("You gave it up."),
    "canceled_by_payer": N_("It was canceled on the payment page."),
    "card_declined": N_("The bank declined the card. Try another card."),
    "confirmation_failed": N_("The bank did not confirm the payment. Try again, or take another card."),
    "expired": N_("Nobody paid in time."),
    "insufficient_funds": N_("The payment service cannot pay this out now. Try again tomorrow."),
    "no_provider": N_("This site has no payment service now."),
    "not_decided": N_("Nobody decided about it in time. Withdraw again, or write to the operator."),
    "not_approved": N_("The operator did not approve it."),
    "permission_missing": N_(
        "The payment service has no permission to register your receipt. Give it in “My tax”, then withdraw again."
    ),
    "rejected_by_payee": N_("The bank of this card does not accept it. Try another card."),
    "returned_by_bank": N_("The bank sent the money back. Check the card, or take another one."),
    "self_employed_status_lost": N_(
        "The tax service no longer lists you as self-employed. Withdraw to a card as a person, or register again."
    ),
    "withdrawn": N_("It was given up before it was sent."),
    "yearly_limit": N_("With this amount you would earn more than a self-employed person may in a year."),
}
"""Why something was not executed, by the code of the provider."""
OTHER_REASON = N_("The payment service did not execute it.")


def reason_text(code: str) -> str:
    """Return the English sentence for a reason of the provider; empty without one."""
    return REASONS.get(code, OTHER_REASON) if code else ""


def provider_name(settings: Settings) -> str | None:
    """Return the name of the configured provider; None on an instance without safe deals."""
    return "sandbox" if settings.runs_sandbox else None


def pause_after(polls: int) -> timedelta:
    """Return the pause before the next poll: 1, 1, 2, 3, 5, 8 … minutes, a day at most."""
    now, following = 1, 1
    for _ in range(min(polls, 20)):
        now, following = following, now + following
    return min(timedelta(minutes=now), MAX_PAUSE)


def may_send(sends: int, first_sent_at: datetime | None, now: datetime, key_hours: int) -> bool:
    """Tell whether the same call may be sent: a first time, or again while the provider still knows its key."""
    if sends == 0 or first_sent_at is None:
        return True
    return sends < MAX_SENDS and now < first_sent_at + timedelta(hours=key_hours) - timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class ApprovalLimits:
    """Above which amounts in kopecks operators approve withdrawals; 0 is no limit."""

    single: int
    day: int
    two_people: int

    @property
    def is_set(self) -> bool:
        """Tell whether any withdrawal may need an approval."""
        return bool(self.single or self.day or self.two_people)


def approval_limits(settings: Settings) -> ApprovalLimits:
    """Return the limits of the instance."""
    return ApprovalLimits(
        settings.withdrawal_approval_above, settings.withdrawal_approval_day, settings.withdrawal_two_approvals_above
    )


def approvals_needed(limits: ApprovalLimits, money: Money, earlier: int) -> int:
    """Return how many operators must approve a withdrawal.

    Args:
        limits: The limits of the instance.
        money: The withdrawal without its fee. In other currencies than roubles each one needs all approvals there are.
        earlier: What the person withdrew within a day before, in minor units of the currency.
    """
    if not limits.is_set:
        return 0
    if money.currency is not Currency.RUB:
        return 2 if limits.two_people else 1
    if limits.two_people and money.amount > limits.two_people:
        return 2
    above = (limits.single and money.amount > limits.single) or (limits.day and earlier + money.amount > limits.day)
    return 1 if above else 0


def split_amount(amount: int, least: int, most: int) -> list[int]:
    """Return the parts in which an amount is paid out: as few as there can be, each within the provider's bounds.

    The last part is never less than `least`: what it lacks is taken from the one before. An empty list means that the
    amount cannot be divided like this, or that there would be too many parts.
    """
    if amount > most * MAX_PARTS:
        return []
    parts = [most] * (amount // most)
    rest = amount % most
    if rest and rest < least and parts:
        parts[-1] -= least - rest
        rest = least
    if rest:
        parts.append(rest)
    return parts if all(part >= least for part in parts) else []


def split_fee(parts: Sequence[int], rate_bp: int, minimum: int) -> list[int]:
    """Return the fee of each part: the differences of cumulative fees, so that the minimum is taken once."""
    totals = [withdrawal_fee(total, rate_bp, minimum) for total in accumulate(parts)]
    return [after - before for before, after in pairwise([0, *totals])]


def withdrawal_fee(amount: int, rate_bp: int, minimum: int) -> int:
    """Return what the instance takes for a withdrawal, in minor units."""
    return max(minimum, (amount * rate_bp + 5000) // 10_000)
