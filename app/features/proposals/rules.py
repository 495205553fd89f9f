"""The proposal's life as a table, and what its fields must satisfy; pure, no I/O."""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.money import Currency, Money
from app.core.state_machine import Machine, Timer, Transition, published
from app.features.proposals.schemas import STATUS_LABELS, Milestone
from app.models import DeclineReason, OrderStatus, ProposalStatus
from app.models.proposal import NEGOTIATED, UNDECIDED
from app.models.side import Side


class ProposalEvent(StrEnum):
    """What can happen to a proposal."""

    SEE = "see"
    SHORTLIST = "shortlist"
    UNLIST = "unlist"
    EDIT = "edit"
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    OFFER = "offer"
    ACCEPT_OFFER = "accept_offer"
    DECLINE_OFFER = "decline_offer"
    COUNTER_OFFER = "counter_offer"
    WITHDRAW_OFFER = "withdraw_offer"
    LAPSE_OFFER = "lapse_offer"


EVENT_LABELS: dict[ProposalEvent, str] = {
    ProposalEvent.SEE: N_("looks at it"),
    ProposalEvent.SHORTLIST: N_("puts it on the short list"),
    ProposalEvent.UNLIST: N_("takes it off the short list"),
    ProposalEvent.EDIT: N_("edits it"),
    ProposalEvent.ACCEPT: N_("chooses it"),
    ProposalEvent.DECLINE: N_("declines it with a reason"),
    ProposalEvent.WITHDRAW: N_("takes it back"),
    ProposalEvent.LAPSE: N_("the order has ended without a choice"),
    ProposalEvent.OFFER: N_("offers terms"),
    ProposalEvent.ACCEPT_OFFER: N_("agrees to the terms"),
    ProposalEvent.DECLINE_OFFER: N_("declines the terms"),
    ProposalEvent.COUNTER_OFFER: N_("answers with other terms"),
    ProposalEvent.WITHDRAW_OFFER: N_("takes the terms back"),
    ProposalEvent.LAPSE_OFFER: N_("the terms were not answered in time"),
}
STATE_LABELS: dict[str, str] = {
    **dict(EVENT_LABELS.items()),
    **{state: words for state, (words, _tone) in STATUS_LABELS.items()},
}


type Arrows = tuple[Transition[ProposalStatus, ProposalEvent], ...]


def _undecided(state: ProposalStatus) -> Arrows:
    """Return what may happen as long as nothing is decided."""
    return (
        Transition(state, ProposalEvent.DECLINE, Side.CUSTOMER, ProposalStatus.DECLINED),
        Transition(state, ProposalEvent.WITHDRAW, Side.FREELANCER, ProposalStatus.WITHDRAWN),
        Transition(state, ProposalEvent.LAPSE, Side.SYSTEM, ProposalStatus.DECLINED),
    )


def _waiting(state: ProposalStatus) -> Arrows:
    """Return what may happen in each state that waits for the customer."""
    return (
        Transition(state, ProposalEvent.ACCEPT, Side.CUSTOMER, ProposalStatus.ACCEPTED),
        Transition(state, ProposalEvent.OFFER, Side.CUSTOMER, ProposalStatus.OFFERED),
        Transition(state, ProposalEvent.EDIT, Side.FREELANCER, state),
        *_undecided(state),
    )


def _negotiated(state: ProposalStatus, maker: Side, reader: Side, counter: ProposalStatus) -> Arrows:
    """Return what may happen while an offer lies before its reader; terms that fall leave the proposal as it stood.

    A freelancer who lets an offer of the customer lapse has left; a customer who does not answer has not.
    """
    silent = ProposalStatus.LAPSED if reader is Side.FREELANCER else ProposalStatus.SHORTLISTED
    return (
        Transition(state, ProposalEvent.ACCEPT_OFFER, reader, ProposalStatus.ACCEPTED),
        Transition(state, ProposalEvent.COUNTER_OFFER, reader, counter),
        Transition(state, ProposalEvent.DECLINE_OFFER, reader, ProposalStatus.SHORTLISTED),
        Transition(state, ProposalEvent.WITHDRAW_OFFER, maker, ProposalStatus.SHORTLISTED),
        *_undecided(state),
        Transition(state, ProposalEvent.LAPSE_OFFER, Side.SYSTEM, silent),
    )


