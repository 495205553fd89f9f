"""The whole deal by the API alone: from an order to money on a card, proved by the bundle of each party."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from app.core.ids import new_id
from app.core.ports import Mail
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.contracts import workflows as contracts
from app.features.ledger import service as ledger
from app.features.ledger.rules.checks import CheckResult
from app.features.notifications.tasks import send_mail
from app.features.papers import workflows as papers
from app.features.transparency import workflows as transparency
from tests.factories.orders import Market
from tests.factories.users import confirm_contacts
from tests.features.payments.till import Till
from tests.features.transparency.bundles import checked, unpacked
from tests.gateways.payments.provider import PAID_CARD

type MakeClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[[], Awaitable[object]]
TITLE = "Магазин для пекарни"
TAX_ID = "123456789047"
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
        return sum(int(each["available"]["amount"]) for each in (await self.get("/wallet"))["items"])


async def agree(customer: Person, freelancer: Person) -> str:
    """Publish an order, propose and accept; return the contract."""
    money = {"amount": PRICE, "currency": "RUB"}
    body = {"title": TITLE, "description": "Каталог и оплата картой.", "budget": money}
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


async def test_a_deal_with_changes_a_part_and_a_refund_is_signed_paid_out_and_proved(
    till: Till, market: Market, new_client: MakeClient, settle: Settle, mailbox: list[Mail], tmp_path: Path
) -> None:
    actors = [await market.person(), await market.person()]
    customer, freelancer = [Person(await market.sign_in(await new_client(), actor)) for actor in actors]
    await confirm_contacts(market.uow)
    details = {"legal_name": "Вера Петрова", "tax_number": TAX_ID, "address": "160000, г. Вологда, ул. Мира, д. 1"}
    status = {"kind": "self_employed", "country": "RU", "fields": details, "version": 0}
    assert (await freelancer.http.put("/api/v1/profiles/me/legal-status", json=status)).is_success
    contract_id = await agree(customer, freelancer)
    [milestone] = (await customer.get(f"/contracts/{contract_id}"))["deal"]["milestones"]
    await part_accepted_rest_refunded(customer, freelancer, till, settle, milestone["id"])
    await signs(freelancer, till, settle, mailbox, contract_id)
    await withdrawn_as_self_employed(freelancer, till)
    assert (await freelancer.available(), await customer.available()) == (0, 0)
    await till.check_books()

    sealed = await seal(till.resources)
    for name, person in (("customer", customer), ("freelancer", freelancer)):
        folder, _entries = await unpacked(person.http, tmp_path / name)
        code, said = await checked(folder, sealed)
        assert (code, said.startswith("HOLDS")) == (0, True), said


async def signs(person: Person, till: Till, settle: Settle, mailbox: list[Mail], contract_id: str) -> None:
    """Download the contract's papers and sign one with the code of an e-mail."""
    await settle()
    await papers.make_files(till.resources)
    papers_now = (await person.get(f"/contracts/{contract_id}"))["deal"]["papers"]
    for paper in papers_now:
        file = await person.http.get(f"/api/v1/papers/{paper['id']}/file")
        assert (file.status_code, file.content[:5]) == (200, b"%PDF-")
        assert hashlib.sha256(file.content).hexdigest() == paper["sha256"]
    paper = papers_now[-1]
    assert (await person.http.post(f"/api/v1/papers/{paper['id']}/sign-code")).is_success
    await settle()
    await send_mail(till.resources)
    [mail] = [it for it in mailbox if paper["number"] in it.subject and paper["sha256"] in it.text]
    code = re.search(r"(?<![-\w])(\d{6})\b", mail.text)
    assert code is not None
    assert (await person.http.post(f"/api/v1/papers/{paper['id']}/sign", json={"code": code[1]})).is_success
    [signature] = (await person.get(f"/contracts/{contract_id}"))["deal"]["papers"][-1]["signatures"]
    assert (signature["side"], signature["sha256"]) == ("freelancer", paper["sha256"])


async def part_accepted_rest_refunded(
    customer: Person, freelancer: Person, till: Till, settle: Settle, milestone_id: str
) -> None:
    """Pay, ask for changes, accept a part, and send the rest back to the card."""
    place = f"/milestones/{milestone_id}"
    payment_id = (await customer.post(f"{place}/pay", version=1))["id"]
    await till.look(payment_id)
    opened = await customer.get(f"/payments/{payment_id}")
    assert opened["purpose_title"] == TITLE
    assert f"ipLance: {TITLE}" in (await till.sandbox.http.get(opened["page_url"])).text
    await till.pay(payment_id)
    await till.look(payment_id)
    await freelancer.post(f"{place}/start", version=3)
    await freelancer.post(f"{place}/submit", version=4, answers=[{"text": "Готово"}])
    fault = {"line": 0, "text": "Нет оплаты картой."}
    assert (await customer.post(f"{place}/request-changes", version=5, lines=[fault]))["status"] == "revision"
    await freelancer.post(f"{place}/submit", version=6, answers=[{"text": "Оплата картой есть"}])
    assert (await customer.post(f"{place}/accept", version=7, amount=PART))["held"] == PRICE - PART
    await customer.post(f"{place}/request-changes", version=8, lines=[fault])
    await days_pass(customer, till, settle, 8)
    await customer.post(f"{place}/ask-refund", version=10, reason="Дальше делаем сами.")
    refunded = await freelancer.post(f"{place}/answer-refund", version=11, agree=True)
    assert (refunded["held"], refunded["refunded"]) == (0, PRICE - PART)
    assert await customer.available() == PRICE - PART
    money = {"amount": PRICE - PART, "currency": "RUB"}
    refund = await customer.post(f"/payments/{payment_id}/refunds", money=money)
    await till.look(refund["id"])
    history = (await customer.get("/wallet/history"))["items"]
    assert [entry["milestone_id"] for entry in history if entry["event"] == "refund"] == [milestone_id]


async def withdrawn_as_self_employed(freelancer: Person, till: Till) -> None:
    """Give the provider the permission on its page, and withdraw the part."""
    assert await freelancer.available() == PART
    [missing] = (await freelancer.get("/payouts/requirements"))["missing"]
    allowed = await till.sandbox.http.post(f"/self-employed/{TAX_ID}", data={"action": "allow"}, follow_redirects=True)
    assert "http://site.test/wallet/withdraw" in allowed.text, missing
    assert (await freelancer.get("/payouts/requirements"))["missing"] == []
    asked = {"money": {"amount": PART, "currency": "RUB"}, "card": PAID_CARD, "kind": "self_employed"}
    payout = await freelancer.post("/payouts", **asked)
    await till.look(payout["id"])
    paid = await freelancer.get(f"/payouts/{payout['id']}")
    assert (paid["state"], paid["cheque_status"]) == ("paid", "registered")
