"""Every fault that the sandbox can plan, at every call of the port: its books equal the ledger afterwards.

The rows come from the tables of the port and of the sandbox, so a new call or fault is tried as soon as it exists.
What ends by itself has ended without a webhook; what a person has to decide is a case that names the difference.
"""

import inspect
from collections import defaultdict
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import override
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from app.core.actor import system_actor
from app.core.money import Currency
from app.core.payment_port import Done, Operation, OperationKind, OperationStatus, PaymentProvider, Unknown
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.ledger import service as ledger
from app.features.ledger.rules.checks import CheckResult
from app.features.payments import service, workflows
from app.features.payments.rules import FINISHED
from app.models import AccountKind, CaseKind, OperationState, ReconciliationCase
from app.sandbox.faults import Call, FaultKind, fits
from tests.features.payments.till import Till
from tests.gateways.payments.provider import DAY, open_sandbox

PORT = {
    "create_payment": Call.CREATE_PAYMENT,
    "get_payment": Call.GET_PAYMENT,
    "cancel_payment": Call.CANCEL_PAYMENT,
    "create_refund": Call.CREATE_REFUND,
    "get_refund": Call.GET_REFUND,
    "create_payout": Call.CREATE_PAYOUT,
    "get_payout": Call.GET_PAYOUT,
    "find_by_reference": Call.FIND,
    "statement": Call.STATEMENT,
    "balance": Call.BALANCE,
    "parse_webhook": Call.WEBHOOK,
}
MOVES_NOTHING = {"capabilities", "find_self_employed", "close"}
BEFORE = {FaultKind.REFUSE_BEFORE, FaultKind.FAIL_BEFORE, FaultKind.CUT_BEFORE, FaultKind.BUSY}
OF_THE_OBJECT = {
    FaultKind.WRONG_AMOUNT,
    FaultKind.WRONG_CURRENCY,
    FaultKind.DELAYED,
    FaultKind.PAYOUT_RETURNED,
    FaultKind.WEBHOOK_EARLY,
}
LOST = 6
"""More calls that go wrong than are sent with one key."""
MOVED, HELD = 40, 100
ASKED = MOVED * 100
SECONDS = 60
CURRENCIES = (Currency.RUB, Currency.USD)
"""What was asked for, and what the provider takes instead with a wrong currency."""
SIGNS = {OperationKind.PAYMENT: 1, OperationKind.REFUND: -1, OperationKind.PAYOUT: -1}


@dataclass(frozen=True, slots=True)
class Row:
    """One fault at one call, so many times, while one kind of operation is under way."""

    call: Call
    fault: FaultKind
    kind: OperationKind
    times: int = 1
    argument: int = 1

    @override
    def __str__(self) -> str:
        return f"{self.call}-{self.fault}-{self.kind}-{self.times}-{self.argument}"

    @property
    def executed(self) -> bool:
        """Whether the provider has the operation in the end."""
        if self.call is not Call(f"create_{self.kind}") or self.fault not in BEFORE:
            return True
        return self.fault is not FaultKind.REFUSE_BEFORE and (self.times < LOST or self.fault is FaultKind.BUSY)


def times_of(call: Call, fault: FaultKind) -> tuple[int, ...]:
    """Return how often a fault happens: calls that create are lost once, and until their key is given up."""
    if not call.startswith("create_") or fault in OF_THE_OBJECT or fault is FaultKind.SLOW:
        return (1,)
    return (1, LOST)


def arguments_of(fault: FaultKind) -> tuple[int, ...]:
    """Return with which arguments a fault is planned."""
    return {FaultKind.WRONG_AMOUNT: (-1, 1), FaultKind.DELAYED: (SECONDS,), FaultKind.PAYOUT_RETURNED: (DAY,)}.get(
        fault, (1,)
    )


def rows(*calls: Call) -> list[Row]:
    """Return a row for each fault that can happen at one of these calls."""
    return [
        Row(call, fault, kind, times, argument)
        for call in calls
        for fault in FaultKind
        if fits(call, fault)
        for kind in kinds_of(call)
        for argument in arguments_of(fault)
        for times in times_of(call, fault)
    ]


def kinds_of(call: Call) -> list[OperationKind]:
    """Return which operations make a call; looking for one is the same for all."""
    own = [kind for kind in OperationKind if call.endswith(kind)]
    return own or ([OperationKind.PAYOUT] if call in {Call.FIND, *BOOKS} else list(OperationKind))


