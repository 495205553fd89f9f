"""Milestones paid by card: paid in when the payment arrives, planned again when it does not, and never paid twice."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest_asyncio
from sqlalchemy import select

from app.core.ids import new_id
from app.features.contracts import service
from app.features.payments import workflows
from app.models import AccountKind as Kind
from app.models import CaseKind, MilestoneStatus, OperationState, Payment, PaymentState
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market
from tests.features.payments.till import Till

DECLINED = "4000000000000002"
DAY = 24 * 60 * 60
PRICE = 3_000_000
type MakeClient = Callable[[], Awaitable[httpx.AsyncClient]]


@dataclass(slots=True)
class Paying:
    """A client who pays the first milestone of a deal by card, with an empty wallet."""

    till: Till
    scene: DealScene
    client: httpx.AsyncClient

    async def pay(self, key: str = "", version: int = 1) -> httpx.Response:
        headers = {"Idempotency-Key": key or new_id().hex}
        address = f"/api/v1/milestones/{self.scene.milestones[0]}/pay"
        return await self.client.post(address, json={"version": version}, headers=headers)

    async def begun(self) -> UUID:
        """Return a payment that the provider has opened."""
        payment_id = UUID((await self.pay()).json()["id"])
        await self.till.look(payment_id)
        return payment_id

    async def status(self) -> MilestoneStatus:
        return (await self.scene.milestone()).status

    async def payments(self) -> list[Payment]:
        async with self.till.resources.sessions() as session:
            return list((await session.execute(select(Payment).order_by(Payment.id))).scalars())

    async def page(self) -> str:
        return (await self.client.get(f"/contracts/{self.scene.contract_id}")).text


@pytest_asyncio.fixture(loop_scope="session")
async def paying(till: Till, market: Market, new_client: MakeClient) -> Paying:
    scene = await make_deal(market, paid=0)
    till.actor = scene.customer
    return Paying(till, scene, await market.sign_in(await new_client(), scene.customer))


async def test_a_payment_that_arrives_pays_the_milestone_once(paying: Paying) -> None:
    key = new_id().hex
    first, again = await paying.pay(key), await paying.pay(key)
    assert (first.status_code, first.json()) == (201, again.json())
    assert (first.json()["money"]["amount"], first.json()["purpose"]) == (PRICE, "milestone")
    assert (await paying.pay()).json()["code"] == "milestone-changed"
    assert (await paying.pay(version=2)).json()["code"] == "milestone-state"
    assert await paying.status() is MilestoneStatus.FUNDING
    payment_id = UUID(first.json()["id"])
    await paying.till.look(payment_id)
    await paying.till.pay(payment_id)
    for _ in range(2):
        await paying.till.look(payment_id)
    assert await paying.status() is MilestoneStatus.FUNDED
    assert (await paying.scene.escrow(), await paying.till.wallet()) == ((PRICE, 0), 0)
    assert [each.state for each in await paying.payments()] == [PaymentState.PAID]
    assert await paying.till.cases() == []
    await paying.till.check_books()


async def test_the_page_leads_to_the_payment_and_back_to_it(paying: Paying) -> None:
    shown = await paying.page()
    assert '/pay"' in shown
    assert '/fund"' not in shown, "the wallet holds too little"
    address = f"/contracts/{paying.scene.contract_id}/milestones/{paying.scene.milestones[0]}/pay"
    fields = {"once": new_id().hex, "version": "1"}
    browser = {"accept": "text/html"}
    sent = [await paying.client.post(address, data=fields, headers=browser) for _ in range(2)]
    [payment] = await paying.payments()
    assert {(answer.status_code, answer.headers["location"]) for answer in sent} == {
        (303, f"/wallet/payments/{payment.id}?opening=1")
    }
    twin = await paying.client.post(address, data={"once": new_id().hex, "version": "1"})
    assert twin.status_code == 409, "the same content from another page is asked about"
    refused = await paying.client.post(address, data={"once": new_id().hex, "version": "2"})
    assert refused.headers["location"] == f"/contracts/{paying.scene.contract_id}"
    assert f"/wallet/payments/{payment.id}" in await paying.page()
    await workflows.cancel_payment(paying.till.resources, paying.scene.customer, payment.id)
    ended = (await paying.client.get(f"/wallet/payments/{payment.id}")).text
    [back] = re.findall(r'href="(/milestones/[^"]+)"', ended)
    led = (await paying.client.get(back)).headers["location"]
    assert led == f"/contracts/{paying.scene.contract_id}#milestone-1"


async def test_an_abandoned_payment_gives_the_milestone_back(paying: Paying) -> None:
    declined, canceled, expired = [await paying.begun()], list[UUID](), list[UUID]()
    await paying.till.pay(declined[0], card=DECLINED)
    await paying.till.look(declined[0])
    assert await paying.status() is MilestoneStatus.PLANNED
    for ends in (canceled, expired):
        version = (await paying.scene.milestone()).version
        ends.append(UUID((await paying.pay(version=version)).json()["id"]))
        await paying.till.look(ends[0])
        assert await paying.status() is MilestoneStatus.FUNDING
        if ends is canceled:
            await workflows.cancel_payment(paying.till.resources, paying.scene.customer, ends[0])
        else:
            await paying.till.sandbox.forward(4 * DAY)
            await paying.till.look(ends[0])
        assert await paying.status() is MilestoneStatus.PLANNED
    assert {each.state for each in await paying.payments()} == {PaymentState.CANCELED}
    assert (await paying.till.wallet(), await paying.scene.escrow()) == (0, (0, 0))


async def test_money_for_a_contract_that_has_ended_goes_to_the_wallet_with_a_case(paying: Paying) -> None:
    payment_id = await paying.begun()
    async with paying.scene.market.uow() as work:
        await service.end_contract(work, paying.scene.customer, paying.scene.contract_id)
    await paying.till.pay(payment_id)
    await paying.till.look(payment_id)
    assert await paying.status() is MilestoneStatus.CANCELLED
    assert (await paying.till.wallet(), await paying.scene.escrow()) == (PRICE, (0, 0))
    assert [case.kind for case in await paying.till.cases()] == [CaseKind.LATE]
    assert (await paying.till.operation(payment_id)).state is OperationState.DONE
    await paying.till.check_books()


async def test_another_amount_gives_the_milestone_back_and_waits_apart(paying: Paying) -> None:
    await paying.till.sandbox.plan("create_payment", "wrong_amount", argument=-1)
    payment_id = await paying.begun()
    await paying.till.pay(payment_id)
    await paying.till.look(payment_id)
    assert await paying.status() is MilestoneStatus.PLANNED
    assert (await paying.till.wallet(), await paying.till.balance(Kind.SUSPENSE)) == (0, PRICE - 1)
    assert [case.kind for case in await paying.till.cases()] == [CaseKind.AMOUNT_DIFFERS]
    await paying.till.check_books()


async def test_a_late_end_of_an_earlier_payment_leaves_the_present_one_alone(paying: Paying) -> None:
    await paying.till.sandbox.plan("create_payment", "wrong_amount", argument=-1)
    first = await paying.begun()
    await paying.till.fail(first)
    assert await paying.status() is MilestoneStatus.PLANNED
    second = UUID((await paying.pay(version=3)).json()["id"])
    [found] = await paying.till.sandbox.found(f"payment:{first}")
    await paying.till.sandbox.choose(found)
    await paying.till.look(first)
    await paying.till.look(first)
    assert (await paying.till.row(Payment, first)).state is PaymentState.QUESTIONED
    assert await paying.status() is MilestoneStatus.FUNDING
    await paying.till.look(second)
    await paying.till.pay(second)
    await paying.till.look(second)
    assert await paying.status() is MilestoneStatus.FUNDED
