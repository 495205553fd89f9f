"""The state machine of orders and the validation of their fields; pure, no I/O."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from app.core.config import Settings
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.money import Money
from app.core.security.rate_limits import Rate
from app.core.state_machine import Machine, Timer, Transition, published
from app.features.orders.schemas import STATUS_LABELS
from app.models import BudgetKind, Order, OrderStatus
from app.models.side import Side

DRAFTS_BY_ACCOUNT = Rate("order-drafts", 120, 60 * 60)
EDITS_BY_ACCOUNT = Rate("order-edits", 60, 10 * 60)
MIN_DESCRIPTION = 10
"""Minimum length of a description, in characters, for publishing."""
MATCH_PLACES = {"title": 200, "skills": 120, "text": 40}
"""Points of the best match for the part of an order that has all words of the query."""
MATCH_CLOSE = 100
"""The most points for words near each other and repeated."""
CLOSENESS_SCALE = 8
A_SKILL, MOST_SKILLS = 5, 5
FRESH_DAYS, FEW_ANSWERS = 20, 10


class OrderEvent(StrEnum):
    """Events of an order."""

    EDIT = "edit"
    PUBLISH = "publish"
    SUBMIT = "submit"
    RESUBMIT = "resubmit"
    APPROVE = "approve"
    REJECT = "reject"
    LET_THROUGH = "let_through"
    RENEW = "renew"
    PAUSE = "pause"
    RESUME = "resume"
    AWARD = "award"
    CANCEL = "close"
    EXPIRE = "expire"


EVENT_LABELS: dict[OrderEvent, str] = {
    OrderEvent.EDIT: N_("edits it"),
    OrderEvent.PUBLISH: N_("publishes it"),
    OrderEvent.SUBMIT: N_("publishes it, and it is looked at first"),
    OrderEvent.RESUBMIT: N_("edits it, and it is looked at again first"),
    OrderEvent.APPROVE: N_("lets it through"),
    OrderEvent.REJECT: N_("sends it back with a reason"),
    OrderEvent.LET_THROUGH: N_("nobody has looked: it opens by itself, with a mark for the operator"),
    OrderEvent.RENEW: N_("keeps it open longer"),
    OrderEvent.PAUSE: N_("pauses it"),
    OrderEvent.RESUME: N_("opens it again"),
    OrderEvent.AWARD: N_("chooses a freelancer"),
    OrderEvent.CANCEL: N_("closes it"),
    OrderEvent.EXPIRE: N_("nobody has acted: it expires"),
}
CHECKED_FIRST = N_("where the operator looks at new orders first")
_DRAFT, _CHECK, _OPEN = OrderStatus.DRAFT, OrderStatus.MODERATION, OrderStatus.OPEN
_PAUSED, _EXPIRED = OrderStatus.PAUSED, OrderStatus.EXPIRED

STATE_LABELS: dict[str, str] = {
    **dict(EVENT_LABELS.items()),
    **{state: words for state, (words, _tone) in STATUS_LABELS.items()},
}

ORDER_MACHINE = published(
    Machine(
        "order",
        N_("Order"),
        _DRAFT,
        (
            Transition(_DRAFT, OrderEvent.PUBLISH, Side.CUSTOMER, _OPEN),
            Transition(_DRAFT, OrderEvent.SUBMIT, Side.CUSTOMER, _CHECK, only=CHECKED_FIRST),
            Transition(_DRAFT, OrderEvent.EDIT, Side.CUSTOMER, _DRAFT),
            Transition(_DRAFT, OrderEvent.CANCEL, Side.CUSTOMER, OrderStatus.CANCELLED),
            Transition(_CHECK, OrderEvent.APPROVE, Side.OPERATOR, _OPEN),
            Transition(_CHECK, OrderEvent.REJECT, Side.OPERATOR, _DRAFT),
            Transition(_CHECK, OrderEvent.LET_THROUGH, Side.SYSTEM, _OPEN),
            Transition(_CHECK, OrderEvent.EDIT, Side.CUSTOMER, _CHECK),
            Transition(_CHECK, OrderEvent.CANCEL, Side.CUSTOMER, OrderStatus.CANCELLED),
            Transition(_OPEN, OrderEvent.AWARD, Side.CUSTOMER, OrderStatus.AWARDED),
            Transition(_OPEN, OrderEvent.EDIT, Side.CUSTOMER, _OPEN),
            Transition(_OPEN, OrderEvent.RESUBMIT, Side.CUSTOMER, _CHECK, only=CHECKED_FIRST),
            Transition(_OPEN, OrderEvent.RENEW, Side.CUSTOMER, _OPEN),
            Transition(_OPEN, OrderEvent.PAUSE, Side.CUSTOMER, _PAUSED),
            Transition(_OPEN, OrderEvent.CANCEL, Side.CUSTOMER, OrderStatus.CANCELLED),
            Transition(_OPEN, OrderEvent.EXPIRE, Side.SYSTEM, _EXPIRED),
            Transition(_PAUSED, OrderEvent.AWARD, Side.CUSTOMER, OrderStatus.AWARDED),
            Transition(_PAUSED, OrderEvent.RESUME, Side.CUSTOMER, _OPEN),
            Transition(_PAUSED, OrderEvent.EDIT, Side.CUSTOMER, _PAUSED),
            Transition(_PAUSED, OrderEvent.RESUBMIT, Side.CUSTOMER, _CHECK, only=CHECKED_FIRST),
            Transition(_PAUSED, OrderEvent.CANCEL, Side.CUSTOMER, OrderStatus.CANCELLED),
            Transition(_PAUSED, OrderEvent.EXPIRE, Side.SYSTEM, _EXPIRED),
            Transition(_EXPIRED, OrderEvent.PUBLISH, Side.CUSTOMER, _OPEN),
            Transition(_EXPIRED, OrderEvent.SUBMIT, Side.CUSTOMER, _CHECK, only=CHECKED_FIRST),
            Transition(_EXPIRED, OrderEvent.EDIT, Side.CUSTOMER, _EXPIRED),
            Transition(_EXPIRED, OrderEvent.RESUBMIT, Side.CUSTOMER, _DRAFT, only=CHECKED_FIRST),
        ),
        timers=(
            Timer(_CHECK, OrderEvent.LET_THROUGH, "order_check_hours"),
            Timer(_OPEN, OrderEvent.EXPIRE, "order_open_days"),
            Timer(_PAUSED, OrderEvent.EXPIRE, "order_paused_days"),
        ),
        words=STATE_LABELS,
    )
)
STRICTLY_VALIDATED = frozenset({_CHECK, _OPEN, _PAUSED})
"""States in which an order must meet the requirements for publishing, also after edits."""


def state_ends_at(status: OrderStatus, now: datetime, settings: Settings) -> datetime | None:
    """Return when a state entered now times out, or None if it has no timer."""
    timer = ORDER_MACHINE.timers.get(status)
    length = timer.length(settings) if timer else None
    return now + length if length else None


def reminder(now: datetime, end: datetime, settings: Settings) -> datetime | None:
    """Return the next time after now at which the customer is reminded of the expiry of an open order."""
    days = [int(word) for word in settings.order_reminder_days.split(",") if word]
    moments = sorted(end - timedelta(days=count) for count in days if count > 0)
    return next((moment for moment in moments if moment > now), None)


def infer_budget_kind(kind: BudgetKind | None, budget: Money | None) -> BudgetKind:
    """Return the budget kind; if it is not given, `fixed` with a budget and `open` without one."""
    if kind is not None:
        return kind
    return BudgetKind.OPEN if budget is None else BudgetKind.FIXED


def validate_budget(kind: BudgetKind, least: Money | None, most: Money | None) -> list[FieldError]:
    """Validate the parts of the budget together."""
    found: list[FieldError] = []
    if kind is BudgetKind.OPEN and (least or most):
        found.append(
            FieldError(("body", "budget"), N_("An order that is open to offers has no budget. Leave it empty."))
        )
    if most and not least:
        found.append(FieldError(("body", "budget"), N_("Give the least amount too.")))
    return found + (_validate_range(least, most) if least and most else [])


def _validate_range(least: Money, most: Money) -> list[FieldError]:
    if least.currency is not most.currency:
        return [FieldError(("body", "budget_max"), N_("Both amounts need the same currency."))]
    if most < least:
        return [FieldError(("body", "budget_max"), N_("The most must not be less than the least."))]
    return []


def validate_deadline(deadline: date | None, today: date) -> list[FieldError]:
    """Validate the deadline."""
    if deadline is not None and deadline < today:
        return [FieldError(("body", "deadline"), N_("This day is over. Choose a later one."))]
    return []


def validate_for_publishing(order: Order, today: date) -> list[FieldError]:
    """Return the errors that keep a draft from being published."""
    return validate_published(order) + validate_deadline(order.deadline, today)


def validate_published(order: Order) -> list[FieldError]:
    """Return what a published order lacks; its deadline may have passed meanwhile."""
    found: list[FieldError] = []
    if len(order.description) < MIN_DESCRIPTION:
        text = N_("Describe the work: at least {min_length} characters.")
        found.append(FieldError(("body", "description"), text, {"min_length": MIN_DESCRIPTION}))
    if order.budget_kind is not BudgetKind.OPEN and order.budget_amount is None:
        found.append(FieldError(("body", "budget"), N_("Say what the work may cost, or choose “open to offers”.")))
    return found


def validate_weekly_hours(kind: BudgetKind, hours: int | None) -> list[FieldError]:
    """Validate the hours per week, which only hourly work has."""
    if hours is not None and kind is not BudgetKind.HOURLY:
        return [FieldError(("body", "weekly_hours"), N_("Hours a week belong to work that is paid by the hour."))]
    return []


def match_points(
    place: str | None, closeness: float, *, common_skills: int, age: timedelta, answers: int
) -> dict[str, int]:
    """Return the parts of the best-match score of an order; docs/search.md explains the formula.

    `place` says what has all words of the query (`title`, `skills`, `text`, or None without words), `closeness` how
    near each other and how often they occur, from 0 without an upper limit.
    """
    points: dict[str, int] = {}
    if place is not None:
        points = {place: MATCH_PLACES[place], "close": round(MATCH_CLOSE * _share(closeness))}
    return points | {
        "your_skills": A_SKILL * min(common_skills, MOST_SKILLS),
        "fresh": max(0, FRESH_DAYS - max(age, timedelta()).days),
        "few_answers": max(0, FEW_ANSWERS - answers),
    }


def _share(closeness: float) -> float:
    """Map the closeness to 0 … 1; two neighbours in a description of a hundred words are at 0.4."""
    return CLOSENESS_SCALE * closeness / (1 + CLOSENESS_SCALE * closeness)