CREATING = (Call.CREATE_PAYMENT, Call.CREATE_REFUND, Call.CREATE_PAYOUT)
READING = (Call.GET_PAYMENT, Call.GET_REFUND, Call.GET_PAYOUT, Call.FIND)
BOOKS = (Call.STATEMENT, Call.BALANCE)


def test_no_call_and_no_fault_is_left_out() -> None:
    methods = {name for name, _function in inspect.getmembers(PaymentProvider, inspect.isfunction)}
    assert {name for name in methods if not name.startswith("_")} == PORT.keys() | MOVES_NOTHING
    assert set(PORT.values()) == set(Call)
    assert {*CREATING, *READING, *BOOKS, Call.CANCEL_PAYMENT, Call.WEBHOOK} == set(Call)
    assert {row.fault for row in rows(*Call)} == set(FaultKind)


@dataclass(slots=True)
class Trial:
    """One operation under a fault, and what both books say of it."""

    till: Till
    row: Row
    held_before: dict[Currency, int]
    subjects: dict[UUID, OperationKind] = field(default_factory=dict)

    @classmethod
    async def begin(cls, till: Till, row: Row) -> tuple["Trial", UUID]:
        """Write an operation of 40 down, with 100 in the wallet where money leaves."""
        trial = cls(till, row, await held(till))
        if row.kind is OperationKind.PAYMENT:
            subject_id = await till.top_up(MOVED)
        else:
            payment_id = await till.paid(HELD)
            trial.subjects[payment_id] = OperationKind.PAYMENT
            is_payout = row.kind is OperationKind.PAYOUT
            subject_id = await till.withdraw(MOVED) if is_payout else await till.refund(payment_id, MOVED)
        trial.subjects[subject_id] = row.kind
        return trial, subject_id

    async def plan(self) -> None:
        await self.till.sandbox.plan(self.row.call, self.row.fault, times=self.row.times, argument=self.row.argument)

    async def end(self, subject_id: UUID) -> None:
        """Let time pass, poll, and let the payer pay, until the operation has ended or a person has to look."""
        for _round in range(2):
            await self.till.finish(subject_id, looks=8)
            found = await self.till.operation(subject_id)
            if self.row.kind is OperationKind.PAYMENT and found.state is OperationState.PENDING:
                await self.till.pay(subject_id)
            elif found.state in FINISHED:
                break
            elif self.row.fault is FaultKind.DELAYED:
                await self.till.sandbox.forward(SECONDS)
        if self.row.fault is FaultKind.PAYOUT_RETURNED:
            await self.till.sandbox.forward(DAY)
            await self.till.look(subject_id)

    async def objects(self) -> list[tuple[OperationKind, Operation]]:
        """Return what the provider has made of the operations."""
        found = [
            (kind, each)
            for subject_id, kind in self.subjects.items()
            for each in await self.till.sandbox.found(f"{kind}:{subject_id}")
        ]
        assert len({each.reference for _kind, each in found}) == len(found), "something was executed twice"
        return found

    async def check(self) -> None:
        """Compare the books of both sides; what differs is exactly what open cases say."""
        objects = await self.objects()
        await self._compare(objects, await self.till.cases())
        for case in await self.till.cases():
            async with unit_of_work(self.till.resources) as uow:
                await service.close_case(uow, system_actor("anna", "command"), case.id, "as the provider says")
        for subject_id in self.subjects:
            await self.till.look(subject_id)
        await self._compare(objects, [case for case in await self.till.cases() if case.closed_at is None])
        async with self.till.resources.sessions() as session:
            assert (await ledger.check(session)).result is CheckResult.HOLDS

    async def _compare(self, objects: list[tuple[OperationKind, Operation]], cases: list[ReconciliationCase]) -> None:
        """The provider holds what the ledger says that it holds, and the wallet has what the provider has moved."""
        differ = {case.reference: case for case in cases if case.kind is CaseKind.AMOUNT_DIFFERS}
        for subject_id, kind in self.subjects.items():
            state = (await self.till.operation(subject_id)).state
            asks = state is OperationState.NEEDS_PERSON and f"{kind}:{subject_id}" in differ
            assert state in FINISHED or asks, f"{kind} is {state} and nobody knows"
        moved = [(kind, each) for kind, each in objects if each.status is OperationStatus.SUCCEEDED]
        for _kind, each in moved:
            if case := differ.get(each.reference):
                assert (case.found, case.currency) == (each.money.amount, each.money.currency), "what was found"
        wallet, apart = expected(moved, set(differ))
        after = await held(self.till)
        for currency in CURRENCIES:
            change = after[currency] - self.held_before[currency]
            assert await self.balance(AccountKind.PROVIDER_CLEARING, currency) == change - apart[currency], currency
            assert await self.balance(AccountKind.WALLET, currency) == wallet[currency], currency
        assert await self.transit() == (ASKED if any(apart.values()) else 0)

    async def transit(self) -> int:
        """Return what is on its way out of the wallet."""
        kinds = (AccountKind.PAYOUT_TRANSIT, AccountKind.REFUND_TRANSIT)
        return sum([await self.till.balance(kind, subject_id) for kind in kinds for subject_id in self.subjects])

    async def balance(self, kind: AccountKind, currency: Currency) -> int:
        account = (
            ledger.Account(kind, self.till.actor.id)
            if kind is AccountKind.WALLET
            else ledger.Account(kind, provider="sandbox")
        )
        async with self.till.resources.sessions() as session:
            return await ledger.balance(session, account, currency)


