"""What the finance pages show: balances, comparisons, what does not move, and how a transaction is found and read."""

import httpx
import pytest

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.unit_of_work import unit_of_work
from app.features.finance import service
from app.features.ledger import service as ledger
from app.features.payments import workflows
from app.features.transparency import service as transparency
from app.models import AccountKind, TxnTemplate
from app.models.user import Role
from tests.conftest import SignIn
from tests.features.payments.till import Till
from tests.gateways.payments.provider import roubles

API = "/api/v1/finance"


@pytest.fixture
async def staff(client: httpx.AsyncClient, sign_in: SignIn) -> httpx.AsyncClient:
    await sign_in(client, role=Role.FINANCE, username="Vera")
    return client


async def test_the_overview_adds_up_what_the_ledger_holds(till: Till, staff: httpx.AsyncClient) -> None:
    before = (await staff.get(f"{API}/overview")).json()
    assert before["check"] is None
    await till.paid(100)
    await till.withdraw(40)
    await workflows.reconcile(till.resources)
    async with unit_of_work(till.resources) as uow:
        await ledger.keep_check(uow, await ledger.check(uow.session))
    found = (await staff.get(f"{API}/overview")).json()
    held = {each["kind"]: each["amount"] for each in found["holdings"] if each["currency"] == "RUB"}
    assert (held["wallet"], held["payout_transit"], held["provider_clearing"]) == (6_000, 4_000, 10_000)
    assert found["coverage"] == [{"currency": "RUB", "owed": 10_000, "there": 10_000}]
    [compared] = [each for each in found["comparisons"] if each["currency"] == "RUB"]
    assert (compared["ours"], compared["provider"]) == (10_000, "sandbox")
    assert (found["check"]["result"], found["timers_overdue"]) == (0, 0)
    page = (await staff.get("/finance")).text
    assert "Wallets" in page
    assert "Held for milestones" not in page, "nothing is held"


async def test_sums_of_sealed_and_of_new_transactions_are_the_same(till: Till) -> None:
    await till.paid(100)
    async with till.resources.read_sessions() as session:
        new = (await service.read_overview(session)).holdings
    async with unit_of_work(till.resources) as uow:
        assert await transparency.seal_batch(uow, b"\x07" * 32) > 0
    async with till.resources.read_sessions() as session:
        found = await service.read_overview(session)
    assert (found.holdings, found.unsealed) == (new, 0)
    await till.paid(50)
    async with till.resources.read_sessions() as session:
        held = {each.kind: each.amount for each in (await service.read_overview(session)).holdings}
    assert held[AccountKind.PROVIDER_CLEARING] == held[AccountKind.WALLET] == 15_000


async def test_missing_money_is_said_aloud(till: Till, staff: httpx.AsyncClient) -> None:
    await till.paid(100)
    entry = ledger.templates.provider_cost(provider="sandbox", amount=roubles(30))
    async with unit_of_work(till.resources) as uow:
        await ledger.post(uow, entry, key=f"cost:{new_id()}", effective_at=utc_now())
    assert "₽30 is missing" in (await staff.get("/finance")).text


async def test_stuck_money_is_shown_with_its_age(till: Till, staff: httpx.AsyncClient) -> None:
    payment_id = await till.top_up(100)
    await till.sandbox.plan("create_payment", "wrong_amount", argument=-1)
    for step in (till.look, till.pay, till.look):
        await step(payment_id)
    page = (await staff.get("/finance")).text
    assert f"/finance/search?q=payment%3A{payment_id}" in page
    assert "another amount" in page


async def test_a_payment_and_its_transaction_are_found_by_every_name(till: Till, staff: httpx.AsyncClient) -> None:
    payment_id = await till.paid(100)
    operation = await till.operation(payment_id)
    for name in (str(payment_id), operation.reference, operation.provider_id, str(operation.id)):
        found = (await staff.get(f"{API}/search", params={"q": name})).json()
        assert [each["subject_id"] for each in found["operations"]] == [str(payment_id)], name
    by_key = (await staff.get(f"{API}/search", params={"q": f"deposit:{payment_id}"})).json()
    [txn] = by_key["transactions"]
    assert (txn["template"], txn["amount"]) == (TxnTemplate.DEPOSIT.value, 10_000)
    for name in (txn["id"], str(till.actor.id), str(payment_id)):
        found = (await staff.get(f"{API}/search", params={"q": name})).json()
        assert [each["id"] for each in found["transactions"]] == [txn["id"]], name
    person = (await staff.get(f"{API}/search", params={"q": f"@{till.actor.username}"})).json()
    assert [each["id"] for each in person["people"]] == [str(till.actor.id)]
    page = (await staff.get("/finance/search", params={"q": str(payment_id)})).text
    assert f"/finance/transactions/{txn['id']}" in page
    assert "Nothing found" in (await staff.get("/finance/search", params={"q": "no such thing"})).text


async def test_a_transaction_shows_its_transfers_and_the_proof_of_its_seal(
    till: Till, staff: httpx.AsyncClient
) -> None:
    payment_id = await till.paid(100)
    async with till.resources.read_sessions() as session:
        txn = await ledger.find(session, f"deposit:{payment_id}")
    assert txn is not None
    address = f"/finance/transactions/{txn.id}"
    page = (await staff.get(address)).text
    assert "Not sealed yet" in page
    assert (await staff.get(f"/api/v1{address}/receipt")).status_code == 409
    async with unit_of_work(till.resources) as uow:
        await transparency.seal_batch(uow, b"\x07" * 32)
    read = (await staff.get(f"/api/v1{address}")).json()
    [leg] = read["legs"]
    assert (leg["debit"]["kind"], leg["debit"]["owner"]) == ("provider_clearing", "sandbox")
    assert (leg["credit"]["kind"], leg["credit"]["owner"]) == ("wallet", till.actor.username)
    assert read["checkpoint"] > read["position"] >= 0
    assert "Download the proof of the seal" in (await staff.get(address)).text
    receipt = (await staff.get(f"{address}/receipt")).json()
    assert receipt == (await staff.get(f"/api/v1{address}/receipt")).json()
    assert receipt["position"] == read["position"]


async def test_nobody_else_is_led_to_the_pages(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(client)
    assert "/finance" not in (await client.get("/wallet")).text
    await sign_in(client, role=Role.FINANCE_APPROVER)
    assert 'href="/finance"' in (await client.get("/wallet")).text
