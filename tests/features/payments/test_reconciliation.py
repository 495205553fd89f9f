"""The provider's statement against our books: every difference is one case, and nothing else is."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import update

from app.core.ids import new_id
from app.core.money import Currency
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.payments import workflows
from app.features.payments.service.reconciliation import Comparison
from app.models import (
    AccountKind,
    CaseKind,
    OperationState,
    Payment,
    PaymentState,
    Payout,
    PayoutState,
    ProviderOperation,
)
from app.models.user import Role
from app.site.gauges import money_gauges
from tests.conftest import SignIn
from tests.factories.commands import Command
from tests.features.payments.till import Till
from tests.gateways.payments.provider import open_sandbox


@pytest_asyncio.fixture(loop_scope="session")
async def till(resources: Resources, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Till]:
    """A till whose provider has books of its own, so that the balances can be compared."""
    async with open_sandbox(tmp_path_factory.mktemp("reconciled")) as sandbox:
        resources.payment_provider = sandbox.adapter
        yield await Till.open(resources, sandbox)


async def compared(till: Till) -> Comparison:
    found = await workflows.reconcile(till.resources)
    assert len(found) == len(Currency)
    return found[0]


async def kinds(till: Till) -> list[CaseKind]:
    return [case.kind for case in await till.cases()]


async def test_what_agrees_is_no_case(till: Till, command: Command) -> None:
    payment_id = await till.paid(100)
    await till.finish(await till.withdraw(40))
    await till.finish(await till.refund(payment_id, 10))
    assert await compared(till) == Comparison(lines=3, matched=3, woken=0, opened=0)
    assert await kinds(till) == []
    assert "Lines 3, matched 3" in await command("payments", "reconcile", "--days", "2")


async def test_what_only_the_provider_has_freezes_withdrawals_until_a_person_has_closed_it(
    till: Till, command: Command
) -> None:
    await till.paid(100)
    await till.sandbox.payout(10)
    assert (await compared(till)).opened == 1
    assert (await compared(till)).opened == 0, "the case is open already"
    payout_id = await till.withdraw(40)
    assert await workflows.run_due(till.resources) == 0
    assert (await till.operation(payout_id)).state is OperationState.TO_SEND
    [case] = await till.cases()
    assert case.kind is CaseKind.AT_PROVIDER_ONLY
    listed = await command("payments", "stuck")
    assert str(case.id) in listed
    await command("payments", "close-case", str(case.id), "--reason", "paid by hand, see the bank")
    assert await workflows.run_due(till.resources) == 1
    assert (await till.row(Payout, payout_id)).state is PayoutState.PAID


async def test_what_the_provider_finished_without_a_word_is_read_again(till: Till) -> None:
    payment_id = await till.top_up(100)
    await till.look(payment_id)
    await till.pay(payment_id)
    found = await compared(till)
    assert (found.woken, found.opened) == (1, 0)
    assert await workflows.run_due(till.resources) == 1
    assert (await till.row(Payment, payment_id)).state is PaymentState.PAID


async def test_a_return_is_found_by_the_statement_too(till: Till) -> None:
    await till.paid(100)
    payout_id = await till.withdraw(40, card="4000000000000341")
    await till.look(payout_id)
    provider_id = (await till.operation(payout_id)).provider_id
    await till.sandbox.control("POST", f"payouts/{provider_id}/return")
    assert (await compared(till)).woken == 1
    await workflows.run_due(till.resources)
    assert (await till.row(Payout, payout_id)).state is PayoutState.RETURNED
    assert await till.wallet() == 10_000


@pytest.mark.parametrize(("kind", "by"), [("payment", -1), ("payment", 1), ("payout", -1), ("refund", -1)])
async def test_another_amount_is_recorded_as_it_was_when_a_person_has_closed_the_case(
    till: Till, client: httpx.AsyncClient, sign_in: SignIn, kind: str, by: int
) -> None:
    paid_id = await till.paid(100)
    begin: dict[str, Callable[[], Awaitable[Any]]] = {
        "payment": lambda: till.top_up(40),
        "payout": lambda: till.withdraw(40),
        "refund": lambda: till.refund(paid_id, 40),
    }
    subject_id = await begin[kind]()
    await till.sandbox.plan(f"create_{kind}", "wrong_amount", argument=by)
    await till.look(subject_id)
    if kind == "payment":
        await till.pay(subject_id)
        await till.look(subject_id)
    [case] = await till.cases()
    await sign_in(client, role=Role.FINANCE)
    [stuck] = (await client.get("/api/v1/stuck-money")).json()["items"]
    assert stuck["case_id"] == str(case.id)
    answer = await client.post(f"/api/v1/reconciliation-cases/{case.id}/close", json={"note": "seen"})
    assert answer.status_code == 204, answer.text
    again = await client.post(f"/api/v1/reconciliation-cases/{new_id()}/close", json={"note": "seen"})
    assert again.status_code == 404
    moved = 4_000 + by
    assert await till.wallet() == 10_000 + (moved if kind == "payment" else -moved)
    await till.check_books()


async def test_what_the_provider_does_not_have_is_a_case(till: Till, tmp_path_factory: pytest.TempPathFactory) -> None:
    payment_id = await till.paid(100)
    async with unit_of_work(till.resources) as uow:
        earlier = ProviderOperation.finished_at - timedelta(hours=1)
        mine = update(ProviderOperation).where(ProviderOperation.subject_id == payment_id)
        await uow.session.execute(mine.values(finished_at=earlier))
    async with open_sandbox(tmp_path_factory.mktemp("forgetful")) as other:
        till.resources.payment_provider = other.adapter
        assert (await compared(till)).opened == 1
    assert await kinds(till) == [CaseKind.IN_LEDGER_ONLY]


async def test_stuck_money_is_measured(till: Till, resources: Resources) -> None:
    payment_id = await till.top_up(100)
    await till.sandbox.plan("create_payment", "wrong_amount", argument=-1)
    await till.look(payment_id)
    await till.pay(payment_id)
    await till.look(payment_id)
    async with resources.sessions() as session:
        [gauge] = await money_gauges(session)
    assert (gauge.name, gauge.value) == ("iplance_stuck_money", 9_999)


@pytest.mark.parametrize("kind", ["payment", "payout", "refund"])
async def test_another_currency_is_one_case_and_never_taken_for_our_own(till: Till, kind: str) -> None:
    paid_id = await till.paid(100)
    begin: dict[str, Callable[[], Awaitable[Any]]] = {
        "payment": lambda: till.top_up(40),
        "payout": lambda: till.withdraw(40),
        "refund": lambda: till.refund(paid_id, 40),
    }
    subject_id = await begin[kind]()
    await till.sandbox.plan(f"create_{kind}", "wrong_currency")
    await till.look(subject_id)
    if kind == "payment":
        await till.pay(subject_id)
    opened = 0
    for _night in range(2):
        opened += sum(each.opened for each in await workflows.reconcile(till.resources))
        await till.look(subject_id)
    assert opened == int(kind == "payment"), "the others have their case from the answer of the provider"
    [case] = await till.cases()
    assert (case.kind, case.currency, case.expected, case.found) == (CaseKind.AMOUNT_DIFFERS, Currency.USD, None, 4_000)


@pytest.mark.parametrize("by", [-1, 1])
async def test_a_refund_of_another_amount_leaves_the_rest_of_the_payment_refundable(
    till: Till, command: Command, by: int
) -> None:
    payment_id = await till.paid(100)
    await till.sandbox.plan("create_refund", "wrong_amount", argument=by)
    await till.look(await till.refund(payment_id, 40))
    [case] = await till.cases()
    await command("payments", "close-case", str(case.id), "--reason", "seen at the provider")
    assert (await till.row(Payment, payment_id)).refunded == 4_000 + by
    await till.check_books()


@pytest.mark.parametrize("by", [-1, 1])
async def test_what_comes_back_is_what_had_left(till: Till, command: Command, by: int) -> None:
    await till.paid(100)
    await till.sandbox.plan("create_payout", "wrong_amount", argument=by)
    payout_id = await till.withdraw(40, card="4000000000000341")
    await till.look(payout_id)
    [case] = await till.cases()
    await command("payments", "close-case", str(case.id), "--reason", "seen at the provider")
    await till.sandbox.forward(24 * 60 * 60)
    await till.look(payout_id)
    assert (await till.row(Payout, payout_id)).state is PayoutState.RETURNED
    assert await till.wallet() == 10_000
    assert await till.balance(AccountKind.SUSPENSE) == max(by, 0), "what belongs to nobody waits for an operator"
    assert len([each for each in await till.cases() if each.closed_at is None]) == max(by, 0)
    await till.check_books()
