"""The published rules of a safe deal, written down apart from the product: states, durations, fees, refusals."""

from collections import Counter
from dataclasses import dataclass, field

HOUR = 60
DAY = 24 * HOUR
FUNDING, ACCEPTANCE, RESUBMIT, REFUND_ANSWER, SECURITY, CHANGE = 7 * DAY, 14 * DAY, 7 * DAY, 7 * DAY, 5 * DAY, 72 * HOUR
CUSTOMER, FREELANCER, SYSTEM = "customer", "freelancer", "system"
TABLE = """
planned           fund                    customer    funded
planned           start_funding           customer    funding
planned           cancel                  system      cancelled
funding           funding_paid            system      funded
funding           funding_failed          system      planned
funding           cancel                  system      cancelled
funded            start                   freelancer  in_work
funded            ask_refund              customer    refund_requested
funded            return_money            freelancer  refunded
in_work           submit                  freelancer  submitted
in_work           ask_refund              customer    refund_requested
in_work           return_money            freelancer  refunded
submitted         accept                  customer    accepted
submitted         accept_part             customer    submitted
submitted         accept_by_silence       system      accepted
submitted         request_changes         customer    revision
submitted         return_money            freelancer  refunded
revision          submit                  freelancer  submitted
revision          resubmission_late       system      revision
revision          ask_refund              customer    refund_requested
revision          return_money            freelancer  refunded
refund_requested  submit                  freelancer  submitted
refund_requested  agree_refund            freelancer  refunded
refund_requested  agree_part_refund       freelancer  in_work
refund_requested  refuse_refund           freelancer  in_work
refund_requested  withdraw_refund         customer    in_work
refund_requested  withdraw_refund_unstarted   customer    funded
refund_requested  withdraw_refund_of_changes  customer    revision
refund_requested  part_refund_unstarted   system      funded
refund_requested  refund_by_silence       system      refunded
refund_requested  part_refund_by_silence  system      in_work
"""
ARROWS = {(source, event): (side, target) for source, event, side, target in map(str.split, TABLE.strip().splitlines())}
FINISHED = ("accepted", "refunded", "cancelled")
UNPAID = ("planned", "funding")
ENDED = ("closed", "terminated")
WHILE = {
    "fund": ("awaiting_funding", "active"),
    "start_funding": ("awaiting_funding", "active"),
    "start": ("active", "closing"),
    "submit": ("active", "closing"),
}
MAX_PARTS, MAX_VAIN = 40, 5
BUSY = ("funding", "submitted", "revision", "refund_requested")
CHANGEABLE = ("planned", "funded", "in_work", "revision")
OF_STATE = ("review", "remind_of_review", "resubmit", "refund_answer")
type Account = tuple[str, object]
type Changes = list[tuple[int | None, int, list[str]]]
"""For each milestone of a change its place or None for a new one, its price and its checklist."""


class RefusedError(Exception):
    """A command that is refused; the code is the product's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Fee:
    """A fee in basis points, between a minimum and a cap, with the tax inside it."""

    bp: int = 0
    minimum: int = 0
    cap: int | None = None
    tax_bp: int = 0

    def of(self, amount: int) -> int:
        """Return the fee of everything that was released."""
        if amount == 0:
            return 0
        wanted = max(self.minimum, (amount * self.bp + 5000) // 10_000)
        return min(amount, wanted, *([self.cap] if self.cap is not None else []))

    def tax(self, amount: int) -> int:
        """Return the tax inside that fee."""
        return (2 * self.of(amount) * self.tax_bp + 10_000 + self.tax_bp) // (2 * (10_000 + self.tax_bp))


@dataclass
class Part:
    """A milestone."""

    price: int
    checklist: list[str]
    state: str = "planned"
    version: int = 1
    paid: int = 0
    released: int = 0
    back: int = 0
    accepted: set[int] = field(default_factory=set[int])
    handed: int = 0
    rounds: int = 0
    told: bool = False
    asked: int = 0
    bonus: int = 0
    was: str = ""
    vain: int = 0
    """Refund requests that were refused or withdrawn."""

    @property
    def held(self) -> int:
        """What is held for it."""
        return self.paid - self.released - self.back


@dataclass
class Timer:
    """Something that happens by itself; times are minutes from now."""

    kind: str
    place: int | None
    due: int
    look: int
    net: int = 0


@dataclass
class Order:
    """An open change of the work."""

    side: str
    changes: Changes


class Wallets:
    """What accounts hold, and withdrawals from them."""

    def __init__(self) -> None:
        self.money: Counter[Account] = Counter()
        self.paid_in = 0
        """What the provider holds."""

    def _move(self, source: Account, target: Account, amount: int) -> None:
        if self.money[source] < amount:
            raise RefusedError("insufficient-funds")
        self.money[source] -= amount
        self.money[target] += amount

    def deposit(self, amount: int) -> None:
        """Pay into the customer's wallet."""
        self.paid_in += amount
        self.money["wallet", CUSTOMER] += amount

    def withdraw(self, side: str, number: int, amount: int) -> None:
        """Take money out of a wallet."""
        self._move(("wallet", side), ("payout_transit", f"payout {number}"), amount)

    def payout_ends(self, side: str, number: int, amount: int, state: str, answer: str) -> str:
        """Take an answer of the provider about a withdrawal; return its state."""
        transit: Account = ("payout_transit", f"payout {number}")
        if state == "moving" and answer == "returned":
            self._move(transit, ("wallet", side), amount)
            return "returned"
        if state == "moving" and answer == "succeeded":
            self.money[transit] -= amount
            self.paid_in -= amount
            return "paid"
        if state == "moving" and answer == "canceled":
            self._move(transit, ("wallet", side), amount)
            return "failed"
        if state == "paid" and answer == "returned":
            self.money["wallet", side] += amount
            self.paid_in += amount
            return "returned"
        return state
