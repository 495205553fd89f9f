"""A process that dies before any statement of a command that moves money has done nothing of it; enumerated.

The functions that post are read from the source: a new one that no command here enters makes these tests fail.
"""

import ast
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, event, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.money import Currency, Money
from app.core.payment_port import Done, Operation, OperationStatus, PayoutKind, Refused
from app.core.persistence.request_keys import RequestKeyRepository, StoredAnswer
from app.core.resources import Sessions
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import service
from app.features.contracts.schemas import ChangeOrderCreate, MilestoneChange, RefundAnswer, RefundAsk
from app.features.finance import service as finance
from app.features.finance.schemas import CorrectionCreate
from app.features.ledger import service as ledger
from app.features.payments import service as payments
from app.features.payments.service import operations
from app.features.payments.service.reconciliation import close_case
from app.models import (
    DealTimer,
    LedgerCorrection,
    Payment,
    PaymentState,
    ProviderOperation,
    ReconciliationCase,
    TimerKind,
)
from app.models.user import Role
from tests.factories.commands import OPERATOR
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market
from tests.factories.users import actor_for, make_user

CORRECTION = {
    "kind": "correction",
    "debit": "loss",
    "credit": "suspense",
    "money": {"amount": 50_00, "currency": "RUB"},
    "reason": "own_mistake",
    "explanation": "Booked to the wrong account.",
    "evidence": "Bank order 17",
}
type Run = Callable[[UnitOfWork], Awaitable[object]]
PRICE = 100_000
PARTS = [{"title": f"Part {number}", "amount": PRICE, "days": 1} for number in range(1, 21)]
TABLES = (
    "deals", "milestones", "submissions", "releases", "refund_requests", "change_orders", "deal_timers", "deal_entries",
    "outbox_messages", "ledger_corrections",
    "request_keys", "payments", "payouts", "card_refunds", "provider_operations", "reconciliation_cases",
    "ledger.account", "ledger.balance", "ledger.txn", "ledger.transfer", "ledger.unsealed",
)  # fmt: skip
DIGEST = "SELECT '{0}', md5(string_agg(t::text, '' ORDER BY t::text)) FROM {0} t"
ALL_ROWS = text(" UNION ALL ".join(DIGEST.format(name) for name in TABLES))
TRANSACTION_WORDS = ("SAVEPOINT", "ROLLBACK", "RELEASE")
LEAST_POINTS = 4


FEATURES = Path(service.__file__).parents[2]
TOOL = sys.monitoring.PROFILER_ID


def posting(feature: str) -> set[tuple[str, str]]:
    """Return the functions of a feature that use a template of the ledger, each with its file."""
    return {
        (path.name, function.name)
        for path in (FEATURES / feature).rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(isinstance(call, ast.Attribute) and _is_template(call) for call in ast.walk(function))
    }


def _is_template(found: ast.Attribute) -> bool:
    return ast.unparse(found.value).endswith("templates") and hasattr(ledger.templates, found.attr)


@contextmanager
def entering(*features: str) -> Generator[set[tuple[str, str]]]:
    """Note which functions of features are entered, each with its file."""
    entered = set[tuple[str, str]]()

    def note(code: CodeType, _offset: int) -> object:
        path = Path(code.co_filename)
        if any(path.is_relative_to(FEATURES / feature) for feature in features):
            entered.add((path.name, code.co_name))
        return sys.monitoring.DISABLE

    sys.monitoring.use_tool_id(TOOL, "crash points")
    sys.monitoring.register_callback(TOOL, sys.monitoring.events.PY_START, note)
    sys.monitoring.set_events(TOOL, sys.monitoring.events.PY_START)
    sys.monitoring.restart_events()
    try:
        yield entered
    finally:
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.free_tool_id(TOOL)


def test_who_posts_is_found_in_the_source() -> None:
    features = {path.name for path in FEATURES.iterdir() if path.is_dir() and posting(path.name)}
    assert features == {"contracts", "payments", "finance", "ledger"}
    assert ("money.py", "fund") in posting("contracts")


