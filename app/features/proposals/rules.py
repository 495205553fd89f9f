"""State machine of proposals and validation of their fields; pure functions without I/O."""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.money import Currency, Money
from app.core.security.rate_limits import Rate
from app.core.state_machine import Machine, Timer, Transition, published
from app.features.proposals.schemas import STATUS_LABELS, Milestone
from app.models import DeclineReason, OrderStatus, ProposalStatus
from app.models.proposal import NEGOTIATED, UNDECIDED
from app.models.side import Side

EDITS_BY_ACCOUNT = Rate("proposal-edits", 60, 10 * 60)
OFFERS_BY_ACCOUNT = Rate("offers", 30, 60 * 60)
LISTED_BY_ACCOUNT = Rate("shortlist", 120, 10 * 60)


class ProposalEvent(StrEnum):
    """Events of the proposal's state machine."""

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
    """Return the transitions of every undecided state."""
    return (
        Transition(state, ProposalEvent.DECLINE, Side.CUSTOMER, ProposalStatus.DECLINED),
        Transition(state, ProposalEvent.WITHDRAW, Side.FREELANCER, ProposalStatus.WITHDRAWN),
        Transition(state, ProposalEvent.LAPSE, Side.SYSTEM, ProposalStatus.DECLINED),
    )


def _waiting(state: ProposalStatus) -> Arrows:
    """Return the transitions of a state that waits for the client."""
    return (
        Transition(state, ProposalEvent.ACCEPT, Side.CUSTOMER, ProposalStatus.ACCEPTED),
        Transition(state, ProposalEvent.OFFER, Side.CUSTOMER, ProposalStatus.OFFERED),
        Transition(state, ProposalEvent.EDIT, Side.FREELANCER, state),
        *_undecided(state),
    )


def _negotiated(state: ProposalStatus, maker: Side, reader: Side, counter: ProposalStatus) -> Arrows:
    """Return the transitions of a state with an open offer.

    A declined or withdrawn offer returns the proposal to the shortlist. When the client's offer lapses, the proposal
    lapses with it; when the freelancer's counter-offer lapses, the proposal returns to the shortlist.
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
"""Actions on an open offer, with the last path segment of their addresses."""
NEGOTIABLE = (OrderStatus.OPEN, OrderStatus.PAUSED)
"""Order states in which offers can be answered. A client may pause an order while negotiating."""


def is_live(status: ProposalStatus) -> bool:
    """Tell whether a proposal is active: undecided or accepted. A freelancer can have one active proposal per order."""
    return status in UNDECIDED or status is ProposalStatus.ACCEPTED


def is_chosen(status: ProposalStatus) -> bool:
    """Tell whether the client and the freelancer have agreed on this proposal."""
    return status is ProposalStatus.ACCEPTED


LAPSE_REASONS = {
    OrderStatus.CANCELLED: DeclineReason.ORDER_CANCELLED,
    OrderStatus.EXPIRED: DeclineReason.ORDER_EXPIRED,
}
"""Order status → decline reason for undecided proposals when the order ends without a choice."""


def validate_price(price: Money, currency: Currency) -> list[FieldError]:
    """Return the errors of a price: its currency must be the order's."""
    if price.currency is not currency:
        text = N_("The order is in {currency}: name your price in it too.")
        return [FieldError(("body", "price"), text, {"currency": currency.value})]
    return []


def validate_milestones(milestones: Sequence[Milestone], price: int, term_days: int) -> list[FieldError]:
    """Return the errors of milestones: amounts must add up to the price exactly, days must not exceed the term."""
    if not milestones:
        return []
    errors: list[FieldError] = []
    if sum(part.amount for part in milestones) != price:
        errors.append(FieldError(("body", "milestones"), N_("The milestones have to add up exactly to your price.")))
    elif sum(part.days for part in milestones) > term_days:
        errors.append(FieldError(("body", "milestones"), N_("The milestones take longer than your term.")))
    return errors


def validate_holding(milestones: Sequence[Milestone], term_days: int, longest: int | None) -> list[FieldError]:
    """Return the errors of work that takes longer than its money can be held.

    Args:
        milestones: The parts, none where it is done as a whole.
        term_days: The whole term.
        longest: The longest that a milestone may take; None where money is held without a limit.
    """
    if longest is None or max([part.days for part in milestones] or [term_days]) <= longest:
        return []
    field = "milestones" if milestones else "term_days"
    return [FieldError(("body", field), TOO_LONG_TO_HOLD, {"most": longest})]


def validate_answers(answers: Sequence[str], questions: Sequence[str]) -> list[FieldError]:
    """Return an error for each question of the order that is not answered."""
    if len(answers) > len(questions):
        return [FieldError(("body", "answers"), N_("There are more answers than questions."))]
    given = [*answers, *[""] * (len(questions) - len(answers))]
    text = N_("The customer asks this: please answer.")
    return [FieldError(("body", "answers", place), text) for place, answer in enumerate(given) if not answer]


TOO_LONG_TO_HOLD = N_("Money is held for a limited time: divide the work into milestones of at most {most} days.")
SHINGLE = 3
"""Words per shingle; short enough that a changed name or price leaves most shingles of a cover letter the same."""
ALIKE = 0.7
_WORD = re.compile(r"[^\W_]+")


def _shingles(letter: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(letter.casefold().replace("ё", "е"))
    return frozenset(tuple(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1)))


def count_similar(letter: str, others: Iterable[str]) -> int:
    """Count the cover letters that are similar to this one.

    Two letters are similar when the Jaccard index of their sets of three-word shingles is at least `ALIKE`.
    """
    ours = _shingles(letter)
    theirs = (_shingles(other) for other in others)
    return sum(len(ours & found) >= ALIKE * len(ours | found) for found in theirs)