def expected(
    moved: list[tuple[OperationKind, Operation]], differ: set[str]
) -> tuple[defaultdict[Currency, int], defaultdict[Currency, int]]:
    """Return what the wallet holds after what the provider has moved, and what only the provider has recorded.

    What arrived with a difference is kept apart in the ledger, and what left with one is not recorded at all, until a
    person has closed the case. More than was asked for is not taken from the wallet.
    """
    wallet, apart = defaultdict[Currency, int](int), defaultdict[Currency, int](int)
    for kind, each in moved:
        currency, amount = each.money.currency, SIGNS[kind] * each.money.amount
        is_payment = kind is OperationKind.PAYMENT
        if each.reference not in differ:
            wallet[currency] += amount if is_payment else max(amount, -ASKED)
        elif not is_payment:
            apart[currency] += amount
            wallet[Currency.RUB] -= ASKED
    return wallet, apart


async def held(till: Till) -> dict[Currency, int]:
    """Return what the provider holds of each currency."""
    found: dict[Currency, int] = {}
    for currency in CURRENCIES:
        answer = await till.sandbox.adapter.balance(currency)
        assert isinstance(answer, Done)
        found[currency] = answer.value.held.amount
    return found


@pytest.mark.parametrize("row", rows(*CREATING), ids=str)
async def test_a_call_that_creates(till: Till, row: Row) -> None:
    trial, subject_id = await Trial.begin(till, row)
    await trial.plan()
    if row.fault is FaultKind.SLOW:
        with till.sandbox.impatient():
            await till.look(subject_id)
        assert (await till.operation(subject_id)).state is OperationState.UNKNOWN
    await trial.end(subject_id)
    executed = [kind for kind, each in await trial.objects() if each.reference == f"{row.kind}:{subject_id}"]
    assert bool(executed) is row.executed
    if not await till.cases():
        assert (await till.operation(subject_id)).state is (OperationState.DONE if executed else OperationState.FAILED)
    await trial.check()


@pytest.mark.parametrize("row", rows(*READING), ids=str)
async def test_a_call_that_reads(till: Till, row: Row) -> None:
    trial, subject_id = await Trial.begin(till, row)
    if row.call is Call.FIND:
        await till.sandbox.plan(f"create_{row.kind}", "cut_after", times=LOST)
    elif row.kind is not OperationKind.PAYMENT:
        await till.sandbox.plan(f"create_{row.kind}", "delayed", argument=SECONDS)
    await till.look(subject_id)
    if row.call is Call.FIND:
        await till.age(subject_id, timedelta(days=1) - timedelta(minutes=20))
    elif row.kind is OperationKind.PAYMENT:
        await till.pay(subject_id)
    else:
        await till.sandbox.forward(SECONDS)
    await trial.plan()
    with till.sandbox.impatient(wanted=row.fault is FaultKind.SLOW):
        await till.look(subject_id)
    said_nothing = OperationState.UNKNOWN if row.call is Call.FIND else OperationState.PENDING
    assert (await till.operation(subject_id)).state is said_nothing
    await trial.end(subject_id)
    assert (await till.operation(subject_id)).state is OperationState.DONE
    await trial.check()


