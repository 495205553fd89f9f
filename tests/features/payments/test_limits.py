"""Withdrawals above a limit: paid out in parts with equal sums, or only after operators have approved them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from app.core.actor import Actor
from app.core.audit import read_audit
from app.core.clock import utc_now
from app.core.errors import DomainError
from app.core.http.submissions import ONCE_FIELD
from app.core.money import Currency, Money
from app.core.payment_port import Done, PayoutKind
from app.core.unit_of_work import unit_of_work
from app.features.finance import service as finance
from app.features.finance.errors import ApproverNeededError, SecondPersonNeededError
from app.features.ledger.errors import InsufficientFundsError
from app.features.payments import service, workflows
from app.features.payments.errors import OwnMoneyError, WithdrawalDecidedError, WithdrawalNotFoundError
from app.features.payments.rules import ApprovalLimits, approvals_needed, split_amount, split_fee, withdrawal_fee
from app.features.payments.service import Destination, PayoutOrder
from app.features.payments.tasks import lapse_withdrawals
from app.models import (
    AccountKind,
    OperationState,
    Payout,
    PayoutState,
    Withdrawal,
    WithdrawalState,
)
from app.models.user import Role
from tests.conftest import SignIn
from tests.factories.users import actor_for, make_user
from tests.features.payments.test_pages import once
from tests.features.payments.till import Till
from tests.gateways.payments.provider import PAID_CARD, roubles

API = "/api/v1"
TAX_ID = "500100732259"
RUB = Currency.RUB


@given(st.integers(1, 10**9), st.integers(1, 10**6), st.integers(0, 5 * 10**6))
def test_parts_are_within_the_bounds_and_their_sum_is_the_amount(amount: int, least: int, more: int) -> None:
    most = least + more
    parts = split_amount(amount, least, most)
    if parts:
        assert sum(parts) == amount
        assert all(least <= part <= most for part in parts)
        assert len(parts) == -(-amount // most)
    else:
        assert amount < least or most < 2 * least or amount > 20 * most


@given(st.lists(st.integers(1, 10**8), min_size=1, max_size=20), st.integers(0, 10_000), st.integers(0, 10**6))
def test_the_fees_of_the_parts_are_the_fee_of_the_whole(parts: list[int], rate: int, minimum: int) -> None:
    fees = split_fee(parts, rate, minimum)
    assert sum(fees) == withdrawal_fee(sum(parts), rate, minimum)
    assert min(fees) >= 0


@pytest.mark.parametrize(
    ("limits", "amount", "currency", "earlier", "needed"),
    [
        ((0, 0, 0), 10**9, RUB, 10**9, 0),
        ((100, 0, 0), 100, RUB, 10**9, 0),
        ((100, 0, 0), 101, RUB, 0, 1),
        ((0, 100, 0), 40, RUB, 60, 0),
        ((0, 100, 0), 41, RUB, 60, 1),
        ((100, 0, 200), 200, RUB, 0, 1),
        ((100, 0, 200), 201, RUB, 0, 2),
        ((0, 0, 200), 200, RUB, 0, 0),
        ((100, 0, 0), 1, Currency.USD, 0, 1),
        ((100, 0, 200), 1, Currency.USD, 0, 2),
        ((0, 0, 0), 1, Currency.USD, 0, 0),
    ],
)
def test_how_many_operators_must_approve(
    limits: tuple[int, int, int], amount: int, currency: Currency, earlier: int, needed: int
) -> None:
    assert approvals_needed(ApprovalLimits(*limits), Money(amount, currency), earlier) == needed


def limited(till: Till, **settings: int) -> None:
    till.resources.settings = till.resources.settings.model_copy(update=settings)


async def withdrawn(
    till: Till, amount: int, *, most: int = 150_000, card: str = PAID_CARD, tax_id: str | None = None
) -> list[UUID]:
    """Withdraw with a provider that pays at most so many roubles at once."""
    answer = await till.sandbox.adapter.capabilities()
    assert isinstance(answer, Done)
    order = PayoutOrder(
        user_id=till.actor.id,
        money=roubles(amount),
        kind=PayoutKind.SELF_EMPLOYED if tax_id else PayoutKind.CARD,
        destination=Destination(card=card, tax_id=tax_id),
    )
    async with unit_of_work(till.resources) as uow:
        made = await service.open_withdrawal(uow, order, replace(answer.value, payout_maximum=most * 100))
    return [each.id for each in made]


async def whole(till: Till, payout_id: UUID) -> Withdrawal:
    async with till.resources.sessions() as session:
        query = select(Withdrawal).join(Payout, Payout.withdrawal_id == Withdrawal.id).where(Payout.id == payout_id)
        return (await session.execute(query)).scalar_one()


async def staff(till: Till, role: Role = Role.FINANCE_APPROVER) -> Actor:
    async with unit_of_work(till.resources) as uow:
        return actor_for(await make_user(uow.session, role=role))


async def approved(till: Till, actor: Actor, withdrawal_id: UUID) -> Withdrawal:
    async with unit_of_work(till.resources) as uow:
        return await finance.approve_withdrawal(uow, actor, withdrawal_id)


async def refusal(work: Awaitable[Any]) -> type[DomainError] | None:
    try:
        await work
    except DomainError as refused:
        return type(refused)
    return None


async def test_more_than_the_maximum_is_paid_in_parts_with_a_receipt_and_a_key_each(till: Till) -> None:
    await till.sandbox.control("PUT", f"self-employed/{TAX_ID}", {})
    limited(till, withdrawal_fee_bp=100, withdrawal_fee_minimum=150)
    await till.paid(200)
    parts = await withdrawn(till, 130, most=60, tax_id=TAX_ID)
    rows = [await till.row(Payout, part) for part in parts]
    assert [(row.amount, row.fee) for row in rows] == [(60_00, 150), (60_00, 0), (10_00, 0)]
    found = await whole(till, parts[0])
    assert (found.amount, found.fee, found.parts, found.state) == (130_00, 150, 3, WithdrawalState.APPROVED)
    assert await till.wallet() == 70_00 - 150
    for part in parts:
        await till.look(part)
    paid = [await till.row(Payout, part) for part in parts]
    assert {row.state for row in paid} == {PayoutState.PAID}
    assert len({row.cheque_number for row in paid} - {None}) == 3
    assert len({(await till.operation(part)).reference for part in parts}) == 3
    assert (await till.wallet(), await till.balance(AccountKind.OTHER_INCOME)) == (70_00 - 150, 150)
    await till.check_books()


async def test_a_part_that_fails_comes_back_alone(till: Till) -> None:
    await till.paid(100)
    parts = await withdrawn(till, 90, most=50)
    await till.sandbox.control("POST", "faults", {"call": "create_payout", "kind": "refuse_before", "times": 1})
    for part in parts:
        await till.finish(part)
    states = [(await till.row(Payout, part)).state for part in parts]
    assert sorted(states) == [PayoutState.FAILED, PayoutState.PAID]
    failed = await till.row(Payout, parts[states.index(PayoutState.FAILED)])
    assert await till.wallet() == 10_00 + failed.amount
    await till.check_books()


async def test_no_part_leaves_where_the_wallet_holds_less_than_all(till: Till) -> None:
    await till.paid(100)
    with pytest.raises(InsufficientFundsError):
        await withdrawn(till, 101, most=60)
    assert await till.wallet() == 100_00
    async with till.resources.sessions() as session:
        assert (await session.execute(select(Withdrawal))).scalars().all() == []


async def test_a_withdrawal_above_the_limit_waits_until_an_operator_has_approved_it(till: Till) -> None:
    limited(till, withdrawal_approval_above=50_00)
    await till.paid(100)
    [alone] = await withdrawn(till, 50)
    assert (await till.row(Payout, alone)).withdrawal_id is None
    [part] = await _above(till)
    found = await whole(till, part)
    assert (found.state, found.approvals_needed) == (WithdrawalState.WAITING, 1)
    await workflows.run_due(till.resources)
    await workflows.run_operation(till.resources, part)
    assert (await till.operation(part)).sends == 0, "nothing is asked of the provider before the approval"
    async with till.resources.sessions() as session:
        assert await service.list_stuck(session) == []
    operator = await staff(till)
    assert await refusal(approved(till, await staff(till, Role.FINANCE), found.id)) is ApproverNeededError
    assert (await approved(till, operator, found.id)).state is WithdrawalState.APPROVED
    assert await refusal(approved(till, operator, found.id)) is WithdrawalDecidedError
    assert await refusal(approved(till, operator, part)) is WithdrawalNotFoundError
    await till.look(part)
    assert (await till.row(Payout, part)).state is PayoutState.PAID
    async with till.resources.read_sessions() as session:
        [entry] = await read_audit(session, subjects={str(found.id)}, limit=9)
    assert (entry.action, entry.actor) == ("withdrawal.approve", operator.username)
    await till.check_books()


async def _above(till: Till) -> list[UUID]:
    await till.paid(100)
    return await withdrawn(till, 51)


async def test_two_different_people_approve_above_the_second_limit(till: Till) -> None:
    limited(till, withdrawal_approval_above=20_00, withdrawal_two_approvals_above=50_00)
    [part] = await _above(till)
    found = await whole(till, part)
    first, second = await staff(till), await staff(till)
    assert (await approved(till, first, found.id)).state is WithdrawalState.WAITING
    assert await refusal(approved(till, first, found.id)) is SecondPersonNeededError
    assert (await till.operation(part)).next_at is None
    assert (await approved(till, second, found.id)).state is WithdrawalState.APPROVED
    assert (await till.operation(part)).next_at is not None


async def test_nobody_approves_a_withdrawal_of_their_own(till: Till) -> None:
    limited(till, withdrawal_approval_above=50_00)
    [part] = await _above(till)
    found = await whole(till, part)
    own = replace(till.actor, roles=frozenset({Role.ADMIN}))
    assert await refusal(approved(till, own, found.id)) is OwnMoneyError
    values = {"state": "approved", "decided_by_id": till.actor.id, "decided_at": utc_now()}
    with pytest.raises(DBAPIError, match="ck_withdrawals_not_own"):
        await _change(till, found.id, **values)


async def test_the_database_knows_no_approval_by_one_person_where_two_are_needed(till: Till) -> None:
    limited(till, withdrawal_two_approvals_above=50_00)
    [part] = await _above(till)
    found = await whole(till, part)
    one = await staff(till)
    values: dict[str, Any] = {"state": "approved", "decided_by_id": one.id, "decided_at": utc_now()}
    with pytest.raises(DBAPIError, match="ck_withdrawals_two_people"):
        await _change(till, found.id, **values, first_approved_by_id=one.id, first_approved_at=utc_now())
    with pytest.raises(DBAPIError, match="only these may change"):
        await _change(till, found.id, amount=1)


async def _change(till: Till, withdrawal_id: UUID, **values: Any) -> None:
    async with unit_of_work(till.resources) as uow:
        await uow.session.execute(update(Withdrawal).where(Withdrawal.id == withdrawal_id).values(**values))


async def test_a_refused_withdrawal_is_in_the_wallet_again_with_its_fee(till: Till) -> None:
    limited(till, withdrawal_approval_above=50_00, withdrawal_fee_minimum=100)
    await till.paid(100)
    parts = await withdrawn(till, 90, most=50)
    assert await till.wallet() == 9_00
    found = await whole(till, parts[0])
    async with unit_of_work(till.resources) as uow:
        await finance.refuse_withdrawal(uow, await staff(till), found.id, "Send us the contract first.")
    rows = [await till.row(Payout, part) for part in parts]
    assert {(row.state, row.reason, row.destination) for row in rows} == {(PayoutState.FAILED, "not_approved", None)}
    assert {(await till.operation(part)).state for part in parts} == {OperationState.FAILED}
    assert (await till.wallet(), await till.balance(AccountKind.OTHER_INCOME)) == (100_00, 0)
    assert (await till.operation(parts[0])).sends == 0
    await till.check_books()


async def test_nobody_decides_in_time_and_the_money_is_back(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(till, withdrawal_approval_above=50_00)
    [part] = await _above(till)
    found = await whole(till, part)
    assert found.expires_at == found.created_at + timedelta(days=3)
    async with unit_of_work(till.resources) as uow:
        assert await service.lapse(uow) == 0, "early is impossible"
    monkeypatch.setattr("app.features.payments.service.withdrawals.utc_now", lambda: found.expires_at)
    assert await refusal(approved(till, await staff(till), found.id)) is WithdrawalDecidedError
    await lapse_withdrawals(till.resources)
    assert (await whole(till, part)).state is WithdrawalState.LAPSED
    assert ((await till.row(Payout, part)).reason, await till.wallet()) == ("not_decided", 100_00)


async def test_the_sum_of_a_day_counts_but_not_what_came_back(till: Till) -> None:
    limited(till, withdrawal_approval_day=60_00)
    await till.paid(200)
    await till.finish((await withdrawn(till, 50, card="4000000000000002"))[0])
    [second] = await withdrawn(till, 50)
    [third] = await withdrawn(till, 11)
    assert (await till.row(Payout, second)).withdrawal_id is None
    assert (await whole(till, third)).state is WithdrawalState.WAITING


async def test_the_owner_sees_what_happens_next_and_may_give_it_up(
    till: Till, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    limited(till, withdrawal_approval_above=50_00)
    till.actor = actor_for(await sign_in(client))
    await till.paid(100)
    typed = {"amount": "60", "kind": "card", "card": PAID_CARD}
    made = await client.post("/wallet/withdraw", data=typed | {ONCE_FIELD: await once(client, "/wallet/withdraw")})
    address = made.headers["location"]
    page = await client.get(address)
    assert "An operator checks this withdrawal by" in page.text
    assert "refresh" not in page.headers
    assert "Waits for an approval" in (await client.get("/wallet/withdrawals")).text
    read = (await client.get(f"{API}{address.replace('/wallet/withdrawals', '/payouts')}")).json()
    found = (await client.get(f"{API}/withdrawals/{read['withdrawal_id']}")).json()
    assert (read["waits"], found["state"], found["approvals_needed"], found["approvals"]) == (True, "waiting", 1, 0)
    canceled = await client.post(f"{address}/cancel", data={ONCE_FIELD: await once(client, address)})
    assert (canceled.status_code, await till.wallet()) == (303, 100_00)
    again = await client.post(f"{API}/withdrawals/{read['withdrawal_id']}/cancel", headers={"Idempotency-Key": "again"})
    assert (again.status_code, again.json()["code"]) == (409, "withdrawal-decided")


async def test_operators_are_told_and_decide_on_the_finance_pages(
    till: Till,
    client: httpx.AsyncClient,
    new_client: Callable[[], Awaitable[httpx.AsyncClient]],
    sign_in: SignIn,
    settle: Callable[..., Awaitable[Any]],
) -> None:
    limited(till, withdrawal_approval_above=50_00, withdrawal_two_approvals_above=80_00)
    till.actor = actor_for(await sign_in(client))
    first, second = await new_client(), await new_client()
    await sign_in(first, role=Role.FINANCE_APPROVER)
    await sign_in(second, role=Role.ADMIN)
    await till.paid(300)
    parts = [await withdrawn(till, amount, most=60) for amount in (90, 70)]
    two, one = [(await whole(till, each[0])).id for each in parts]
    await settle()
    notices = (await first.get(f"{API}/notifications")).json()["items"]
    assert {each["href"] for each in notices} == {f"/finance/withdrawals/{it}" for it in (two, one)}
    assert str(two) in (await first.get("/finance/withdrawals")).text
    page = f"/finance/withdrawals/{two}"
    said = await first.post(f"{page}/approve", data={ONCE_FIELD: await once(first, page)})
    assert said.status_code == 303
    assert "Approve the withdrawal" not in (await first.get(page)).text
    owner = await client.get(f"/wallet/withdrawals/{parts[0][0]}")
    assert "1 of 2 has approved it" in owner.text
    assert "in 2 parts" in owner.text
    done = await second.post(f"{page}/approve", data={ONCE_FIELD: await once(second, page)})
    assert done.status_code == 303
    assert (await first.get(f"{API}/finance/withdrawals/{two}")).json()["state"] == "approved"
    page = f"/finance/withdrawals/{one}"
    token = await once(first, page)
    await first.post(f"{page}/refuse", data={"reason": " ", ONCE_FIELD: token})
    assert (await whole(till, parts[1][0])).state is WithdrawalState.WAITING
    await first.post(f"{page}/refuse", data={"reason": "Send the contract.", ONCE_FIELD: await once(first, page)})
    await settle()
    assert "Send the contract." in (await client.get(f"/wallet/withdrawals/{parts[1][0]}")).text
    kinds = [each["kind"] for each in (await client.get(f"{API}/notifications")).json()["items"]]
    assert {"withdrawal_approved", "money_back"} <= set(kinds)
    assert "Nothing waits for an approval" in (await first.get("/finance/withdrawals")).text
    assert [each["id"] for each in (await first.get(f"{API}/finance/withdrawals")).json()["items"]] == [
        str(one),
        str(two),
    ]
    answers = [
        await second.post(f"{API}/finance/withdrawals/{one}/approve", headers={"Idempotency-Key": "1"}),
        await second.post(
            f"{API}/finance/withdrawals/{one}/refuse", json={"reason": "No."}, headers={"Idempotency-Key": "2"}
        ),
    ]
    assert [each.json()["code"] for each in answers] == ["withdrawal-decided"] * 2
