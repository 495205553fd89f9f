"""Each fault of the provider at each call: nothing twice, nothing lost, the provider's books equal to the ledger."""

from dataclasses import dataclass
from uuid import UUID

import pytest

from app.models import AccountKind as Kind
from app.models import OperationState
from tests.features.payments.till import Till

BEFORE = ("refuse_before", "fail_before", "cut_before", "busy")
AFTER = ("fail_after", "cut_after", "timeout_answer", "conflict", "garbage", "slow")
KINDS = ("payment", "refund", "payout")
LOST = 6
"""More calls that go wrong than are sent with one key."""


@dataclass(frozen=True, slots=True)
class Row:
    """One fault at one call, so many times."""

    operation: str
    fault: str
    times: int

    @property
    def call(self) -> str:
        return f"create_{self.operation}"

    @property
    def done(self) -> bool:
        """Whether the provider has executed it in the end."""
        if self.fault == "refuse_before":
            return False
        return self.fault in AFTER or self.times < LOST or self.fault == "busy"


ROWS = [Row(kind, fault, times) for kind in KINDS for fault in BEFORE + AFTER for times in (1, LOST) if fault != "slow"]
SLOW = [Row(kind, "slow", 1) for kind in KINDS]


async def begin(till: Till, kind: str) -> UUID:
    """Begin an operation of 40 with 100 in the wallet."""
    if kind == "payment":
        return await till.top_up(40)
    payment_id = await till.paid(100)
    return await till.withdraw(40) if kind == "payout" else await till.refund(payment_id, 40)


async def end(till: Till, kind: str, subject_id: UUID) -> OperationState:
    """Let an operation end; a payer pays as soon as the page is there."""
    if kind != "payment":
        return await till.finish(subject_id)
    await till.finish(subject_id)
    if (await till.operation(subject_id)).state is OperationState.PENDING:
        await till.pay(subject_id)
    return await till.finish(subject_id)


async def check(till: Till, row: Row, subject_id: UUID, state: OperationState) -> None:
    """The money is where the end says, once, and both books agree."""
    assert state is (OperationState.DONE if row.done else OperationState.FAILED)
    before = 0 if row.operation == "payment" else 10_000
    moved = 4_000 if row.operation == "payment" else -4_000
    assert await till.wallet() == before + (moved if row.done else 0)
    assert await till.balance(Kind.PAYOUT_TRANSIT, subject_id) == 0
    assert await till.balance(Kind.REFUND_TRANSIT, subject_id) == 0
    assert len(await till.sandbox.found(f"{row.operation}:{subject_id}")) == int(row.done)
    await till.check_books()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.operation}-{row.fault}-{row.times}")
async def test_a_fault_doubles_nothing_and_loses_nothing(till: Till, row: Row) -> None:
    subject_id = await begin(till, row.operation)
    await till.sandbox.plan(row.call, row.fault, times=row.times, argument=1)
    await check(till, row, subject_id, await end(till, row.operation, subject_id))


@pytest.mark.parametrize("row", SLOW, ids=lambda row: row.operation)
async def test_a_slow_answer_is_an_unknown_one(till: Till, row: Row) -> None:
    subject_id = await begin(till, row.operation)
    await till.sandbox.plan(row.call, "slow", argument=1)
    with till.sandbox.impatient():
        await till.look(subject_id)
    assert (await till.operation(subject_id)).state is OperationState.UNKNOWN
    await check(till, row, subject_id, await end(till, row.operation, subject_id))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["stale_read", "fail_before", "cut_after", "garbage", "busy", "timeout_answer"])
async def test_a_read_that_goes_wrong_changes_nothing(till: Till, kind: str, fault: str) -> None:
    subject_id = await begin(till, kind)
    await till.sandbox.plan(f"create_{kind}", "delayed" if kind != "payment" else "conflict", argument=60)
    await till.look(subject_id)
    if kind == "payment":
        await till.look(subject_id)
        await till.pay(subject_id)
    else:
        await till.sandbox.forward(60)
    await till.sandbox.plan(f"get_{kind}", fault, times=2)
    await till.look(subject_id)
    assert (await till.operation(subject_id)).state is OperationState.PENDING
    await check(till, Row(kind, "conflict", 1), subject_id, await till.finish(subject_id))
