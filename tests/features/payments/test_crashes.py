"""A process that dies between any two steps leaves a row from which the next one goes on to the right end."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.core.payment_port import OperationKind
from app.core.unit_of_work import unit_of_work
from app.features.payments import workflows
from app.features.payments.service import operations
from app.models import AccountKind as Kind
from app.models import OperationState
from tests.features.payments.till import Till
from tests.gateways.payments.provider import DAY

KEY_HOURS = 24
STEPS = ("intent", "claim", "call", "record")


async def abandon(till: Till, subject_id: UUID, after: str) -> None:
    """Do the steps of one call up to one of them, then nothing more."""
    if after == "intent":
        return
    async with unit_of_work(till.resources) as uow:
        call = await operations.claim(uow, subject_id, KEY_HOURS)
    assert call is not None
    if after == "claim":
        return
    outcome = await workflows.ask(till.sandbox.adapter, till.resources.settings, call)
    if after == "record":
        async with unit_of_work(till.resources) as uow:
            assert await operations.record(uow, call, outcome)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", list(OperationKind))
async def test_a_crash_after_any_step_ends_right(till: Till, kind: OperationKind, step: str) -> None:
    payment_id = await till.paid(100)
    if kind is OperationKind.PAYMENT:
        subject_id, wanted = await till.top_up(40), 14_000
    elif kind is OperationKind.PAYOUT:
        subject_id, wanted = await till.withdraw(40), 6_000
    else:
        subject_id, wanted = await till.refund(payment_id, 40), 6_000
    await abandon(till, subject_id, step)
    if step == "claim":
        assert not await workflows.run_operation(till.resources, subject_id), "the claim still holds"
    await till.look(subject_id)
    if kind is OperationKind.PAYMENT:
        await abandon(till, subject_id, step)
        await till.pay(subject_id)
        await abandon(till, subject_id, step)
    assert await till.finish(subject_id) is OperationState.DONE
    assert await till.wallet() == wanted
    assert len(await till.sandbox.found(f"{kind}:{subject_id}")) == 1
    assert await till.balance(Kind.PAYOUT_TRANSIT, subject_id) == await till.balance(Kind.REFUND_TRANSIT, subject_id)
    await till.check_books()


async def test_an_outdated_answer_changes_nothing(till: Till) -> None:
    await till.paid(100)
    payout_id = await till.withdraw(40)
    async with unit_of_work(till.resources) as uow:
        slow = await operations.claim(uow, payout_id, KEY_HOURS)
    assert slow is not None
    outcome = await workflows.ask(till.sandbox.adapter, till.resources.settings, slow)
    await till.look(payout_id)
    async with unit_of_work(till.resources) as uow:
        assert not await operations.record(uow, slow, outcome)
    assert await till.wallet() == 6_000
    await till.check_books()


async def test_without_an_answer_for_a_day_a_person_is_asked_and_nothing_is_sent_again(till: Till) -> None:
    await till.paid(100)
    payout_id = await till.withdraw(40)
    await till.sandbox.plan("create_payout", "cut_after", times=9)
    await till.sandbox.plan("find", "fail_before", times=30)
    await till.look(payout_id)
    await till.age(payout_id, timedelta(hours=25))
    await till.look(payout_id)
    stuck = await till.operation(payout_id)
    assert (stuck.state, stuck.sends) == (OperationState.NEEDS_PERSON, 1)
    await till.sandbox.control("DELETE", "faults")
    await till.look(payout_id)
    await till.look(payout_id)
    assert (await till.operation(payout_id)).state is OperationState.DONE, "a later reading still resolves it"
    assert await till.wallet() == 6_000
    await till.check_books()


async def test_what_was_executed_is_found_although_the_clocks_differ(till: Till) -> None:
    await till.paid(100)
    await till.sandbox.forward(30 * DAY)
    payout_id = await till.withdraw(40)
    await till.sandbox.plan("create_payout", "cut_after", times=9)
    assert await till.finish(payout_id) is OperationState.DONE, "absence is a proof, so it must not be a false one"
    assert await till.wallet() == 6_000
    await till.check_books()