@pytest.mark.parametrize("row", rows(Call.CANCEL_PAYMENT), ids=str)
@pytest.mark.parametrize("pays", [False, True], ids=["gives up", "pays"])
async def test_a_payment_that_is_canceled(till: Till, row: Row, *, pays: bool) -> None:
    trial, subject_id = await Trial.begin(till, row)
    await till.look(subject_id)
    await trial.plan()
    page = await till.operation(subject_id)
    with till.sandbox.impatient(wanted=row.fault is FaultKind.SLOW):
        await workflows.cancel_payment(till.resources, till.actor, subject_id)
    if pays:
        await till.sandbox.http.post(f"/pay/{page.provider_id}", data={"action": "pay", "card": "4242424242424242"})
    else:
        await till.sandbox.forward(4 * DAY)
    await trial.end(subject_id)
    await trial.check()


async def deliver(till: Till, client: httpx.AsyncClient) -> list[int]:
    """Hand the messages that are due to the site; return the answers."""
    client.headers.pop("Origin", None)
    names = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type")
    answers: list[int] = []
    for headers, body in await till.sandbox.messages():
        sent = {name: headers[name] for name in names}
        answers.append((await client.post("/webhooks/payments/sandbox", content=body, headers=sent)).status_code)
    await workflows.read_inbox(till.resources)
    return answers


@pytest.mark.parametrize("row", rows(Call.WEBHOOK), ids=str)
async def test_a_message_that_goes_wrong(till: Till, client: httpx.AsyncClient, row: Row) -> None:
    trial, subject_id = await Trial.begin(till, row)
    await till.sandbox.messages()
    await trial.plan()
    await till.look(subject_id)
    if row.kind is OperationKind.PAYMENT:
        await till.pay(subject_id)
    answers = await deliver(till, client)
    await till.sandbox.forward(SECONDS)
    answers += await deliver(till, client)
    expected = {FaultKind.WEBHOOK_FORGED: {204, 403}, FaultKind.WEBHOOK_LOST: set[int]()}
    held_back = row.fault is FaultKind.WEBHOOK_OUT_OF_ORDER
    assert set(answers) == (set() if held_back else expected.get(row.fault, {204}))
    if row.kind is OperationKind.PAYMENT and row.fault not in {FaultKind.WEBHOOK_LOST, FaultKind.WEBHOOK_OUT_OF_ORDER}:
        assert (await till.operation(subject_id)).state is OperationState.DONE, "the message was reason enough to read"
    await trial.end(subject_id)
    assert (await till.operation(subject_id)).state is OperationState.DONE
    later_id = await till.paid(1)
    assert 204 in await deliver(till, client), "what was held back arrives after a later message"
    assert (await till.operation(later_id)).state is OperationState.DONE


@pytest_asyncio.fixture(loop_scope="session")
async def alone(resources: Resources, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Till]:
    """A till whose provider has books of its own, so that whole statements can be compared."""
    async with open_sandbox(tmp_path_factory.mktemp("matrix")) as sandbox:
        resources.payment_provider = sandbox.adapter
        yield await Till.open(resources, sandbox)


async def test_a_statement_or_balance_that_goes_wrong_opens_no_case(alone: Till) -> None:
    payment_id = await alone.paid(HELD)
    await alone.finish(await alone.withdraw(MOVED))
    await alone.finish(await alone.refund(payment_id, MOVED))
    for row in rows(*BOOKS):
        await alone.sandbox.plan(row.call, row.fault, times=len(Currency), argument=1)
        with alone.sandbox.impatient(wanted=row.fault is FaultKind.SLOW):
            compared = await workflows.reconcile(alone.resources)
        with alone.sandbox.impatient(wanted=row.fault is FaultKind.SLOW and row.call is Call.BALANCE):
            answers = [await alone.sandbox.adapter.balance(currency) for currency in Currency]
        assert len(compared) == (0 if row.call is Call.STATEMENT else len(Currency)), row
        assert all(isinstance(answer, Done) for answer in answers) is (row.call is Call.STATEMENT), row
        assert await alone.cases() == []
        await alone.sandbox.control("DELETE", "faults")
        assert [each.opened for each in await workflows.reconcile(alone.resources)] == [0] * len(Currency)
    await alone.check_books()
    assert Unknown is not None
