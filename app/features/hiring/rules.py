"""State machine of direct deals and validation of their terms; pure functions without I/O."""

from datetime import datetime, timedelta
from enum import StrEnum

from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.money import MAX_AMOUNT
from app.core.security.rate_limits import Rate
from app.core.state_machine import Machine, Timer, Transition, published
from app.features.hiring.schemas import STATUS_LABELS, DealTerms
from app.features.proposals.schemas import MAX_TERM_DAYS
from app.models import DirectDeal, DirectDealStatus
from app.models.direct_deal import OPEN_DIRECT_DEAL
from app.models.side import Side

CREATED_BY_ACCOUNT = Rate("direct-deals", 30, 60 * 60)
ANSWERED_BY_ACCOUNT = Rate("direct-deal-answers", 60, 60 * 60)
MAILED_TO_ADDRESS = Rate("direct-deal-address", 3, 30 * 24 * 60 * 60)
"""How often everybody together may invite one e-mail address."""


class DirectDealEvent(StrEnum):
    """Events of a direct deal."""

    ACCEPT = "accept"
    DECLINE = "decline"
    COUNTER = "counter"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


EVENT_LABELS: dict[DirectDealEvent, str] = {
    DirectDealEvent.ACCEPT: N_("accepts the terms"),
    DirectDealEvent.DECLINE: N_("declines the invitation"),
    DirectDealEvent.COUNTER: N_("proposes other terms"),
    DirectDealEvent.WITHDRAW: N_("withdraws the terms"),
    DirectDealEvent.EXPIRE: N_("nobody has answered in time"),
}
_S, _E = DirectDealStatus, DirectDealEvent
type Arrows = tuple[Transition[DirectDealStatus, DirectDealEvent], ...]


def _waiting(state: DirectDealStatus, reader: Side, maker: Side, countered: DirectDealStatus) -> Arrows:
    return (
        Transition(state, _E.ACCEPT, reader, _S.ACCEPTED),
        Transition(state, _E.DECLINE, reader, _S.DECLINED),
        Transition(state, _E.COUNTER, reader, countered),
        Transition(state, _E.WITHDRAW, maker, _S.WITHDRAWN),
        Transition(state, _E.EXPIRE, Side.SYSTEM, _S.EXPIRED),
    )


DIRECT_DEAL_MACHINE = published(
    Machine(
        "direct_deal",
        N_("Direct deal"),
        _S.FREELANCER_ANSWERS,
        (
            *_waiting(_S.FREELANCER_ANSWERS, Side.FREELANCER, Side.CUSTOMER, _S.CUSTOMER_ANSWERS),
            *_waiting(_S.CUSTOMER_ANSWERS, Side.CUSTOMER, Side.FREELANCER, _S.FREELANCER_ANSWERS),
        ),
        timers=[Timer(state, _E.EXPIRE, "direct_deal_days") for state in OPEN_DIRECT_DEAL],
        words={
            **{state.value: words for state, (words, _tone) in STATUS_LABELS.items()},
            **{event.value: words for event, words in EVENT_LABELS.items()},
        },
    )
)


def opposite(side: Side) -> Side:
    """Return the other side of a deal."""
    return Side.FREELANCER if side is Side.CUSTOMER else Side.CUSTOMER


def waits_for(reader: Side) -> DirectDealStatus:
    """Return the state in which a side has to answer."""
    return _S.FREELANCER_ANSWERS if reader is Side.FREELANCER else _S.CUSTOMER_ANSWERS


def is_open(deal: DirectDeal, now: datetime) -> bool:
    """Tell whether the terms can still be answered; the periodic task may close them a little later."""
    return deal.status in OPEN_DIRECT_DEAL and deal.expires_at > now


def expiry(now: datetime, days: int) -> datetime:
    """Return when terms proposed now expire."""
    return now + timedelta(days=days)


def validate_terms(terms: DealTerms) -> list[FieldError]:
    """Return the errors of milestones together: their price and their days."""
    errors: list[FieldError] = []
    if sum(part.amount for part in terms.milestones) > MAX_AMOUNT:
        errors.append(FieldError(("body", "milestones"), N_("The milestones together cost too much.")))
    if sum(part.days for part in terms.milestones) > MAX_TERM_DAYS:
        text = N_("The milestones together may take at most {most} days.")
        errors.append(FieldError(("body", "milestones"), text, {"most": MAX_TERM_DAYS}))
    return errors
