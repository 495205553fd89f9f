"""Deals in any order of steps, compared after each with a model that was written from the published rules alone.

Hypothesis chooses the steps: payments, every command of both parties and of a stranger, also with an outdated version
or repeated under its request key, changes of the work, time from a minute to months, withdrawals with every answer of
the provider, sealing. What is refused must be refused with the code that the model says, and change nothing.

| what must hold | when it is checked |
|---|---|
| debits equal credits, and balance rows the sums of their transfers | each step: `DealWorld.stored` |
| no account below zero, also after each transaction in the order of the log | each step; end: `check_whole` |
| one currency in a transfer; each transaction fits its template | end: the checks of the ledger |
| the log: leaves, positions, roots, signatures, a checkpoint that was kept before | end: `verify_ledger` |
| funded is released, refunded and held; escrow and fee hold are what the milestones say | each step: the model |
| what has ended holds nothing | each step: `both_agree` |
| fees and taxes are those of the total, whatever the steps | each step: the model |
| states have their transactions and no other; the timeline replayed gives the states | end: `check_whole` |
| one winner for each version; the outdated version is refused | each step that is repeated |
| what the provider holds is what came in and went out, each operation once, in any order of its answers | each step |
| money in transit is that of unfinished withdrawals | each step: the model |
| the same request key gives the stored answer and one effect; another body is refused | each step that is repeated |
| a timer never fires early, and late as it would on time | each step: times a minute before and after |
| what people own is at most what the provider holds | each step: `DealWorld.stored` |
| amounts are integers below 2^53 | each step: `DealWorld.stored` |

Checked elsewhere: one reversal at most, and who may decide (`tests/features/ledger/test_templates.py`,
`tests/security/test_stealing.py`); no second key while an attempt is unsure, messages that are lost, doubled, forged or
out of order (`tests/features/payments`); killed processes (`tests/features/contracts/test_crash_points.py`,
`tests/faults`); the age of what waits to be sealed (`tests/features/transparency`). Disputes, their holds and rulings,
and work by the hour do not exist yet: milestones in dispute hold nothing but the dispute's money, parts of a ruling sum
to what was held, and nobody is party and arbiter.
"""

import asyncio
from collections.abc import Callable, Coroutine
from copy import deepcopy
from typing import Any, ClassVar, override

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.core.actor import Actor
from app.core.ids import new_id
from app.core.payment_port import OperationStatus
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import service
from app.features.contracts.schemas import (
    ChangeOrderCreate,
    MilestoneChange,
)
from tests.factories.deal_commands import command_on
from tests.factories.deal_model import DealModel
from tests.factories.deal_table import ARROWS, CUSTOMER, DAY, FREELANCER, HOUR, SYSTEM, Fee, Part, RefusedError
from tests.factories.deal_world import REPLAYED, DealWorld

FEES = (
    (Fee(), Fee()),
    (Fee(333, 700, None, 2000), Fee(777, 0, 200_000, 2000)),
    (Fee(0, 2_900_000), Fee(9_999, 1, None, 700)),
)
PRICES = ([3_000_000, 4_000_000], [1_234_567, 100_003, 50_001], [10**11, 1])
TIMES = [1, HOUR, DAY, 3 * DAY - 1, 3 * DAY, 5 * DAY, 7 * DAY - 1, 7 * DAY, 14 * DAY, 90 * DAY]
BY_EVENT = {
    "fund": "fund",
    "start_funding": "start_funding",
    "start": "start",
    "submit": "submit",
    "accept": "accept",
    "accept_part": "accept",
    "request_changes": "request_changes",
    "ask_refund": "ask_refund",
    "withdraw_refund": "withdraw_refund",
    "withdraw_refund_unstarted": "withdraw_refund",
    "withdraw_refund_of_changes": "withdraw_refund",
    "agree_refund": "answer_refund",
    "agree_part_refund": "answer_refund",
    "refuse_refund": "answer_refund",
    "return_money": "return_money",
}
PATH = ("fund", "start", "submit", "request_changes")
BEGINNINGS = [*(PATH[:length] for length in range(len(PATH) + 1)), (*PATH[:2], "ask_refund")]
SIDES = {BY_EVENT[event]: side for (_state, event), (side, _target) in ARROWS.items() if side != SYSTEM}
COMMANDS = {*SIDES, "pay_bonus"}
ANSWERS = [None, OperationStatus.PENDING, OperationStatus.SUCCEEDED, OperationStatus.CANCELED, OperationStatus.RETURNED]


