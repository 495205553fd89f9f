"""The fault plan: what goes wrong at which call, set one by one or drawn from a seed."""

import random
from dataclasses import dataclass
from enum import StrEnum

from app.sandbox.books import Books


class Call(StrEnum):
    """What a fault can hit."""

    CREATE_PAYMENT = "create_payment"
    GET_PAYMENT = "get_payment"
    CANCEL_PAYMENT = "cancel_payment"
    CREATE_REFUND = "create_refund"
    GET_REFUND = "get_refund"
    CREATE_PAYOUT = "create_payout"
    GET_PAYOUT = "get_payout"
    FIND = "find"
    STATEMENT = "statement"
    BALANCE = "balance"
    WEBHOOK = "webhook"


class FaultKind(StrEnum):
    """What goes wrong. `argument` is a number of seconds, or of minor units with `wrong_amount`."""

    REFUSE_BEFORE = "refuse_before"
    FAIL_BEFORE = "fail_before"
    FAIL_AFTER = "fail_after"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    SLOW = "slow"
    GARBAGE = "garbage"
    TIMEOUT_ANSWER = "timeout_answer"
    CONFLICT = "conflict"
    BUSY = "busy"
    STALE_READ = "stale_read"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_CURRENCY = "wrong_currency"
    DELAYED = "delayed"
    PAYOUT_RETURNED = "payout_returned"
    WEBHOOK_EARLY = "webhook_early"
    WEBHOOK_LOST = "webhook_lost"
    WEBHOOK_DOUBLED = "webhook_doubled"
    WEBHOOK_LATE = "webhook_late"
    WEBHOOK_OUT_OF_ORDER = "webhook_out_of_order"
    WEBHOOK_FORGED = "webhook_forged"


OF_WEBHOOKS = frozenset(
    {
        FaultKind.WEBHOOK_LOST,
        FaultKind.WEBHOOK_DOUBLED,
        FaultKind.WEBHOOK_LATE,
        FaultKind.WEBHOOK_OUT_OF_ORDER,
        FaultKind.WEBHOOK_FORGED,
    }
)
_READS = frozenset({Call.GET_PAYMENT, Call.GET_REFUND, Call.GET_PAYOUT})
_CREATING = frozenset({Call.CREATE_PAYMENT, Call.CREATE_REFUND, Call.CREATE_PAYOUT})
_ONLY_FOR: dict[FaultKind, frozenset[Call]] = {
    **dict.fromkeys(OF_WEBHOOKS, frozenset({Call.WEBHOOK})),
    FaultKind.STALE_READ: _READS,
    FaultKind.WRONG_AMOUNT: _CREATING,
    FaultKind.WRONG_CURRENCY: _CREATING,
    FaultKind.DELAYED: frozenset({Call.CREATE_REFUND, Call.CREATE_PAYOUT}),
    FaultKind.PAYOUT_RETURNED: frozenset({Call.CREATE_PAYOUT}),
    FaultKind.WEBHOOK_EARLY: _CREATING,
}
_SEED, _RATE, _DRAWN = "fault_seed", "fault_rate", "faults_drawn"
FULL_RATE = 1000
"""A rate is so many calls of a thousand."""
_DRAWN_ARGUMENTS = {FaultKind.BUSY: 1, FaultKind.WRONG_AMOUNT: -1, FaultKind.SLOW: 1}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault that happens now."""

    kind: FaultKind
    argument: int


def fits(call: Call, kind: FaultKind) -> bool:
    """Tell whether a kind of fault can happen at a call."""
    if call is Call.WEBHOOK:
        return kind in OF_WEBHOOKS
    return call in _ONLY_FOR.get(kind, frozenset(Call))


class FaultPlan:
    """The faults to come; each is used up by the calls that it hits."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def add(self, call: Call, kind: FaultKind, times: int, argument: int) -> None:
        """Plan a fault for the next calls."""
        self._books.connection.execute(
            "INSERT INTO fault (call, kind, remaining, argument) VALUES (?, ?, ?, ?)", (call, kind, times, argument)
        )

    def draw_from(self, seed: int, rate: int) -> None:
        """Draw faults by a seed from now on, for `rate` of a thousand calls; 0 ends it."""
        for name, value in ((_SEED, seed), (_RATE, rate), (_DRAWN, 0)):
            self._books.keep_setting(name, str(value))

    def clear(self) -> None:
        """Drop the whole plan."""
        self._books.connection.execute("DELETE FROM fault")
        self.draw_from(0, 0)

    def planned(self) -> list[dict[str, str | int]]:
        """Return what is planned one by one."""
        rows = self._books.connection.execute("SELECT call, kind, remaining, argument FROM fault ORDER BY seq")
        return [{"call": row[0], "kind": row[1], "times": row[2], "argument": row[3]} for row in rows]

    def take(self, call: Call) -> Fault | None:
        """Return the fault of this call and use it up; None if nothing goes wrong."""
        row = self._books.connection.execute(
            "SELECT seq, kind, remaining, argument FROM fault WHERE call = ? ORDER BY seq LIMIT 1", (call,)
        ).fetchone()
        if row is None:
            return self._drawn(call)
        if row[2] > 1:
            self._books.connection.execute("UPDATE fault SET remaining = remaining - 1 WHERE seq = ?", (row[0],))
        else:
            self._books.connection.execute("DELETE FROM fault WHERE seq = ?", (row[0],))
        return Fault(FaultKind(row[1]), int(row[3]))

    def _drawn(self, call: Call) -> Fault | None:
        rate = int(self._books.setting(_RATE, "0"))
        if not rate:
            return None
        number = int(self._books.setting(_DRAWN, "0"))
        self._books.keep_setting(_DRAWN, str(number + 1))
        chance = random.Random(f"{self._books.setting(_SEED)}/{number}/{call}")  # noqa: S311 - repeatable, not secret
        if chance.randrange(FULL_RATE) >= rate:
            return None
        kind = chance.choice([kind for kind in FaultKind if fits(call, kind)])
        return Fault(kind, _DRAWN_ARGUMENTS.get(kind, 60))