PROPOSAL_MACHINE = published(
    Machine(
        "proposal",
        N_("Proposal"),
        ProposalStatus.SENT,
        (
            *_waiting(ProposalStatus.SENT),
            Transition(ProposalStatus.SENT, ProposalEvent.SEE, Side.CUSTOMER, ProposalStatus.SEEN),
            Transition(ProposalStatus.SENT, ProposalEvent.SHORTLIST, Side.CUSTOMER, ProposalStatus.SHORTLISTED),
            *_waiting(ProposalStatus.SEEN),
            Transition(ProposalStatus.SEEN, ProposalEvent.SHORTLIST, Side.CUSTOMER, ProposalStatus.SHORTLISTED),
            *_waiting(ProposalStatus.SHORTLISTED),
            Transition(ProposalStatus.SHORTLISTED, ProposalEvent.UNLIST, Side.CUSTOMER, ProposalStatus.SEEN),
            *_negotiated(ProposalStatus.OFFERED, Side.CUSTOMER, Side.FREELANCER, ProposalStatus.COUNTERED),
            *_negotiated(ProposalStatus.COUNTERED, Side.FREELANCER, Side.CUSTOMER, ProposalStatus.OFFERED),
        ),
        timers=[
            *(Timer(state, ProposalEvent.LAPSE, follows="order") for state in UNDECIDED if state not in NEGOTIATED),
            *(Timer(state, ProposalEvent.LAPSE_OFFER, "offer_answer_hours") for state in NEGOTIATED),
        ],
        words=STATE_LABELS,
    )
)
OFFER_STEPS: dict[ProposalEvent, str] = {
    ProposalEvent.ACCEPT_OFFER: "accept",
    ProposalEvent.COUNTER_OFFER: "counter",
    ProposalEvent.DECLINE_OFFER: "decline",
    ProposalEvent.WITHDRAW_OFFER: "withdraw",
}
"""What is done with an offer that waits, and the last word of its address."""
NEGOTIABLE = (OrderStatus.OPEN, OrderStatus.PAUSED)
"""In which states of an order offers are answered: a customer may pause it because they have found somebody."""


def is_live(status: ProposalStatus) -> bool:
    """Tell whether a proposal still counts: another one of its freelancer is refused."""
    return status in UNDECIDED or status is ProposalStatus.ACCEPTED


LAPSE_REASONS = {
    OrderStatus.CANCELLED: DeclineReason.ORDER_CANCELLED,
    OrderStatus.EXPIRED: DeclineReason.ORDER_EXPIRED,
}
"""What the freelancers are told when an order ends without a choice."""


def validate_price(price: Money, currency: Currency) -> list[FieldError]:
    """Return what is wrong with a price for an order in a currency."""
    if price.currency is not currency:
        text = N_("The order is in {currency}: name your price in it too.")
        return [FieldError(("body", "price"), text, {"currency": currency.value})]
    return []


def validate_milestones(milestones: Sequence[Milestone], price: int, term_days: int) -> list[FieldError]:
    """Return what is wrong with the parts of a work: they make up its price exactly and fit into its term."""
    if not milestones:
        return []
    faults: list[FieldError] = []
    if sum(part.amount for part in milestones) != price:
        faults.append(FieldError(("body", "milestones"), N_("The milestones have to add up exactly to your price.")))
    elif sum(part.days for part in milestones) > term_days:
        faults.append(FieldError(("body", "milestones"), N_("The milestones take longer than your term.")))
    return faults


def validate_answers(answers: Sequence[str], questions: Sequence[str]) -> list[FieldError]:
    """Return which questions of the order are not answered."""
    if len(answers) > len(questions):
        return [FieldError(("body", "answers"), N_("There are more answers than questions."))]
    given = [*answers, *[""] * (len(questions) - len(answers))]
    text = N_("The customer asks this: please answer.")
    return [FieldError(("body", "answers", place), text) for place, answer in enumerate(given) if not answer]


SHINGLE = 3
"""Words that are compared together: enough for a changed name or price to leave most of a letter the same."""
ALIKE = 0.7
_WORD = re.compile(r"[^\W_]+")


def _shingles(letter: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(letter.casefold().replace("ё", "е"))
    return frozenset(tuple(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1)))


def count_similar(letter: str, others: Iterable[str]) -> int:
    """Count the letters that read nearly like this one: most of their runs of three words are the same."""
    ours = _shingles(letter)
    theirs = (_shingles(other) for other in others)
    return sum(len(ours & found) >= ALIKE * len(ours | found) for found in theirs)