class DealLife(RuleBasedStateMachine):
    """The steps. Each is done by the product and by the model, which must agree."""

    worlds: ClassVar[list[DealWorld]]
    loop: ClassVar[asyncio.AbstractEventLoop]
    done: ClassVar[set[str]]

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run work in the event loop of the product; the machine runs in a thread of its own."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    @initialize(
        variant=st.integers(0, len(FEES) - 1), begun=st.lists(st.sampled_from(BEGINNINGS), min_size=3, max_size=3)
    )
    def begin(self, variant: int, begun: list[tuple[str, ...]]) -> None:
        """Begin with a new deal, or with one in which milestones are further on."""
        self.world = self.worlds[variant]
        self.wait(self.world.begin())
        parts = [Part(price, [f"Part {number}"]) for number, price in enumerate(PRICES[variant], start=1)]
        self.model = DealModel(parts, *FEES[variant])
        self.payouts: list[tuple[str, int, str]] = []
        self.sealed: dict[Any, int] = {}
        for place, names in zip(range(len(parts)), begun, strict=False):
            if names:
                self._pay(2 * self.model.due_for(place))
            for name in names:
                options = {"amount": None} if name == "ask_refund" else {}
                self._on_milestone(name, SIDES[name], place, options, "", again=False)

    def _expect(self, change: Callable[[DealModel], object]) -> str:
        """Do a step in the model, or nothing of it; return the code of its refusal."""
        tried = deepcopy(self.model)
        try:
            change(tried)
        except RefusedError as refused:
            return refused.code
        self.model = tried
        return ""

    def _act(self, side: str | None, change: Callable[[DealModel], object], run: Any, *, again: bool = False) -> str:
        """Let both do a command; the same one under the same key is answered from store, and does nothing."""
        key = new_id().hex if again else ""
        wanted = self._expect(change)
        found = self.wait(self.world.act(side, run, key, "a"))
        assert found == wanted
        if again and not wanted:
            assert self.wait(self.world.act(side, run, key, "a")) == REPLAYED
            assert self.wait(self.world.act(side, run, key, "b")) == "request-key-reused"
        return wanted

    @rule(data=st.data())
    def forward(self, data: st.DataObject) -> None:
        """A command on a milestone that its state allows, as the party whose turn it is."""
        self._milestone(data, "", again=False)

    @rule(data=st.data())
    def further(self, data: st.DataObject) -> None:
        """The same, so that it is chosen more often."""
        self._milestone(data, "", again=False)

    @rule(data=st.data(), odd=st.sampled_from(["", "", "version", "side", "stranger", "any"]))
    def odd(self, data: st.DataObject, odd: str) -> None:
        """A command that is repeated, outdated, somebody else's, or not allowed."""
        self._milestone(data, odd, again=True)

    def _milestone(self, data: st.DataObject, odd: str, *, again: bool) -> None:
        legal = [
            (place, BY_EVENT[event])
            for place, part in enumerate(self.model.parts)
            for (state, event), (side, _target) in ARROWS.items()
            if state == part.state and side != SYSTEM
            for _weight in range(1 if event == "return_money" else 5)
        ]
        every = [(place, name) for place in range(len(self.model.parts)) for name in SIDES]
        place, name = data.draw(st.sampled_from(every if odd == "any" or not legal else legal))
        part = self.model.parts[place]
        options: dict[str, Any] = {}
        if name == "accept":
            how = data.draw(st.sampled_from(["all", "amount", "lines"]))
            options = {"amount": self._amount(data, part.held) if how == "amount" else None, "lines": None}
            if how == "lines":
                options["lines"] = data.draw(st.lists(st.integers(0, len(part.checklist) - 1), max_size=3))
                options["lines"] += [len(part.checklist)] * (odd == "any")
        elif name == "ask_refund":
            options = {"amount": data.draw(st.sampled_from([None, self._amount(data, part.held)]))}
        elif name == "answer_refund":
            options = {"agree": data.draw(st.booleans())}
        self._on_milestone(name, SIDES[name], place, options, odd, again=again)

    @rule(data=st.data(), odd=st.sampled_from([""] * 5 + ["version", "side", "stranger"]), again=st.booleans())
    def bonus(self, data: st.DataObject, odd: str, *, again: bool) -> None:
        place = data.draw(st.integers(0, len(self.model.parts) - 1))
        options = {"amount": self._amount(data, self.model.money["wallet", CUSTOMER])}
        if options["amount"] > 0:
            self._on_milestone("pay_bonus", CUSTOMER, place, options, odd, again=again)

    @staticmethod
    def _amount(data: st.DataObject, most: int) -> int:
        return int(
            data.draw(st.sampled_from([1, most, most // 3 + 1, most - 1, most // 2 + 1, 7, most + 1, 0, -1, 10**14]))
        )

    def _on_milestone(
        self, name: str, side: str, place: int, options: dict[str, Any], odd: str, *, again: bool
    ) -> None:
        part = self.model.parts[place]
        version = part.version - 1 if odd == "version" and part.version > 1 else part.version
        other = FREELANCER if side == CUSTOMER else CUSTOMER
        acting = {"side": other, "stranger": None}.get(odd, side)
        run = command_on(self.world.milestones[place], name, version, options, len(part.checklist))

        def change(model: DealModel) -> None:
            getattr(model, name)(place, acting, version, **options)

        if self._act(acting, change, run, again=again):
            return
        self.done.add(name)
        if again:
            assert self.wait(self.world.act(acting, run, new_id().hex)) == "milestone-changed"

    @rule(
        name=st.sampled_from(["pause", "pause", "resume", "resume", "resume", "end"]),
        side=st.sampled_from([CUSTOMER, FREELANCER, None]),
    )
    def whole(self, name: str, side: str | None) -> None:
        products = {
            "pause": service.pause_contract,
            "resume": service.resume_contract,
            "end": service.end_contract,
        }
        contract_id = self.world.scene.contract_id
        self._act(
            side,
            lambda model: getattr(model, name)(side),
            lambda work, actor: products[name](work, actor, contract_id),
        )

    @rule(data=st.data(), side=st.sampled_from([CUSTOMER, FREELANCER]))
    def propose(self, data: st.DataObject, side: str) -> None:
        """Propose another price, other lines, or a new milestone."""
        changes: list[tuple[int | None, int, list[str]]] = []
        for _number in range(data.draw(st.integers(1, 2))):
            place = data.draw(st.sampled_from([*range(len(self.model.parts)), None]))
            part = self.model.parts[place] if place is not None else Part(70_000, ["New"])
            prices = [part.price, part.price + 1, part.price - part.held, part.price - part.held + 1, part.price // 2]
            price = max(1, data.draw(st.sampled_from([*prices, 2 * part.price])))
            lines = data.draw(st.sampled_from([part.checklist, ["One", "Two", "Three"]]))
            changes.append((place, price, lines))
        command = ChangeOrderCreate(
            changes=[
                MilestoneChange(
                    id=self.world.milestones[place] if place is not None else None,
                    title="Changed",
                    amount=price,
                    days=1,
                    checklist=lines,
                )
                for place, price, lines in changes
            ]
        )

        async def run(work: UnitOfWork, actor: Actor) -> None:
            made = await service.propose_change(work, actor, self.world.scene.contract_id, command)
            self.world.change_order = made.id

        self._act(side, lambda model: model.propose(side, changes), run)

    @precondition(lambda self: self.world.change_order is not None)
    @rule(side=st.sampled_from([CUSTOMER, FREELANCER]), how=st.sampled_from(["sign", "sign", "refuse", "withdraw"]))
    def answer_change(self, side: str, how: str) -> None:
        key = self.world.change_order
        assert key is not None
        agree = how == "sign"
        if how == "withdraw":
            self._act(
                side,
                lambda model: model.withdraw_change(side),
                lambda work, actor: service.withdraw_change(work, actor, key),
            )
            return
        self._act(
            side,
            lambda model: model.answer_change(side, agree=agree),
            lambda work, actor: service.answer_change(work, actor, key, agree=agree),
            again=True,
        )

    @rule(data=st.data())
    def deposit(self, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(self.model.parts) - 1))
        amount = data.draw(st.sampled_from([1, self.model.due_for(place), 3 * self.model.due_for(place)]))
        self._pay(amount)

    def _pay(self, amount: int) -> None:
        self.model.deposit(amount)
        self.wait(self.world.deposit(amount))

    @rule(data=st.data(), kind=st.sampled_from(["right", "right", "failed", "too little"]))
    def payment_ends(self, data: st.DataObject, kind: str) -> None:
        """A payment for a milestone ends: also when nothing waits for it, or with another amount."""
        waiting = [place for place, part in enumerate(self.model.parts) if part.state == "funding"]
        place = data.draw(st.sampled_from(waiting or [0]))
        due = self.model.due_for(place)
        paid = {"right": due, "failed": 0, "too little": due - 1}[kind]
        self.model.payment_ends(place, paid)
        self.wait(self.world.payment_ends(place, paid))

    @precondition(lambda self: any(part.state == "submitted" for part in self.model.parts))
    @rule(data=st.data())
    def remind(self, data: st.DataObject) -> None:
        """Messages to the client about a submission arrive."""
        handed = [place for place, part in enumerate(self.model.parts) if part.state == "submitted"]
        place = data.draw(st.sampled_from(handed))
        self.model.parts[place].told = True
        self.wait(self.world.remind(place))

    @rule(minutes=st.sampled_from(TIMES))
    def clock(self, minutes: int) -> None:
        self.model.clock(minutes)
        self.wait(self.world.clock(minutes))

    @rule(data=st.data(), side=st.sampled_from([FREELANCER, FREELANCER, CUSTOMER]))
    def withdraw(self, data: st.DataObject, side: str) -> None:
        held = self.model.money["wallet", side]
        amount = max(1, data.draw(st.sampled_from([held, held + 1, held // 2 + 1])))
        place = len(self.payouts)
        wanted = self._expect(lambda model: model.withdraw(side, place, amount))
        assert self.wait(self.world.withdraw(side, amount)) == wanted
        if not wanted:
            self.payouts.append((side, amount, "moving"))

    @precondition(lambda self: self.payouts)
    @rule(data=st.data(), answer=st.sampled_from(ANSWERS), times=st.integers(1, 2))
    def provider_says(self, data: st.DataObject, answer: OperationStatus | None, times: int) -> None:
        """The provider answers about a withdrawal: once, twice, or after its end."""
        place = data.draw(st.integers(0, len(self.payouts) - 1))
        side, amount, state = self.payouts[place]
        for _time in range(times):
            state = self.model.payout_ends(side, place, amount, state, answer.value if answer else "")
        self.payouts[place] = (side, amount, state)
        self.wait(self.world.provider_says(place, answer, times=times))

    @precondition(lambda self: self.model.money != self.sealed)
    @rule()
    def seal(self) -> None:
        self.sealed = dict(self.model.money)
        self.wait(self.world.seal())

    @invariant()
    def both_agree(self) -> None:
        """Compare states, versions, money, fees and timers; what ended holds nothing."""
        if not hasattr(self, "model"):
            return
        stored = self.wait(self.world.stored())
        assert stored == self.model.shown()
        for place, part in enumerate(self.model.parts):
            if part.state in {"accepted", "refunded", "cancelled"}:
                assert not {(kind, owner) for kind, owner in stored["money"] if owner == place}

    @override
    def teardown(self) -> None:
        """Check the whole ledger, the log and the timeline, then forget the example."""
        if not hasattr(self, "model"):
            return
        try:
            self.wait(self.world.check_whole())
        finally:
            self.wait(self.world.end())
