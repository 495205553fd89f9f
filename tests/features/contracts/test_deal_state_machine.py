"""Deals in any order of steps, compared after each with a model that was written from the published rules alone.

Hypothesis chooses the steps: payments, every command of both parties and of a stranger, also with an outdated version
or repeated under its request key, changes of the work, time from a minute to months, withdrawals with every answer of
the provider, sealing. What is refused must be refused with the code that the model says, and change nothing.
"""

import asyncio
from collections.abc import Callable, Coroutine
from copy import deepcopy
from typing import Any, ClassVar, override

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.actor import Actor
from app.core.ids import new_id
from app.core.payment_port import OperationStatus
from app.core.resources import Sessions
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import service
from app.features.contracts.rules import MILESTONE_MACHINE
from app.features.contracts.schemas import (
    ChangeOrderCreate,
    MilestoneChange,
)
from app.features.fees.schemas import FeePolicyInput
from app.features.fees.service import add_policy
from app.models import FeeSide
from tests.factories.commands import OPERATOR
from tests.factories.deal_commands import command_on
from tests.factories.deal_model import DealModel
from tests.factories.deal_table import ARROWS, CUSTOMER, DAY, FREELANCER, HOUR, SYSTEM, Fee, Part, RefusedError
from tests.factories.deal_world import REPLAYED, DealWorld
from tests.factories.deals import make_deal
from tests.factories.orders import Market

FEES = (
    (Fee(), Fee()),
    (Fee(333, 700, None, 2000), Fee(777, 0, 200_000, 2000)),
    (Fee(0, 2_900_000), Fee(9_999, 1, None, 700)),
)
PRICES = ([3_000_000, 4_000_000], [1_234_567, 100_003, 50_001], [10**13, 1])
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
    "agree_refund": "answer_refund",
    "agree_part_refund": "answer_refund",
    "refuse_refund": "answer_refund",
    "return_money": "return_money",
}
FORWARD = ("fund", "start", "submit", "request_changes")
SIDES = {BY_EVENT[event]: side for (_state, event), (side, _target) in ARROWS.items() if side != SYSTEM}
ANSWERS = [None, OperationStatus.PENDING, OperationStatus.SUCCEEDED, OperationStatus.CANCELED, OperationStatus.RETURNED]


class DealLife(RuleBasedStateMachine):
    """The steps. Each is done by the product and by the model, which must agree."""

    worlds: ClassVar[list[DealWorld]]
    loop: ClassVar[asyncio.AbstractEventLoop]
    steps: ClassVar[list[str]]

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run work in the event loop of the product; the machine runs in a thread of its own."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    @initialize(variant=st.integers(0, len(FEES) - 1), begun=st.lists(st.integers(0, 4), min_size=3, max_size=3))
    def begin(self, variant: int, begun: list[int]) -> None:
        """Begin with a new deal, or with one in which milestones are further on."""
        self.world = self.worlds[variant]
        self.wait(self.world.begin())
        parts = [Part(price, [f"Part {number}"]) for number, price in enumerate(PRICES[variant], start=1)]
        self.model = DealModel(parts, *FEES[variant])
        self.payouts: list[tuple[str, int, str]] = []
        self.sealed: dict[Any, int] = {}
        for place, steps in zip(range(len(parts)), begun, strict=False):
            if steps:
                self._pay(2 * self.model.due_for(place))
            for name in FORWARD[:steps]:
                self._on_milestone(name, SIDES[name], place, {}, "", again=False)

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
        self.steps.append(name)
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
    def tell(self, data: st.DataObject) -> None:
        """Messages to the client about a submission arrive."""
        handed = [place for place, part in enumerate(self.model.parts) if part.state == "submitted"]
        place = data.draw(st.sampled_from(handed))
        self.model.parts[place].told = True
        self.wait(self.world.tell(place))

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


async def worlds(market: Market, connection: AsyncConnection) -> list[DealWorld]:
    """Return a deal for each choice of fees; examples begin from it and are rolled back."""
    made: list[DealWorld] = []
    stranger = await market.person()
    for fees, prices in zip(FEES, PRICES, strict=True):
        async with market.uow() as work:
            for side, fee in zip((FeeSide.CUSTOMER, FeeSide.FREELANCER), fees, strict=True):
                given = FeePolicyInput(side=side, rate_bp=fee.bp, minimum=fee.minimum, cap=fee.cap, tax_bp=fee.tax_bp)
                await add_policy(work, OPERATOR, given, reason="test")
        parts = [
            {"title": f"Part {number}", "amount": price, "days": 1} for number, price in enumerate(prices, start=1)
        ]
        scene = await make_deal(market, paid=0, milestones=parts, price={"amount": sum(prices), "currency": "RUB"})
        made.append(DealWorld(scene, connection, stranger=stranger))
    return made


async def play(market: Market, sessions: Sessions, **options: Any) -> list[str]:
    """Run Hypothesis in a separate thread; the product runs in this event loop. Return the steps that were done."""
    made, steps = await worlds(market, sessions.kw["bind"]), list[str]()
    members = {"worlds": made, "loop": asyncio.get_running_loop(), "steps": steps}
    chosen = profile(
        deadline=None,
        print_blob=True,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
        **options,
    )
    await asyncio.to_thread(run_machine, type("Life", (DealLife,), members), settings=chosen)
    return steps


def test_the_published_table_is_the_one_of_the_model() -> None:
    published = {
        (arrow.source.value, arrow.event.value): (str(arrow.side), arrow.target.value)
        for arrow in MILESTONE_MACHINE.transitions
    }
    assert published == ARROWS


@pytest.mark.timeout(300)
async def test_a_deal_does_exactly_what_the_model_says(market: Market, sessions: Sessions) -> None:
    steps = await play(market, sessions, max_examples=80, stateful_step_count=40, derandomize=True, database=None)
    assert set(steps) == {*SIDES, "pay_bonus"}, "some command was never done"


@pytest.mark.campaign
@pytest.mark.timeout(14_400)
async def test_a_deal_does_exactly_what_the_model_says_for_long(market: Market, sessions: Sessions) -> None:
    """Failing examples are kept in Hypothesis's folder, and tried first by the next run."""
    await play(market, sessions, max_examples=5_000, stateful_step_count=80)
