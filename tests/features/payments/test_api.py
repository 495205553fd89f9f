"""The API of payments: one effect for each key, the password before money leaves, only one's own."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.core.ids import new_id
from app.core.money import Currency, Money
from app.core.payment_port import Done, PayoutKind
from app.core.unit_of_work import unit_of_work
from app.features.authentication.service import Caller
from app.features.legal import service as legal
from app.features.legal.schemas import LegalStatusPut
from app.features.payments.errors import PayoutNotPossibleError
from app.features.payments.service.commands import check_limits
from app.models import LegalKind
from tests.conftest import SignIn
from tests.factories.users import actor_for
from tests.features.payments.till import Till
from tests.gateways.payments.provider import PAID_CARD

API = "/api/v1"
TAX_ID = "500100732259"


def key() -> dict[str, str]:
    return {"Idempotency-Key": new_id().hex}


def money(amount: int) -> dict[str, Any]:
    return {"amount": amount * 100, "currency": "RUB"}


@pytest.fixture
async def owner(till: Till, client: httpx.AsyncClient, sign_in: SignIn) -> httpx.AsyncClient:
    """The client of somebody who owns the till."""
    till.actor = actor_for(await sign_in(client))
    return client


async def balance(client: httpx.AsyncClient) -> tuple[int, int]:
    [roubles] = (await client.get(f"{API}/wallet")).json()["items"]
    return roubles["available"]["amount"], roubles["moving"]["amount"]


async def test_paying_in_withdrawing_and_sending_back(owner: httpx.AsyncClient, till: Till) -> None:
    same = key()
    answers = [await owner.post(f"{API}/payments", json={"money": money(100)}, headers=same) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    payment_id = answers[0].json()["id"]
    await till.look(payment_id)
    opened = (await owner.get(f"{API}/payments/{payment_id}")).json()
    assert (opened["state"], opened["progress"]) == ("open", "pending")
    assert opened["page_url"].startswith(till.sandbox.url)
    await till.pay(payment_id)
    await till.look(payment_id)
    assert await balance(owner) == (10_000, 0)

    refund = await owner.post(f"{API}/payments/{payment_id}/refunds", json={"money": money(30)}, headers=key())
    assert refund.status_code == 201, refund.text
    asked = {"money": money(40), "card": "4242 4242 4242 4242"}
    payout = await owner.post(f"{API}/payouts", json=asked, headers=key())
    assert payout.status_code == 201, payout.text
    assert await balance(owner) == (3_000, 7_000)
    await till.look(refund.json()["id"])
    await till.look(payout.json()["id"])
    assert await balance(owner) == (3_000, 0)
    assert (await owner.get(f"{API}/payouts/{payout.json()['id']}")).json()["state"] == "paid"
    assert len((await owner.get(f"{API}/payments")).json()["items"]) == 1
    assert len((await owner.get(f"{API}/payouts")).json()["items"]) == 1
    first = (await owner.get(f"{API}/wallet/history?limit=2")).json()
    rest = (await owner.get(f"{API}/wallet/history?cursor={first['next_cursor']}")).json()
    assert [each["amount"] for each in first["items"] + rest["items"]] == [-4_000, -3_000, 10_000]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"money": money(101)}, 409),
        ({"money": {"amount": 99, "currency": "RUB"}}, 422),
        ({"money": {"amount": 300_000_001, "currency": "RUB"}}, 422),
        ({"card": "4242424242424243"}, 422),
        ({"card": "4242"}, 422),
        ({"money": {"amount": 10.5, "currency": "RUB"}}, 422),
        ({"kind": "self_employed"}, 403),
    ],
)
async def test_what_cannot_be_withdrawn_changes_nothing(
    owner: httpx.AsyncClient, till: Till, change: dict[str, Any], status: int
) -> None:
    await till.paid(100)
    asked = {"money": money(40), "card": PAID_CARD} | change
    answer = await owner.post(f"{API}/payouts", json=asked, headers=key())
    assert (answer.status_code, await balance(owner)) == (status, (10_000, 0)), answer.text


async def test_money_leaves_only_after_the_password(
    owner: httpx.AsyncClient, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    await till.paid(100)
    settings = till.resources.settings.model_copy(update={"reauthentication_minutes": 0})
    monkeypatch.setattr(till.resources, "settings", settings)
    asked = {"money": money(40), "card": PAID_CARD}
    answer = await owner.post(f"{API}/payouts", json=asked, headers=key())
    assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication-required")
    assert (await owner.post(f"{API}/payouts", json=asked)).status_code in {400, 403}
    assert await balance(owner) == (10_000, 0)


async def test_a_self_employed_person_is_told_what_is_missing(owner: httpx.AsyncClient, till: Till) -> None:
    await till.sandbox.control("PUT", f"self-employed/{TAX_ID}", {"permission": False})
    before = (await owner.get(f"{API}/payouts/requirements")).json()
    assert len(before["missing"]) == 1
    fields = {"legal_name": "Vera Petrova", "tax_number": TAX_ID, "address": "101000, Moscow, Tverskaya 1"}
    async with unit_of_work(till.resources) as uow:
        command = LegalStatusPut(kind=LegalKind.SELF_EMPLOYED, country="RU", fields=fields, version=0)
        await legal.save_status(uow, till.actor, command, Caller("127.0.0.1", "127.0.0.1", "", None))
    asked = (await owner.get(f"{API}/payouts/requirements")).json()
    assert (len(asked["missing"]), TAX_ID in asked["permission_url"]) == (1, True)
    await till.sandbox.control("PUT", f"self-employed/{TAX_ID}", {})
    assert (await owner.get(f"{API}/payouts/requirements")).json()["missing"] == []
    await till.paid(100)
    payout = await owner.post(
        f"{API}/payouts", json={"money": money(40), "card": PAID_CARD, "kind": "self_employed"}, headers=key()
    )
    assert payout.status_code == 201, payout.text
    await till.look(payout.json()["id"])
    assert (await owner.get(f"{API}/payouts/{payout.json()['id']}")).json()["cheque_status"] == "registered"


async def test_a_payment_can_be_canceled_until_it_is_paid(owner: httpx.AsyncClient, till: Till) -> None:
    first, second = await till.top_up(), await till.top_up()
    assert (await owner.post(f"{API}/payments/{first}/cancel")).status_code == 204
    await till.look(second)
    assert (await owner.post(f"{API}/payments/{second}/cancel")).status_code == 204
    states = [(await owner.get(f"{API}/payments/{each}")).json()["state"] for each in (first, second)]
    assert states == ["canceled", "canceled"]
    assert (await owner.post(f"{API}/payments/{second}/cancel")).status_code == 409


async def test_nobody_sees_the_payments_of_others(
    till: Till,
    new_client: Callable[[], Awaitable[httpx.AsyncClient]],
    sign_in: SignIn,
) -> None:
    payment_id = await till.paid(100)
    payout_id = await till.withdraw(40)
    stranger = await new_client()
    await sign_in(stranger)
    assert (await stranger.get(f"{API}/payments/{payment_id}")).status_code == 404
    assert (await stranger.get(f"{API}/payouts/{payout_id}")).status_code == 404
    assert (await stranger.post(f"{API}/payments/{payment_id}/cancel")).status_code == 404
    refund = await stranger.post(f"{API}/payments/{payment_id}/refunds", json={"money": money(1)}, headers=key())
    assert refund.status_code == 404
    assert (await stranger.get(f"{API}/stuck-money")).status_code == 403
    assert await balance(stranger) == (0, 0)


async def test_without_a_provider_no_money_is_taken(
    owner: httpx.AsyncClient, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = till.resources.settings.model_copy(update={"payment_provider": "none"})
    monkeypatch.setattr(till.resources, "settings", without)
    refused = await owner.post(f"{API}/payments", json={"money": money(100)}, headers=key())
    assert (refused.status_code, refused.json()["code"]) == (503, "no-payment-provider")


async def test_a_way_that_the_provider_does_not_pay_is_refused(till: Till) -> None:
    assert till.resources.payment_provider is not None
    known = await till.resources.payment_provider.capabilities()
    assert isinstance(known, Done)
    limits = replace(known.value, payout_kinds=frozenset({PayoutKind.CARD}))
    check_limits(limits, Money(100_00, Currency.RUB), PayoutKind.CARD)
    with pytest.raises(PayoutNotPossibleError):
        check_limits(limits, Money(100_00, Currency.RUB), PayoutKind.SELF_EMPLOYED)
