"""Invitations: sent by a customer, answered or declined by a freelancer, and impossible for hidden customers."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from app.core.clock import utc_now
from app.core.resources import Resources
from app.features.profiles import service as profiles
from app.models import User, Visibility
from tests.factories.orders import Market

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[..., Awaitable[object]]
OFFER = {"price": {"amount": 5_000_000, "currency": "RUB"}, "term_days": 5, "letter": "Сделаю."}


async def kinds(client: httpx.AsyncClient) -> list[str]:
    return [item["kind"] for item in (await client.get("/api/v1/notifications")).json()["items"]]


async def test_who_is_invited_reads_the_order_and_answers(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, settle: Settle
) -> None:
    customer, anna = await market.person("bakery"), await market.person("anna")
    order = await market.order(customer, visibility=Visibility.INVITED)
    await market.sign_in(client, customer)
    annas = await market.sign_in(await new_client(), anna)
    address = f"/api/v1/orders/{order.id}"
    assert (await annas.get(address)).status_code == 404
    sent = await client.post(f"{address}/invitations", json={"username": "@Anna", "note": "Видел ваши работы."})
    assert (sent.status_code, sent.json()["state"], sent.json()["actions"]) == (201, "sent", [])
    again = await client.post(f"{address}/invitations", json={"username": "anna"})
    assert (again.status_code, again.json()["code"]) == (409, "already-invited")
    await settle()
    assert await kinds(annas) == ["invitation_received"]
    (mine,) = (await annas.get("/api/v1/invitations/mine")).json()["items"]
    assert (mine["person"]["name"], mine["note"]) == ("bakery", "Видел ваши работы.")
    assert mine["actions"] == ["propose", "decline"]
    assert "Видел ваши работы." in (await annas.get("/my/invitations")).text
    assert (await annas.post(f"{address}/proposals", json=OFFER)).status_code == 201
    (seen,) = (await client.get(f"{address}/invitations")).json()["items"]
    assert seen["state"] == "answered"
    late = await annas.post(f"/api/v1/invitations/{mine['id']}/decline")
    assert (late.status_code, late.json()["code"]) == (409, "invitation-decided")


async def test_only_a_confirmed_account_invites(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, settle: Settle
) -> None:
    customer, anna = await market.person("bakery", confirmed=False), await market.person("anna")
    order = await market.order(customer)
    await market.sign_in(client, customer)
    annas = await market.sign_in(await new_client(), anna)
    refused = await client.post(f"/api/v1/orders/{order.id}/invitations", json={"username": "anna"})
    assert (refused.status_code, refused.json()["code"]) == (403, "contact-not-confirmed")
    page = f"/orders/{order.id}/invitations"
    assert 'href="/settings/security"' in (await client.get(page)).text
    shown = await client.post(page, data={"username": "anna", "note": "Видел ваши работы."})
    assert shown.status_code == 422
    assert "Settings → Security" in shown.text
    assert "Видел ваши работы." in shown.text
    await settle()
    assert await kinds(annas) == []
    async with market.uow() as work:
        (await work.session.get_one(User, customer.id)).phone_confirmed_at = utc_now()
    assert (await client.post(page, data={"username": "anna"})).status_code == 303
    assert "Confirm it in Settings" not in (await client.get(page)).text


async def test_an_invitation_is_declined_with_a_reason_or_lapses(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, settle: Settle
) -> None:
    customer = await market.person()
    order = await market.order(customer)
    await market.sign_in(client, customer)
    page = f"/orders/{order.id}/invitations"
    assert "Nobody is invited yet" in (await client.get(page)).text
    people: list[httpx.AsyncClient] = []
    for name in ("anna", "boris"):
        people.append(await market.sign_in(await new_client(), await market.person(name)))
        told = await client.post(page, data={"username": name}, follow_redirects=True)
        assert "The invitation is sent." in told.text
    annas, boriss = people
    (mine,) = (await annas.get("/api/v1/invitations/mine")).json()["items"]
    assert (await boriss.post(f"/api/v1/invitations/{mine['id']}/decline")).status_code == 404
    form = {"reason": "price", "answer": "Мало."}
    told = await annas.post(f"/invitations/{mine['id']}/decline", data=form, follow_redirects=True)
    assert "You have declined." in told.text
    await settle()
    assert "invitation_declined" in await kinds(client)
    assert "The budget does not fit" in (await client.get(page)).text
    await client.post(f"/api/v1/orders/{order.id}/close")
    (lapsed,) = (await boriss.get("/api/v1/invitations/mine")).json()["items"]
    assert (lapsed["state"], lapsed["actions"]) == ("lapsed", [])
    assert "Lapsed with the order" in (await boriss.get("/my/invitations")).text
    closed = await client.post(f"/api/v1/orders/{order.id}/invitations", json={"username": "anna"})
    assert (closed.status_code, closed.json()["code"]) == (409, "order-not-open")
    assert (await client.post(page, data={"username": "anna"})).headers["location"].startswith(f"/orders/{order.id}")
    wrong = await annas.post(f"/invitations/{mine['id']}/decline", data={"reason": "x"})
    assert wrong.status_code == 422


async def test_who_hid_the_customer_is_not_reached_and_the_customer_does_not_learn_it(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, settle: Settle
) -> None:
    customer, anna = await market.person("pest"), await market.person("anna")
    async with market.uow() as work:
        await profiles.hide_customer(work, anna, customer.username)
    order = await market.order(customer, visibility=Visibility.INVITED)
    await market.sign_in(client, customer)
    annas = await market.sign_in(await new_client(), anna)
    sent = await client.post(f"/api/v1/orders/{order.id}/invitations", json={"username": "anna"})
    assert (sent.status_code, sent.json()["state"]) == (201, "sent")
    await settle()
    assert await kinds(annas) == []
    assert (await annas.get("/api/v1/invitations/mine")).json()["items"] == []
    assert (await annas.post(f"/api/v1/invitations/{sent.json()['id']}/decline")).status_code == 404
    assert (await annas.get(f"/api/v1/orders/{order.id}")).status_code == 404


@pytest.mark.parametrize(("setting", "words"), [("invitations_per_order", "takes 1"), ("invitations_per_day", "day")])
async def test_invitations_have_their_limits(
    market: Market, client: httpx.AsyncClient, resources: Resources, setting: str, words: str
) -> None:
    object.__setattr__(resources, "settings", resources.settings.model_copy(update={setting: 1}))
    customer = await market.person("bakery")
    order = await market.order(customer)
    await market.sign_in(client, customer)
    await market.person("anna")
    await market.person("boris")
    first = await client.post(f"/api/v1/orders/{order.id}/invitations", json={"username": "anna"})
    assert first.status_code == 201, first.text
    answer = await client.post(f"/api/v1/orders/{order.id}/invitations", json={"username": "boris"})
    assert answer.status_code == 429, answer.text
    assert words in answer.json()["detail"]
    assert words in (await client.post(f"/orders/{order.id}/invitations", data={"username": "boris"})).text
    for name, code in (("nobody_here", "person-not-found"), ("bakery", "invalid-invitation")):
        refused = await client.post(f"/api/v1/orders/{order.id}/invitations", json={"username": name})
        assert refused.json()["code"] == code
        assert (await client.post(f"/orders/{order.id}/invitations", data={"username": name})).status_code == 422
