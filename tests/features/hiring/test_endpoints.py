"""Direct deals by the API alone: invite by link, name and e-mail, answer, and the contract that follows."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select, update

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.ports import Mail
from app.core.resources import Resources
from app.features.hiring import workflows
from app.features.identity import service as identity
from app.features.profiles import service as profiles
from app.models import Deal, DirectDeal, MailMessage, Order, User
from tests.factories.commands import OPERATOR, Command
from tests.factories.deals import make_deal, pay_into_wallet
from tests.factories.orders import Market

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
LEFT_MAILS = 2
"""So many e-mails of the daily limit are left after three."""
type Settle = Callable[..., Awaitable[object]]
API = "/api/v1/direct-deals"
MILESTONES = [
    {"title": "Catalogue", "amount": 3_000_000, "days": 7, "checklist": ["Twelve pages", "Prices in roubles"]},
    {"title": "Payment", "amount": 4_000_000, "days": 5},
]
TERMS: dict[str, Any] = {
    "title": "Shop for a bakery",
    "description": "Catalogue, basket and payment.",
    "currency": "RUB",
    "milestones": MILESTONES,
}


def key_of(deal: dict[str, Any]) -> str:
    """Return the key of a link."""
    return str(deal["link"].partition("?key=")[2])


async def invited(client: httpx.AsyncClient, side: str = "customer", **more: Any) -> dict[str, Any]:
    """Propose the terms, and return the deal."""
    answer = await client.post(API, json=TERMS | {"side": side} | more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def kinds(client: httpx.AsyncClient) -> list[str]:
    return [item["kind"] for item in (await client.get("/api/v1/notifications")).json()["items"]]


async def test_a_link_is_read_without_an_account_and_becomes_a_contract_of_the_first_who_accepts(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, resources: Resources, settle: Settle
) -> None:
    customer, anna, boris = [await market.person(name) for name in ("bakery", "anna", "boris")]
    await market.sign_in(client, customer)
    deal = await invited(client)
    assert (deal["side"], deal["is_author"], deal["other"], deal["terms"]["price"]) == (
        "customer", True, None, 7_000_000,
    )  # fmt: skip
    assert deal["actions"] == ["withdraw"]
    guest, address, key = await new_client(), f"{API}/{deal['id']}", key_of(deal)
    seen = (await guest.get(address, params={"key": key})).json()
    assert (seen["side"], seen["link"], seen["email"], seen["author"]["name"]) == ("freelancer", None, None, "bakery")
    assert seen["actions"] == ["accept", "decline", "counter"]
    for wrong in ({}, {"key": "x"}, {"key": key[:-2] + "xx"}):
        assert (await guest.get(address, params=wrong)).json()["code"] == "direct-deal-not-found"
    assert (await guest.post(f"{address}/accept", json={"version": 1, "key": key})).status_code == 401
    own = await client.post(f"{address}/accept", json={"version": 1, "key": key})
    assert (own.status_code, own.json()["code"]) == (403, "wrong-turn")
    annas, bobs = await market.sign_in(await new_client(), anna), await market.sign_in(await new_client(), boris)
    late = await annas.post(f"{address}/accept", json={"version": 2, "key": key})
    assert (late.status_code, late.json()["code"]) == (409, "direct-deal-changed")
    accepted = await annas.post(f"{address}/accept", json={"version": 1, "key": key})
    assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted"), accepted.text
    assert (await bobs.get(address, params={"key": key})).status_code == 404
    assert (await bobs.post(f"{address}/accept", json={"version": 1, "key": key})).status_code == 404
    again = await annas.post(f"{address}/accept", json={"version": 1})
    assert (again.status_code, again.json()["code"]) == (409, "direct-deal-decided")
    contract = (await annas.get(f"/api/v1/contracts/{accepted.json()['contract_id']}")).json()
    assert (contract["order_title"], contract["price_amount"], contract["term_days"]) == (TERMS["title"], 7_000_000, 12)
    milestones = contract["deal"]["milestones"]
    assert [one["checklist"] for one in milestones] == [["Twelve pages", "Prices in roubles"], ["Payment"]]
    assert (contract["customer_name"], contract["freelancer_name"]) == ("bakery", "anna")
    async with resources.sessions() as session:
        order = (await session.execute(select(Order))).scalar_one()
    assert (order.status.value, order.visibility.value, order.proposals_count) == ("awarded", "invited", 1)
    assert (await guest.get(f"/api/v1/orders/{order.id}")).status_code == 404
    assert (await annas.get(f"/api/v1/orders/{order.id}")).status_code == 200
    await settle()
    assert await kinds(client) == ["direct_deal_accepted"]
    assert await kinds(annas) == []


async def test_a_contract_of_a_direct_deal_is_paid_and_talked_about_as_any_other(
    market: Market, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    customer, anna = await market.person("bakery"), await market.person("anna")
    await market.sign_in(client, customer)
    annas = await market.sign_in(await new_client(), anna)
    deal = await invited(annas, "freelancer", username="@Bakery")
    assert (deal["other"]["name"], deal["link"]) == ("bakery", None)
    accepted = await client.post(f"{API}/{deal['id']}/accept", json={"version": 1})
    contract = (await client.get(f"/api/v1/contracts/{accepted.json()['contract_id']}")).json()
    assert contract["side"] == "customer"
    async with market.uow() as work:
        await pay_into_wallet(work, customer, 100_000_000)
    first = contract["deal"]["milestones"][0]
    once = {"Idempotency-Key": new_id().hex}
    paid = await client.post(f"/api/v1/milestones/{first['id']}/fund", json={"version": 1}, headers=once)
    assert (paid.status_code, paid.json()["status"]) == (200, "funded")
    words = await annas.post(f"/api/v1/proposals/{contract['proposal_id']}/messages", json={"text": "Когда начнём?"})
    assert words.status_code == 201, words.text
    answer = await client.post(f"/api/v1/proposals/{contract['proposal_id']}/messages", json={"text": "Сегодня."})
    assert answer.status_code == 201


async def test_terms_are_changed_in_turn_and_each_answer_is_to_what_was_read(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, settle: Settle
) -> None:
    customer, anna = await market.person("bakery"), await market.person("anna")
    await market.sign_in(client, customer)
    annas = await market.sign_in(await new_client(), anna)
    deal = await invited(client)
    address, key = f"{API}/{deal['id']}", key_of(deal)
    dearer = TERMS | {"milestones": [MILESTONES[0] | {"amount": 9_000_000}], "message": "Пишите на anna@example.org"}
    countered = await annas.post(f"{address}/counter", json=dearer | {"version": 1, "key": key})
    assert (countered.status_code, countered.json()["status"]) == (200, "customer_answers"), countered.text
    mine = (await annas.get(address)).json()
    assert (mine["actions"], mine["contacts"], mine["version"]) == (["withdraw"], [], 2)
    seen = (await client.get(address)).json()
    assert (seen["actions"], seen["contacts"], seen["link"]) == (["accept", "decline", "counter"], ["email"], None)
    assert [one["price"] for one in (seen["terms"], *seen["earlier"])] == [9_000_000, 7_000_000]
    assert (await client.post(f"{address}/withdraw")).json()["code"] == "wrong-turn"
    stale = await client.post(f"{address}/counter", json=TERMS | {"version": 1})
    assert stale.json()["code"] == "direct-deal-changed"
    assert (await client.post(f"{address}/counter", json=TERMS | {"version": 2})).json()["version"] == 3
    await settle()
    assert await kinds(annas) == ["direct_deal_offered"]
    declined = await annas.post(f"{address}/decline", json={"note": "Слишком мало."})
    assert declined.json()["status"] == "declined"
    assert (await client.get(address)).json()["note"] == "Слишком мало."
    await settle()
    assert (await kinds(client))[0] == "direct_deal_declined"
    (listed,) = (await annas.get(API)).json()["items"]
    assert (listed["other"], listed["is_open"], listed["waits_for_reader"]) == ("bakery", False, False)
    two = await client.get(API, params={"limit": 1})
    assert (two.json()["items"][0]["is_author"], two.json()["next_cursor"]) == (True, None)


async def test_invalid_terms_and_people_are_named(market: Market, client: httpx.AsyncClient) -> None:
    await market.person("anna")
    await market.sign_in(client, await market.person("bakery"))
    wrong: list[tuple[dict[str, Any], int, str]] = [
        ({"username": "bakery"}, 422, "username"),
        ({"username": "nobody-here"}, 404, ""),
        ({"username": "anna", "email": "anna@example.org"}, 422, "email"),
        ({"email": "not an address"}, 422, "email"),
        ({"email": "анна@example.org"}, 422, "email"),
        ({"milestones": []}, 422, "milestones"),
        ({"milestones": [MILESTONES[0] | {"days": 1000}, MILESTONES[1]]}, 422, "milestones"),
        ({"milestones": [MILESTONES[0] | {"amount": 10**14}, MILESTONES[1]]}, 422, "milestones"),
    ]
    for more, status, name in wrong:
        answer = await client.post(API, json=TERMS | {"side": "customer"} | more)
        assert answer.status_code == status, answer.text
        if name:
            assert answer.json()["errors"][0]["loc"][1] == name
    assert (await client.get(API)).json()["items"] == []


async def test_links_are_replaced_withdrawn_and_expire(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, resources: Resources, settle: Settle
) -> None:
    await market.sign_in(client, await market.person("bakery"))
    anna = await market.person("anna")
    guest, annas = await new_client(), await market.sign_in(await new_client(), anna)
    deal = await invited(client)
    address, before = f"{API}/{deal['id']}", key_of(deal)
    renewed = (await client.post(f"{address}/link")).json()
    assert (await guest.get(address, params={"key": before})).status_code == 404
    assert (await guest.get(address, params={"key": key_of(renewed)})).status_code == 200
    assert (await client.post(f"{address}/withdraw")).json()["status"] == "withdrawn"
    assert (await guest.get(address, params={"key": key_of(renewed)})).status_code == 404
    assert (await client.post(f"{address}/link")).json()["code"] == "direct-deal-decided"
    named = await invited(client, username="anna")
    async with market.uow() as work:
        await work.session.execute(update(DirectDeal).values(expires_at=utc_now()))
    late = await annas.post(f"{API}/{named['id']}/accept", json={"version": 1})
    assert late.json()["code"] == "direct-deal-decided"
    assert await workflows.expire(resources) == 1
    assert await workflows.expire(resources) == 0
    assert (await annas.get(f"{API}/{named['id']}")).json()["status"] == "expired"
    await settle()
    assert "direct_deal_expired" in await kinds(client)
    withdrawn = await invited(client, username="anna")
    await client.post(f"{API}/{withdrawn['id']}/withdraw")
    await settle()
    assert (await kinds(annas))[0] == "direct_deal_withdrawn"


async def test_one_e_mail_goes_to_an_address_and_holds_nothing_that_its_author_wrote(
    market: Market, client: httpx.AsyncClient, resources: Resources, mailbox: list[Mail], settle: Settle
) -> None:
    await market.sign_in(client, await market.person("bakery"))
    deal = await invited(client, email="New@Example.org", title="Win money at evil.example", message="evil.example")
    assert deal["email"] == "New@example.org"
    await settle()
    (mail,) = mailbox
    assert (mail.to, deal["link"] in mail.text) == ("New@example.org", True)
    assert "bakery wants to hire you" in mail.text
    assert "evil.example" not in mail.subject + mail.text + mail.html
    assert "Hello" not in mail.text
    async with resources.sessions() as session:
        (stored,) = (await session.execute(select(MailMessage))).scalars()
    assert (stored.to_address, stored.params) == (None, {"direct_deal_id": deal["id"]})
    taken_back = await invited(client, side="freelancer", email="other@example.org")
    await client.post(f"{API}/{taken_back['id']}/withdraw")
    await settle()
    assert len(mailbox) == 1
    async with resources.sessions() as session:
        addresses = (await session.execute(select(DirectDeal.email).order_by(DirectDeal.id))).scalars().all()
    assert addresses == ["New@example.org", None]


async def test_invitations_are_limited_by_account_and_by_address(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, resources: Resources
) -> None:
    customer = await market.person("bakery")
    await market.sign_in(client, customer)
    unconfirmed = await market.sign_in(await new_client(), await market.person("newcomer", confirmed=False))
    refused = await unconfirmed.post(API, json=TERMS | {"side": "customer"})
    assert (refused.status_code, refused.json()["code"]) == (403, "contact-not-confirmed")
    for _count in range(3):
        deal = await invited(client, email="somebody@example.org")
        await client.post(f"{API}/{deal['id']}/withdraw")
    enough = await client.post(API, json=TERMS | {"side": "customer", "email": "Somebody@example.org"})
    assert (enough.status_code, enough.json()["code"]) == (429, "too-many-mailed-invitations")
    for number in range(resources.settings.new_account_direct_deals_per_day - 3):
        await invited(client, **({"email": f"other{number}@example.org"} if number < LEFT_MAILS else {}))
    young = await client.post(API, json=TERMS | {"side": "customer"})
    assert (young.status_code, young.json()["code"]) == (429, "new-account-limit")
    async with market.uow() as work:
        person = await work.session.get(User, customer.id)
        assert person is not None
        person.created_at = person.created_at.replace(year=2020)
    mails = await client.post(API, json=TERMS | {"side": "customer", "email": "another@example.org"})
    assert mails.json()["code"] == "too-many-mailed-invitations"
    for _count in range(resources.settings.direct_deals_per_day - resources.settings.new_account_direct_deals_per_day):
        async with market.uow() as work:
            await _copy(work.session, customer.id)
    full = await client.post(API, json=TERMS | {"side": "customer"})
    assert (full.status_code, full.json()["code"]) == (429, "too-many-direct-deals")


async def _copy(session: Any, author_id: Any) -> None:
    session.add(
        DirectDeal(author_id=author_id, author_side="customer", status="freelancer_answers", expires_at=utc_now())
    )


async def test_bans_and_hidden_clients_hold(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, settle: Settle
) -> None:
    customer, anna = await market.person("bakery"), await market.person("anna")
    await market.sign_in(client, customer)
    annas = await market.sign_in(await new_client(), anna)
    open_one = await invited(client, username="anna")
    async with market.uow() as work:
        await profiles.hide_customer(work, anna, "bakery")
    muted = await invited(client, username="anna")
    assert muted["other"]["name"] == "anna"
    assert (await annas.get(f"{API}/{muted['id']}")).status_code == 404
    assert [one["id"] for one in (await annas.get(API)).json()["items"]] == [open_one["id"]]
    async with market.uow() as work:
        await identity.ban(work, OPERATOR, customer.id, reason="Fraud")
    assert (await annas.get(f"{API}/{open_one['id']}")).status_code == 404
    gone = await annas.post(f"{API}/{open_one['id']}/accept", json={"version": 1})
    assert (gone.status_code, gone.json()["code"]) == (409, "direct-deal-person-gone")
    await settle()
    assert (await annas.get(f"{API}/{open_one['id']}")).json()["status"] == "withdrawn"
    assert (await kinds(annas))[0] == "direct_deal_withdrawn"


async def test_the_fee_of_a_brought_client_is_shown_before_and_frozen_but_not_for_people_who_met_here(
    market: Market, client: httpx.AsyncClient, command: Command, tmp_path: Path
) -> None:
    scene = await make_deal(market)
    await command("fees", "add", "freelancer", "--rate", "10", "--reason", "test")
    added = await command("fees", "add", "freelancer", "--rate", "2", "--origin", "brought", "--reason", "test")
    assert "brought" in added
    author = await market.person("bakery")
    for maker, reader, fee in ((author, scene.freelancer, 140_000), (scene.customer, scene.freelancer, 700_000)):
        await market.sign_in(client, maker)
        deal = await invited(client, username=reader.username)
        await market.sign_in(client, reader)
        assert (await client.get(f"{API}/{deal['id']}")).json()["freelancer_fee"] == fee
        accepted = await client.post(f"{API}/{deal['id']}/accept", json={"version": 1})
        async with market.uow() as work:
            begun = await work.session.get_one(Deal, accepted.json()["contract_id"])
        assert begun.freelancer_fee["rate_bp"] == (200 if fee == 140_000 else 1000)
    shown = (await client.get("/fees?amount=100&origin=brought", headers={"Accept-Language": "en"})).text
    assert "they had no contract from an order on the site before" in shown
    answer = (await client.get("/api/v1/fees", params={"amount": 10_000, "origin": "brought"})).json()
    assert answer["example"]["freelancer_fee"] == 200
    policies = [
        {"side": "freelancer", "rate_bp": 1000},
        {"side": "freelancer", "rate_bp": 200, "origin": "brought"},
    ]
    file = tmp_path / "policies.json"
    file.write_text(json.dumps({"policies": policies}), encoding="utf-8")
    # Three contracts of 70,000: one from an order, one of its people by invitation, one of a brought client.
    assert "freelancer 15400 RUB" in await command("fees", "replay", str(file))
