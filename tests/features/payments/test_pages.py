"""Pages of the wallet in a browser without scripts: pay in, send back, withdraw, and what the operator sees."""

import re
from uuid import UUID

import httpx
import pytest

from app.core.http.submissions import ONCE_FIELD
from app.core.money import MAX_AMOUNT
from app.models import Payment, PaymentState
from app.models.user import Role
from tests.conftest import SignIn
from tests.factories.users import PASSWORD, actor_for
from tests.features.payments.till import Till


@pytest.fixture
async def owner(till: Till, client: httpx.AsyncClient, sign_in: SignIn) -> httpx.AsyncClient:
    till.actor = actor_for(await sign_in(client))
    return client


async def once(client: httpx.AsyncClient, page: str) -> str:
    found = re.search(rf'name="{ONCE_FIELD}" value="([^"]+)"', (await client.get(page)).text)
    assert found is not None
    return found[1]


async def test_paying_in_and_sending_back_by_pages(owner: httpx.AsyncClient, till: Till) -> None:
    assert "Nothing has moved yet" in (await owner.get("/wallet")).text
    token = await once(owner, "/wallet/top-up")
    wrong = await owner.post("/wallet/top-up", data={"amount": "0", ONCE_FIELD: token})
    assert (wrong.status_code, "more than zero" in wrong.text) == (422, True)
    begun = await owner.post("/wallet/top-up", data={"amount": "100,00", ONCE_FIELD: token})
    assert begun.status_code == 303
    opening = begun.headers["location"]
    address = opening.removesuffix("?opening=1")
    payment_id = UUID(address.rpartition("/")[2])
    checking = [await owner.get(each) for each in (address, opening)]
    assert [answer.headers["refresh"] for answer in checking] == ["4", "1"]
    assert "asking the payment service" in checking[0].text
    await till.look(payment_id)
    opened = [await owner.get(each) for each in (address, opening)]
    assert f"{till.sandbox.url}/pay/" in opened[0].text
    assert opened[0].headers["refresh"] == "4", "who looks at it later is left in peace"
    assert opened[1].headers["refresh"].startswith(f"0;url={till.sandbox.url}/pay/")
    await till.pay(payment_id)
    await till.look(payment_id)
    paid = await owner.get(address)
    assert ("refresh" in paid.headers, "The money has arrived." in paid.text) == (False, True)
    back = await owner.get(f"{address}?returned=1")
    assert (back.status_code, back.headers["location"]) == (303, "/wallet")
    much = await owner.post(f"{address}/refund", data={"amount": "101", ONCE_FIELD: await once(owner, address)})
    assert much.status_code in {409, 422}
    sent = await owner.post(f"{address}/refund", data={"amount": "30", ONCE_FIELD: await once(owner, address)})
    assert (sent.status_code, sent.headers["location"]) == (303, "/wallet")
    assert "100" in (await owner.get("/wallet/payments")).text
    wallet = (await owner.get("/wallet")).text
    assert "Sent back to the card" in wallet
    assert "Paid in" in wallet


async def test_a_payment_is_canceled_by_its_page(owner: httpx.AsyncClient, till: Till) -> None:
    payment_id = await till.top_up()
    for _ in range(2):
        assert (await owner.post(f"/wallet/payments/{payment_id}/cancel")).status_code == 303
    assert (await till.row(Payment, payment_id)).state is PaymentState.CANCELED


async def test_withdrawing_by_pages_asks_for_the_password_first(
    owner: httpx.AsyncClient, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await till.paid(100)
    settings = till.resources.settings
    monkeypatch.setattr(till.resources, "settings", settings.model_copy(update={"reauthentication_minutes": 0}))
    assert (await owner.get("/wallet/withdraw")).headers["location"] == "/wallet/unlock"
    assert f"/wallet/unlock?then={payment_id}" in (await owner.get(f"/wallet/payments/{payment_id}")).text
    monkeypatch.setattr(till.resources, "settings", settings)
    assert (await owner.get("/wallet/unlock")).status_code == 200
    wrong = await owner.post("/wallet/unlock", data={"password": "not this one"})
    assert wrong.status_code == 403
    back = await owner.post("/wallet/unlock", data={"password": PASSWORD, "then": str(payment_id)})
    assert back.headers["location"] == f"/wallet/payments/{payment_id}"
    token = await once(owner, "/wallet/withdraw")
    asked = {"amount": "40", "kind": "card", "card": "4242 4242 4242 4243", ONCE_FIELD: token}
    wrong_card = await owner.post("/wallet/withdraw", data=asked)
    assert (wrong_card.status_code, "not the number of a card" in wrong_card.text) == (422, True)
    begun = await owner.post("/wallet/withdraw", data=asked | {"card": "4242 4242 4242 4242"})
    assert begun.status_code == 303, begun.text
    page = await owner.get(begun.headers["location"])
    assert (page.headers["refresh"], "•••• 4242" in page.text) == ("4", True)
    await till.look(UUID(begun.headers["location"].rpartition("/")[2]))
    assert "The bank has it." in (await owner.get("/wallet/withdrawals")).text


async def test_the_operator_closes_a_case_on_the_page(
    till: Till, client: httpx.AsyncClient, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await till.top_up(100)
    await till.sandbox.plan("create_payment", "wrong_amount", argument=-1)
    await till.look(payment_id)
    await till.pay(payment_id)
    await till.look(payment_id)
    await sign_in(client, role=Role.FINANCE)
    [case] = await till.cases()
    settings = till.resources.settings
    monkeypatch.setattr(till.resources, "settings", settings.model_copy(update={"reauthentication_minutes": 0}))
    assert f"/stuck-money/{case.id}/close" not in (await client.get("/stuck-money")).text
    unproven = await client.post(f"/stuck-money/{case.id}/close", data={"note": "seen"})
    by_program = await client.post(f"/api/v1/reconciliation-cases/{case.id}/close", json={"note": "seen"})
    assert (unproven.status_code, by_program.status_code) == (403, 403)
    monkeypatch.setattr(till.resources, "settings", settings)
    assert f"/stuck-money/{case.id}/close" in (await client.get("/stuck-money")).text
    empty = await client.post(f"/stuck-money/{case.id}/close", data={"note": " "})
    assert empty.status_code == 303
    assert await till.wallet() == 0
    assert (await client.post(f"/stuck-money/{case.id}/close", data={"note": "seen"})).status_code == 303
    assert await till.wallet() == 9_999
    assert "Nothing is stuck" in (await client.get("/stuck-money")).text


async def test_nobody_closes_a_case_about_their_own_money(
    till: Till, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    till.actor = actor_for(await sign_in(client, role=Role.FINANCE))
    payment_id = await till.top_up(100)
    await till.sandbox.plan("create_payment", "wrong_amount", argument=-1)
    await till.look(payment_id)
    await till.pay(payment_id)
    await till.look(payment_id)
    [case] = await till.cases()
    refused = await client.post(f"/api/v1/reconciliation-cases/{case.id}/close", json={"note": "mine"})
    assert (refused.status_code, refused.json()["code"]) == (403, "own-money")
    assert await till.wallet() == 0
    assert [each.id for each in await till.cases()] == [case.id]


async def test_a_wallet_may_hold_more_than_the_largest_payment(owner: httpx.AsyncClient, till: Till) -> None:
    for _twice in range(2):
        await till.paid(MAX_AMOUNT // 100)
    assert (await owner.get("/wallet")).status_code == 200
    [shown] = (await owner.get("/api/v1/wallet")).json()["items"]
    assert shown["available"] == {"amount": 2 * MAX_AMOUNT, "currency": "RUB"}
