"""The proposal's life as a table, and what its fields must satisfy; pure, no I/O."""

from enum import StrEnum

from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.machine import Machine, Side, Timer, Transition, published
from app.core.money import Currency, Money
from app.features.proposals.schemas import STATUS_WORDS
from app.models import DeclineReason, OrderStatus, ProposalStatus


class ProposalEvent(StrEnum):
    """What can happen to a proposal."""

    EDIT = "edit"
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"


EVENT_WORDS: dict[ProposalEvent, str] = {
    ProposalEvent.EDIT: N_("edits it"),
    ProposalEvent.ACCEPT: N_("chooses it"),
    ProposalEvent.DECLINE: N_("declines it with a reason"),
    ProposalEvent.WITHDRAW: N_("takes it back"),
    ProposalEvent.LAPSE: N_("the order has ended without a choice"),
}
WORDS: dict[str, str] = dict(EVENT_WORDS.items())
WORDS |= {state: words for state, (words, _tone) in STATUS_WORDS.items()}

PROPOSAL_MACHINE = published(
    Machine(
        "proposal",
        N_("Proposal"),
        ProposalStatus.SENT,
        (
            Transition(ProposalStatus.SENT, ProposalEvent.ACCEPT, Side.CUSTOMER, ProposalStatus.ACCEPTED),
            Transition(ProposalStatus.SENT, ProposalEvent.DECLINE, Side.CUSTOMER, ProposalStatus.DECLINED),
            Transition(ProposalStatus.SENT, ProposalEvent.EDIT, Side.FREELANCER, ProposalStatus.SENT),
            Transition(ProposalStatus.SENT, ProposalEvent.WITHDRAW, Side.FREELANCER, ProposalStatus.WITHDRAWN),
            Transition(ProposalStatus.SENT, ProposalEvent.LAPSE, Side.SYSTEM, ProposalStatus.DECLINED),
        ),
        timers=(Timer(ProposalStatus.SENT, ProposalEvent.LAPSE, follows="order"),),
        words=WORDS,
    )
)
LAPSE_REASONS = {
    OrderStatus.CANCELLED: DeclineReason.ORDER_CANCELLED,
    OrderStatus.EXPIRED: DeclineReason.ORDER_EXPIRED,
}
"""What the freelancers are told when an order ends without a choice."""


def price_faults(price: Money, currency: Currency) -> list[FieldError]:
    """Return what is wrong with a price for an order in a currency."""
    if price.currency is not currency:
        text = N_("The order is in {currency}: name your price in it too.")
        return [FieldError(("body", "price"), text, {"currency": currency.value})]
    return []
