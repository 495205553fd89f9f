"""A plain model of a safe deal, apart from the product: what each command does, why it is refused, what time does."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import count

from tests.factories.deal_table import (
    ACCEPTANCE,
    ARROWS,
    BUSY,
    CHANGE,
    CHANGEABLE,
    CUSTOMER,
    DAY,
    ENDED,
    FINISHED,
    FREELANCER,
    FUNDING,
    HOUR,
    MAX_PARTS,
    MAX_VAIN,
    OF_STATE,
    REFUND_ANSWER,
    RESUBMIT,
    SECURITY,
    UNPAID,
    WHILE,
    Account,
    Changes,
    Fee,
    Order,
    Part,
    RefusedError,
    Timer,
    Wallets,
)


class DealModel(Wallets):
    """A deal between two people."""

    def __init__(self, parts: Sequence[Part], customer_fee: Fee, freelancer_fee: Fee) -> None:
        super().__init__()
        self.parts = list(parts)
        self.fee_on_top, self.fee_inside = customer_fee, freelancer_fee
        self.state, self.terms = "awaiting_funding", 1
        self.order: Order | None = None
        self.timers = [Timer("fund_contract", None, FUNDING, FUNDING)]

    def shown(self) -> dict[str, object]:
        """Return what must be stored."""
        held = {account: amount for account, amount in self.money.items() if amount}
        if self.paid_in:
            held["provider_clearing", None] = self.paid_in
        return {
            "deal": (self.state, self.terms),
            "parts": [
                [
                    *(part.state, part.version, part.price, part.paid, part.released, part.back),
                    *(sorted(part.accepted), part.handed, part.rounds, part.checklist),
                ]
                for part in self.parts
            ],
            "timers": sorted((each.kind, str(each.place), each.due, each.look) for each in self.timers),
            "money": held,
        }

    def due_for(self, place: int) -> int:
        """Return what a payment for a milestone must be."""
        return self.parts[place].price + self.fee_on_top.of(self.parts[place].price)

    def _hold(self, place: int, amount: int) -> None:
        part = self.parts[place]
        before = part.paid - part.back
        fee = self.fee_on_top.of(before + amount) - self.fee_on_top.of(before)
        self._move(("wallet", CUSTOMER), ("escrow", place), amount)
        self._move(("wallet", CUSTOMER), ("fee_hold", place), fee)
        part.paid += amount

    def _refund_to_wallet(self, place: int, amount: int) -> None:
        part = self.parts[place]
        before = part.paid - part.back
        self._move(("escrow", place), ("wallet", CUSTOMER), amount)
        rest = self.fee_on_top.of(before) - self.fee_on_top.of(before - amount)
        self._move(("fee_hold", place), ("wallet", CUSTOMER), rest)
        part.back += amount

    def _release(self, place: int, amount: int) -> None:
        part = self.parts[place]
        self._state(place, "accepted" if amount == part.held else "submitted")
        if amount:
            fee = self._earn(self.fee_inside, ("escrow", place), part.released + part.bonus, amount)
            self._earn(self.fee_on_top, ("fee_hold", place), part.released, amount)
            part.released += amount
            self._ripen(("escrow", place), place, amount - fee)
        self._finish(place)

    def _earn(self, fee: Fee, source: Account, before: int, amount: int) -> int:
        whole, tax = fee.of(before + amount) - fee.of(before), fee.tax(before + amount) - fee.tax(before)
        self._move(source, ("fee_income", None), whole - tax)
        self._move(source, ("tax_payable", None), tax)
        return whole

    def _ripen(self, source: Account, place: int, net: int) -> None:
        self._move(source, ("maturing", FREELANCER), net)
        self._later("security", place, SECURITY, net)

    # States

    def _later(self, kind: str, place: int | None, minutes: int, net: int = 0) -> None:
        self.timers.append(Timer(kind, place, minutes, minutes, net))

    def _drop(self, kinds: Collection[str], place: int | None = None) -> None:
        self.timers = [each for each in self.timers if each.kind not in kinds or each.place != place]

    def _state(self, place: int, target: str) -> None:
        part = self.parts[place]
        if target != part.state:
            self._drop(OF_STATE, place)
        part.state = target
        part.version += 1

    def _finish(self, place: int) -> None:
        if self.parts[place].state in FINISHED and self.state in ("active", "paused", "closing"):
            self._close()

    def _close(self) -> None:
        if all(part.state in FINISHED for part in self.parts):
            self.state = "closed"
            self._decided()

    def _allow(self, place: int, event: str, side: str | None, version: int | None) -> Part:
        if side is None:
            raise RefusedError("milestone-not-found")
        part = self.parts[place]
        if version is not None and version != part.version:
            raise RefusedError("milestone-changed")
        if all(arrow != side for (_state, name), (arrow, _target) in ARROWS.items() if name == event):
            raise RefusedError("wrong-party")
        if ARROWS.get((part.state, event), ("", ""))[0] != side:
            raise RefusedError("milestone-state")
        if self.state in ENDED or self.state not in WHILE.get(event, (self.state,)):
            raise RefusedError("contract-state")
        return part

    def _begin(self) -> None:
        if self.state == "awaiting_funding":
            self.state = "active"
            self._drop(["fund_contract"])

    # Commands on a milestone

    def fund(self, place: int, side: str | None, version: int | None) -> None:
        part = self._allow(place, "fund", side, version)
        self._state(place, "funded")
        self._hold(place, part.price)
        self._begin()

    def start_funding(self, place: int, side: str | None, version: int | None) -> None:
        self._allow(place, "start_funding", side, version)
        self._state(place, "funding")

    def payment_ends(self, place: int, paid: int) -> None:
        """A payment of so much ended; 0 where it failed. Money that nothing waits for stays in the wallet."""
        part = self.parts[place]
        self.deposit(paid)
        if part.state != "funding":
            return
        if not paid:
            self._state(place, "planned")
        elif paid == self.due_for(place):
            self._state(place, "funded")
            self._hold(place, part.price)
            self._begin()

    def start(self, place: int, side: str | None, version: int | None) -> None:
        self._allow(place, "start", side, version)
        self._state(place, "in_work")

    def submit(self, place: int, side: str | None, version: int | None) -> None:
        part = self._allow(place, "submit", side, version)
        part.vain += part.state == "refund_requested"
        self._state(place, "submitted")
        part.handed += 1
        part.told = False
        self._later("review", place, ACCEPTANCE)
        for days in (7, 3, 1):
            self._later("remind_of_review", place, ACCEPTANCE - days * DAY)

    def accept(
        self, place: int, side: str | None, version: int | None, amount: int | None, lines: Collection[int] | None
    ) -> None:
        part = self._allow(place, "accept", side, version)
        taken = part.held
        if lines is not None:
            if not lines or any(line >= len(part.checklist) for line in lines):
                raise RefusedError("invalid-submission")
            part.accepted |= set(lines)
            if len(part.accepted) < len(part.checklist):
                share = (part.paid - part.back) * len(part.accepted) // len(part.checklist)
                taken = max(0, share - part.released)
        elif amount is not None:
            if not 0 < amount <= part.held:
                raise RefusedError("invalid-deal-amount")
            taken = amount
        self._release(place, taken)

    def request_changes(self, place: int, side: str | None, version: int | None) -> None:
        part = self._allow(place, "request_changes", side, version)
        self._state(place, "revision")
        part.rounds += 1
        self._later("resubmit", place, RESUBMIT)

    def ask_refund(self, place: int, side: str | None, version: int | None, amount: int | None) -> None:
        part = self._allow(place, "ask_refund", side, version)
        if part.vain >= MAX_VAIN:
            raise RefusedError("too-many-refund-requests")
        if amount is not None and not 0 < amount <= part.held:
            raise RefusedError("invalid-deal-amount")
        if part.state == "revision" and any(each.kind == "resubmit" and each.place == place for each in self.timers):
            raise RefusedError("refund-too-early")
        part.was = part.state
        self._state(place, "refund_requested")
        part.asked = amount or part.held
        if not part.handed:
            self._later("refund_answer", place, REFUND_ANSWER)

    def withdraw_refund(self, place: int, side: str | None, version: int | None) -> None:
        self._allow(place, "withdraw_refund", side, version).vain += 1
        self._state(place, self.parts[place].was)

    def answer_refund(self, place: int, side: str | None, version: int | None, *, agree: bool) -> None:
        self._allow(place, "agree_refund" if agree else "refuse_refund", side, version)
        if agree:
            self._refund(place, "in_work")
        else:
            self.parts[place].vain += 1
            self._state(place, "in_work")

    def _refund(self, place: int, after: str) -> None:
        part = self.parts[place]
        amount = min(part.asked, part.held)
        self._state(place, "refunded" if amount == part.held else after)
        self._refund_to_wallet(place, amount)
        self._finish(place)

    def return_money(self, place: int, side: str | None, version: int | None) -> None:
        part = self._allow(place, "return_money", side, version)
        self._state(place, "refunded")
        self._refund_to_wallet(place, part.held)
        self._finish(place)

    def pay_bonus(self, place: int, side: str | None, version: int | None, amount: int) -> None:
        part = self.parts[place]
        if side is None:
            raise RefusedError("milestone-not-found")
        if version is not None and version != part.version:
            raise RefusedError("milestone-changed")
        if side != CUSTOMER:
            raise RefusedError("wrong-party")
        if self.state in ("awaiting_funding", "terminated"):
            raise RefusedError("contract-state")
        part.version += 1
        wallet, before, part.bonus = ("wallet", CUSTOMER), part.released + part.bonus, part.bonus + amount
        taken = self.fee_on_top.of(part.paid - part.back)
        self._earn(replace(self.fee_on_top, minimum=max(0, self.fee_on_top.minimum - taken)), wallet, before, amount)
        self._ripen(wallet, place, amount - self._earn(self.fee_inside, wallet, before, amount))

    # Commands on the whole

    def _party(self, side: str | None, *states: str) -> str:
        if side is None:
            raise RefusedError("contract-not-found")
        if self.state not in states:
            raise RefusedError("contract-state")
        return side

    def pause(self, side: str | None) -> None:
        self._party(side, "active")
        if any(part.state in BUSY for part in self.parts):
            raise RefusedError("contract-busy")
        self.state = "paused"

    def resume(self, side: str | None) -> None:
        self._party(side, "paused")
        self.state = "active"

    def end(self, side: str | None) -> None:
        self._party(side, "awaiting_funding", "active", "paused")
        self.state = "terminated" if self.state == "awaiting_funding" else "closing"
        self._cancel_unpaid()
        if self.state == "closing":
            self._close()

    def _cancel_unpaid(self) -> None:
        for place, part in enumerate(self.parts):
            if part.state in UNPAID:
                self._state(place, "cancelled")
        self.order = None
        self._drop(["fund_contract", "change_order"])

    def propose(self, side: str | None, changes: Changes) -> None:
        proposer = self._party(side, "awaiting_funding", "active", "paused")
        if self.order is not None:
            raise RefusedError("change-order-open")
        self._check(changes)
        self.order = Order(proposer, changes)
        self._later("change_order", None, CHANGE)

    def _check(self, changes: Changes) -> None:
        named = [place for place, _price, _lines in changes if place is not None]
        wrong = len(named) != len(set(named)) or len(self.parts) + len(changes) - len(named) > MAX_PARTS
        for place, price, _lines in changes:
            part = self.parts[place] if place is not None else Part(price, [])
            wrong |= part.state not in CHANGEABLE or (part.paid > 0 and part.held + price - part.price <= 0)
        if wrong:
            raise RefusedError("invalid-change-order")

    def answer_change(self, side: str | None, *, agree: bool) -> None:
        if side is None:
            raise RefusedError("contract-not-found")
        order = self._open_order()
        if order.side == side:
            raise RefusedError("wrong-party")
        if agree:
            self._party(side, "awaiting_funding", "active", "paused")
            self._check(order.changes)
            self.terms += 1
            for place, price, lines in order.changes:
                self._change(place, price, lines)
        self._decided()

    def withdraw_change(self, side: str | None) -> None:
        if side is None:
            raise RefusedError("contract-not-found")
        if self._open_order().side != side:
            raise RefusedError("wrong-party")
        self._decided()

    def _open_order(self) -> Order:
        if self.order is None:
            raise RefusedError("request-decided")
        return self.order

    def _decided(self) -> None:
        self.order = None
        self._drop(["change_order"])

    def _change(self, place: int | None, price: int, lines: list[str]) -> None:
        if place is None:
            self.parts.append(Part(price, lines))
            return
        part = self.parts[place]
        difference = price - part.price
        if lines != part.checklist:
            part.checklist, part.accepted = lines, set()
        part.price = price
        part.version += 1
        if part.paid and difference > 0:
            self._hold(place, difference)
        elif part.paid and difference < 0:
            self._refund_to_wallet(place, -difference)

    # Time

    def clock(self, minutes: int) -> None:
        """Let time go by, then everything happen that is due, in the order of its time."""
        for each in self.timers:
            each.due -= minutes
            each.look -= minutes
        for _round in count():
            due = sorted((each for each in self.timers if each.look <= 0), key=lambda each: each.look)
            if not due:
                return
            for each in due:
                if any(each is waiting for waiting in self.timers):
                    self._fire(each)

    def _fire(self, timer: Timer) -> None:
        if self._must_wait(timer):
            timer.look = HOUR
            return
        self.timers = [each for each in self.timers if each is not timer]
        place = timer.place
        if timer.kind == "fund_contract":
            self.state = "terminated"
            self._cancel_unpaid()
        elif timer.kind == "change_order":
            self.order = None
        elif place is not None and timer.kind == "review":
            self._release(place, self.parts[place].held)
        elif place is not None and timer.kind == "resubmit":
            self.parts[place].version += 1
        elif place is not None and timer.kind == "refund_answer":
            self._refund(place, self.parts[place].was)
        elif timer.kind == "security":
            self._move(("maturing", FREELANCER), ("wallet", FREELANCER), timer.net)

    def _must_wait(self, timer: Timer) -> bool:
        if timer.kind == "fund_contract":
            return any(part.state == "funding" for part in self.parts)
        return timer.kind == "review" and timer.place is not None and not self.parts[timer.place].told