class DiedError(RuntimeError):
    """The process died here."""


def _die_unless(commits: bool) -> None:
    if not commits:
        raise DiedError


@contextmanager
def dying(connection: Connection, at: int) -> Generator[list[int]]:
    """Die before the statement of this number; the statements are counted."""
    sent = [0]

    def before(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(TRANSACTION_WORDS):
            return
        sent[0] += 1
        if sent[0] == at:
            raise DiedError

    event.listen(connection, "before_cursor_execute", before)
    try:
        yield sent
    finally:
        event.remove(connection, "before_cursor_execute", before)


class Crashes:
    """Lets commands die at every point, and compares every row of every table that knows of money."""

    def __init__(self, market: Market, connection: AsyncConnection, actor: Actor, *features: str) -> None:
        self.features, self.market, self.connection, self.actor = features, market, connection, actor
        self.points: dict[str, int] = {}
        self.entered = set[tuple[str, str]]()

    async def rows(self) -> dict[str, str | None]:
        return {row[0]: row[1] for row in await self.connection.execute(ALL_ROWS)}

    async def _attempt(self, run: Run, key: str, at: int, *, commits: bool) -> bool:
        """Run a command under its key; return whether it died."""
        sync = self.connection.sync_connection
        assert sync is not None
        with dying(sync, at):
            try:
                async with self.market.uow() as work:
                    keys = RequestKeyRepository(work.session)
                    if await keys.claim(self.actor.id, key, "POST /", b"body") is not None:
                        return False
                    await run(work)
                    await keys.keep(self.actor.id, key, StoredAnswer(200, b"{}"))
                    await work.session.flush()
                    _die_unless(commits)
            except DiedError:
                return True
        return False

    async def each(self, name: str, run: Run) -> None:
        """Let a command die before each of its statements and before its commit, then do it once, and only once."""
        key, before, at = new_id().hex, await self.rows(), 1
        with entering(*self.features) as entered:
            while await self._attempt(run, key, at, commits=True):
                assert await self.rows() == before, (name, at)
                at += 1
        self.entered |= entered
        after = await self.rows()
        assert after != before, name
        assert not await self._attempt(run, key, 0, commits=True)
        assert await self.rows() == after, f"{name} was done twice under one key"
        self.points[name] = at - 1
        assert at > LEAST_POINTS, f"{name} has hardly a statement"

    async def before_commit(self, name: str, run: Run) -> None:
        """Let a command die after its last statement."""
        before = await self.rows()
        assert await self._attempt(run, new_id().hex, 0, commits=False)
        assert await self.rows() == before, name


@pytest.fixture
def connection(sessions: Sessions) -> AsyncConnection:
    """The connection of the test's transaction."""
    bound = sessions.kw["bind"]
    assert isinstance(bound, AsyncConnection)
    return bound


async def timer_of(scene: DealScene, place: int, kind: TimerKind) -> UUID:
    """Return the timer of a milestone, whose time has come."""
    await scene.ripen(kind)
    async with scene.market.uow() as work:
        found = select(DealTimer.id).where(DealTimer.milestone_id == scene.milestones[place], DealTimer.kind == kind)
        return (await work.session.execute(found)).scalars().first() or new_id()


async def ask(scene: DealScene, place: int, amount: int | None = None) -> None:
    milestone = await scene.milestone(place)
    async with scene.market.uow() as work:
        command = RefundAsk(version=milestone.version, amount=amount, reason="Plans changed")
        await service.ask_refund(work, scene.customer, milestone.id, command)


async def propose(scene: DealScene, place: int, amount: int) -> UUID:
    change = MilestoneChange(id=scene.milestones[place], title="Changed", amount=amount, days=1, checklist=["One"])
    async with scene.market.uow() as work:
        command = ChangeOrderCreate(changes=[change])
        return (await service.propose_change(work, scene.freelancer, scene.contract_id, command)).id


async def test_commands_of_a_deal_die_at_every_point(  # noqa: PLR0915 - every command in the order of a deal
    market: Market, connection: AsyncConnection
) -> None:
    scene = await make_deal(
        market, milestones=PARTS, price={"amount": PRICE * len(PARTS), "currency": "RUB"}, term_days=30
    )
    crashes = Crashes(market, connection, scene.customer, "contracts")
    customer, freelancer, keys = scene.customer, scene.freelancer, scene.milestones
    due = Money(PRICE, Currency.RUB)

    async def both(name: str, run: Run) -> None:
        await crashes.before_commit(name, run)
        await crashes.each(name, run)

    def agree(place: int, version: int) -> Run:
        answer = RefundAnswer(version=version, agree=True)
        return lambda work: service.answer_refund(work, freelancer, keys[place], answer)

    def signed(order: UUID) -> Run:
        return lambda work: service.answer_change(work, customer, order, agree=True)

    await both("fund", lambda work: service.fund_milestone(work, customer, keys[0]))
    await both("start funding", lambda work: service.start_funding(work, customer, keys[1]))
    await both("payment fails", lambda work: service.funding_failed(work, keys[1]))
    async with market.uow() as work:
        await service.start_funding(work, customer, keys[1])
    await both("payment arrives", lambda work: service.funding_paid(work, keys[1], due))
    await scene.submitted(2)
    await both("accept a part", lambda work: service.accept_milestone(work, customer, keys[2], amount=1))
    await both("accept", lambda work: service.accept_milestone(work, customer, keys[2]))
    await scene.set_checklist(["One", "Two"], 3)
    await scene.submitted(3)
    await both("accept a line", lambda work: service.accept_milestone(work, customer, keys[3], lines=[0]))
    await both("return money", lambda work: service.return_money(work, freelancer, keys[3]))
    await scene.start(4)
    await ask(scene, 4, 1)
    await both("agree to a part", agree(4, (await scene.milestone(4)).version))
    await ask(scene, 4)
    await both("agree", agree(4, (await scene.milestone(4)).version))
    await both("bonus", lambda work: service.pay_bonus(work, customer, keys[4], 5))
    for name, amount in (("change upwards", PRICE + 1), ("change downwards", PRICE - 1)):
        order = await propose(scene, 0, amount)
        await both(name, signed(order))
    await scene.notify(await scene.submitted(5))
    review = await timer_of(scene, 5, TimerKind.REVIEW)
    await both("silence accepts", lambda work: service.fire_timer(work, review))
    await scene.start(6)
    await ask(scene, 6)
    silence = await timer_of(scene, 6, TimerKind.REFUND_ANSWER)
    await both("silence refunds", lambda work: service.fire_timer(work, silence))
    security = await timer_of(scene, 2, TimerKind.SECURITY)
    await both("mature", lambda work: service.fire_timer(work, security))
    for place in (7, 8):
        await scene.notify(await scene.submitted(place))
    for kind in (TimerKind.REVIEW, TimerKind.SECURITY):
        keys_of_kind = [await timer_of(scene, place, kind) for place in (7, 8)]
        await both(f"batch of {kind}", partial(service.fire_together, kind=kind, timer_ids=keys_of_kind))
    await both("end", lambda work: service.end_contract(work, customer, scene.contract_id))
    assert sum(crashes.points.values()) > 200, crashes.points
    assert posting("contracts") <= crashes.entered


async def test_commands_of_payments_die_at_every_point(  # noqa: C901, PLR0915 - each step with what it needs
    market: Market, connection: AsyncConnection
) -> None:
    scene = await make_deal(market)
    customer = scene.customer
    crashes = Crashes(market, connection, customer, "payments")
    made: list[Any] = []
    money = Money(1_000, Currency.RUB)
    open_case = select(ReconciliationCase.id).where(ReconciliationCase.closed_at.is_(None))

    async def both(name: str, run: Run) -> None:
        await crashes.before_commit(name, run)
        made.clear()
        await crashes.each(name, run)

    async def answered(name: str, status: OperationStatus, amount: int | None = None) -> None:
        """Let the provider's answer about the last thing be recorded."""
        async with market.uow() as work:
            await work.session.execute(
                update(ProviderOperation)
                .where(ProviderOperation.subject_id == subject)
                .values(next_at=utc_now() - timedelta(days=1))
            )
            call = await operations.claim(work, subject, 24)
        assert call is not None
        fact = Operation(
            kind=call.kind,
            id=f"provider-{subject}",
            reference=call.reference,
            money=Money(amount, Currency.RUB) if amount is not None else call.money,
            status=status,
            created_at=call.created_at,
            changed_at=call.created_at,
        )
        outcome: Any = Refused("rejected", fact) if status is OperationStatus.CANCELED else Done(fact)
        await both(name, lambda work: operations.record(work, call, outcome))

    def decided(case: UUID) -> Run:
        return lambda work: close_case(work, OPERATOR, case, "seen")

    async def pay_in(work: UnitOfWork) -> None:
        made.append(await payments.open_payment(work, customer.id, money))

    async def pay_out(work: UnitOfWork) -> None:
        order = payments.PayoutOrder(
            user_id=customer.id,
            money=money,
            kind=PayoutKind.CARD,
            destination=payments.Destination(card="4242424242424242"),
        )
        made.append(await payments.open_payout(work, order))

    async def send_back(work: UnitOfWork) -> None:
        paid = (await work.session.execute(select(Payment.id).where(Payment.state == PaymentState.PAID))).scalar_one()
        made.append(await payments.open_refund(work, customer.id, paid, Money(1, Currency.RUB)))

    await both("begin a payment", pay_in)
    subject = made[-1].id
    await answered("a payment arrives", OperationStatus.SUCCEEDED)
    for run, name in ((pay_out, "withdrawal"), (send_back, "refund")):
        for status in (OperationStatus.CANCELED, OperationStatus.SUCCEEDED):
            await both(f"begin a {name}", run)
            subject = made[-1].id
            await answered(f"a {name} is {status}", status)
        if run is pay_out:
            await answered("a withdrawal comes back", OperationStatus.RETURNED)
    for run, name in ((pay_in, "payment"), (pay_out, "withdrawal"), (send_back, "refund")):
        async with market.uow() as work:
            made.clear()
            await run(work)
        subject = made[-1].id
        await answered(f"another amount of a {name}", OperationStatus.SUCCEEDED, 2)
        async with market.uow() as work:
            case = (await work.session.execute(open_case)).scalar_one()
        await both(f"an operator decides on a {name}", decided(case))
    assert posting("payments") <= crashes.entered


async def test_corrections_and_reversals_die_at_every_point(market: Market, connection: AsyncConnection) -> None:
    scene = await make_deal(market)
    async with market.uow() as work:
        first, second = [actor_for(await make_user(work.session, role=Role.FINANCE_APPROVER)) for _number in range(2)]
    crashes = Crashes(market, connection, second, "finance", "ledger")
    made: list[LedgerCorrection] = []

    async def decided(name: str, **given: Any) -> UUID | None:
        """Let a correction be proposed and approved; return its transaction."""
        command = CorrectionCreate.model_validate(CORRECTION | given)

        async def propose(work: UnitOfWork) -> None:
            made[:] = [await finance.propose(work, first, command)]

        def approve(work: UnitOfWork) -> Awaitable[object]:
            return finance.approve(work, second, made[0].id)

        for step, run in (("propose", propose), ("approve", approve)):
            await crashes.before_commit(f"{step} {name}", run)
            await crashes.each(f"{step} {name}", run)
        async with market.uow() as work:
            return (await work.session.get_one(LedgerCorrection, made[0].id)).txn_id

    txn_id = await decided("a correction", contract_id=scene.contract_id)
    await decided("a reversal", kind="reversal", reverses=txn_id, money=None)
    await decided("money for a suspense account")
    await decided("an assignment", kind="assignment", username=scene.customer.username, debit=None, credit=None)
    assert posting("finance") | posting("ledger") <= crashes.entered
