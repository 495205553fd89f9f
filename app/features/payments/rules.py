"""The state machines of payments and withdrawals, and when the provider is asked; pure, no I/O."""

from datetime import datetime, timedelta
from enum import StrEnum

from app.core.config import Settings
from app.core.i18n import N_
from app.core.payment_port import OperationKind
from app.core.security.rate_limits import Rate
from app.core.state_machine import Machine, Timer, Transition, published
from app.models import CardRefundState, OperationState, PaymentState, PayoutState
from app.models.side import PROVIDER, Side

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
    "canceled_by_payer": N_("It was canceled on the payment page."),
    "card_declined": N_("The bank declined the card. Try another card."),
    "confirmation_failed": N_("The bank did not confirm the payment. Try again, or take another card."),
    "expired": N_("Nobody paid in time."),
    "insufficient_funds": N_("The payment service cannot pay this out now. Try again tomorrow."),
    "no_provider": N_("This site has no payment service now."),
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


def withdrawal_fee(amount: int, rate_bp: int, minimum: int) -> int:
    """Return what the instance takes for a withdrawal, in minor units."""
    return max(minimum, (amount * rate_bp + 5000) // 10_000)
