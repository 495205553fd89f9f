"""The whole deal by the API alone: from an order to money on a card, proved by the bundle of each party."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from app.core.ids import new_id
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.contracts import workflows as contracts
from app.features.ledger import service as ledger
from app.features.ledger.rules.checks import CheckResult
from app.features.transparency import workflows as transparency
from tests.factories.orders import Market
from tests.factories.users import confirm_contacts
from tests.features.payments.till import Till
from tests.features.transparency.bundles import checked, unpacked
from tests.gateways.payments.provider import PAID_CARD

type MakeClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[[], Awaitable[object]]
PRICE, PART, DAY = 7_500_000, 2_500_000, 24 * 60 * 60


@dataclass(slots=True)
class Person:
    """Somebody with a program that speaks to the API."""

    http: httpx.AsyncClient

    async def get(self, path: str) -> Any:
        answer = await self.http.get(f"/api/v1{path}")
        assert answer.is_success, answer.text
        return answer.json()

    async def post(self, path: str, **body: Any) -> Any:
        answer = await self.http.post(f"/api/v1{path}", json=body, headers={"Idempotency-Key": new_id().hex})
        assert answer.is_success, answer.text
        return answer.json()

    async def available(self) -> int:
        return sum(each["available"]["amount"] for each in (await self.get("/wallet"))["items"])


async def agree(customer: Person, freelancer: Person) -> str:
    """Publish an order, propose and accept; return the contract."""
    money = {"amount": PRICE, "currency": "RUB"}
    body = {"title": "Магазин для пекарни", "description": "Каталог и оплата картой.", "budget": money}
    order = await customer.post("/orders", **body)
    await customer.post(f"/orders/{order['id']}/publish")
    sent = await freelancer.post(f"/orders/{order['id']}/proposals", price=money, term_days=10, letter="Сделаю.")
    await customer.post(f"/proposals/{sent['id']}/accept", version=1)
    [contract] = (await customer.get("/contracts"))["items"]
    return str(contract["id"])


async def days_pass(person: Person, till: Till, settle: Settle, days: int) -> None:
    """Turn the clock of the trial and of its provider, and let happen what is due."""
    await person.post("/clock", seconds=days * DAY)
    await till.sandbox.forward(days * DAY)
    await contracts.sweep_timers(till.resources)
    await settle()


async def seal(resources: Resources) -> int:
    """Seal what waits, as after the end of the transaction that all of this test is."""
    async with unit_of_work(resources) as uow:
        await uow.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        await uow.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    return await transparency.seal(resources)


async def test_a_deal_from_order_to_card_is_proved_by_both_bundles(
    till: Till, market: Market, new_client: MakeClient, settle: Settle, tmp_path: Path
) -> None:
    customer, freelancer = [Person(await market.sign_in(await new_client(), await market.person())) for _ in range(2)]
    await confirm_contacts(market.uow)
    contract_id = await agree(customer, freelancer)
    [milestone] = (await customer.get(f"/contracts/{contract_id}"))["deal"]["milestones"]
    place = f"/milestones/{milestone['id']}"
    assert ("fund" in milestone["actions"], milestone["customer_fee"]) == (True, 0)

    payment_id = (await customer.post(f"{place}/pay", version=1))["id"]
    await till.look(payment_id)
    await till.pay(payment_id)
    await till.look(payment_id)
    await freelancer.post(f"{place}/start", version=3)
    await freelancer.post(f"{place}/submit", version=4, answers=[{"text": "Готово"}])
    assert (await customer.post(f"{place}/accept", version=5, amount=PART))["held"] == PRICE - PART
    await settle()

    await days_pass(customer, till, settle, 13)
    shown = (await customer.get(f"/contracts/{contract_id}"))["deal"]
    assert shown["money"] == {"held": PRICE - PART, "maturing": 0, "available": PART, "refunded": 0}
    await days_pass(customer, till, settle, 2)
    shown = (await customer.get(f"/contracts/{contract_id}"))["deal"]
    assert (shown["status"], shown["money"]["held"], shown["money"]["maturing"]) == ("closed", 0, PRICE - PART)
    await days_pass(customer, till, settle, 15)
    shown = (await customer.get(f"/contracts/{contract_id}"))["deal"]
    assert shown["money"] == {"held": 0, "maturing": 0, "available": PRICE, "refunded": 0}
    assert {"funding_paid", "accept_part", "accept_by_silence", "available", "finish"} <= {
        entry["event"] for entry in shown["timeline"]
    }

    assert await freelancer.available() == PRICE
    payout = await freelancer.post("/payouts", money={"amount": PRICE, "currency": "RUB"}, card=PAID_CARD)
    await till.look(payout["id"])
    assert (await freelancer.get(f"/payouts/{payout['id']}"))["state"] == "paid"
    assert (await freelancer.available(), await customer.available()) == (0, 0)
    await till.check_books()

    sealed = await seal(till.resources)
    assert sealed == 8, "deposit, funding, two releases and their ends of the security period, payout and its end"
    async with till.resources.read_sessions() as session:
        assert (await ledger.check(session)).result is CheckResult.HOLDS
    for name, person, own in (("customer", customer, 6), ("freelancer", freelancer, 7)):
        folder, _entries = await unpacked(person.http, tmp_path / name)
        assert await checked(folder, sealed) == (0, f"HOLDS: {own} of {sealed} entries, 1 checkpoints\n")
