"""Conversations as pages, without a script, and as JSON."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import time_machine

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.resources import Resources
from app.features.proposals import service as proposals
from app.features.proposals.schemas import ProposalDecline
from app.models import User
from tests.factories.orders import Market
from tests.features.chat.test_messages import unread
from tests.features.proposals.test_pages import NewClient, Visitor, path_of, words


async def _two(market: Market, new_client: NewClient) -> tuple[str, str, Visitor, Visitor]:
    """Return the addresses of an order and a proposal, and the browsers of the two sides."""
    baker, anna = await market.person("bakery"), await market.person("anna")
    order = await market.order(baker, title="A shop for bread")
    proposal = await market.proposal(order, anna)
    ours = Visitor(await market.sign_in(await new_client(), baker))
    theirs = Visitor(await market.sign_in(await new_client(), anna))
    return f"/orders/{order.id}", f"/proposals/{proposal.id}", ours, theirs


async def test_two_people_talk(market: Market, new_client: NewClient) -> None:
    order, proposal, ours, theirs = await _two(market, new_client)
    assert "The customer writes first" in words(await theirs.get(f"{proposal}/messages"))
    assert "No messages yet" in words(await ours.get("/messages"))
    triage = await ours.get(order)
    begin = await ours.get(str(triage.select_one(f'a[href="{proposal}/messages"]')["href"]))  # type: ignore[index]  # it is there
    refused = await ours.send(begin, f"{proposal}/messages", 422, text=" ")
    assert "Write something, or attach a file." in words(refused)
    sent = await ours.send(refused, f"{proposal}/messages", text="Когда начнёте?\nПишите: bakery@example.org")
    talk = path_of(sent, r"/messages/[0-9a-f-]{36}")
    assert "Когда начнёте?" in words(sent)
    assert "e-mail address" not in words(sent)
    assert sent.select_one("[data-draft-done]")

    home = await theirs.get("/messages")
    row = home.select_one(".talk-unread")
    assert row is not None
    assert "A shop for bread" in words(row)
    assert home.select_one('header a[href="/messages"] .count')
    read = await theirs.get(f"{proposal}/messages")
    assert "an e-mail address" in words(read)
    assert read.select_one(".talk-new")
    marked = await theirs.send(read, f"{talk}/read")
    assert not marked.select_one("form[data-seen]")
    assert not (await theirs.get("/messages")).select_one(".talk-unread, header .count")
    assert "Everything is read" in words(await theirs.get("/messages?unread=1"))
    assert "Read" in words((await ours.get(talk)).select_one("ol.talk .talk-read:not([hidden])"))  # type: ignore[arg-type]  # it is there

    answered = await theirs.send(marked, talk, text="Завтра.")
    assert [item["data-number"] for item in answered.select("li[data-number]")] == ["1", "2"]
    again = await theirs.send(answered, talk, 422, text="")
    assert "Write something" in words(again)
    piece = await ours.get(f"{talk}/after/1")
    assert [item["data-number"] for item in piece.select("li[data-number]")] == ["2"]
    assert piece.select_one("html") is None
    assert piece.select_one('ol[data-last="2"][data-read="2"]')


async def test_the_first_message_needs_a_confirmed_account(market: Market, new_client: NewClient) -> None:
    baker, anna = await market.person("bakery", confirmed=False), await market.person("anna", confirmed=False)
    proposal = await market.proposal(await market.order(baker), anna)
    page = f"/proposals/{proposal.id}/messages"
    ours, theirs = [Visitor(await market.sign_in(await new_client(), person)) for person in (baker, anna)]
    begin = await ours.get(page)
    assert begin.select_one('main a[href="/settings/security"]')
    refused = await ours.send(begin, page, status=422, text="Когда начнёте?")
    assert "Settings → Security" in words(refused)
    assert "Когда начнёте?" in words(refused)
    program = await market.sign_in(await new_client(), baker)
    answer = await program.post(f"/api/v1{page}", json={"text": "?"})
    assert (answer.status_code, answer.json()["code"]) == (403, "contact-not-confirmed")
    async with market.uow() as work:
        (await work.session.get_one(User, baker.id)).phone_confirmed_at = utc_now()
    answered = await ours.send(begin, page, text="Когда начнёте?")
    talk = path_of(answered, r"/messages/[0-9a-f-]{36}")
    await theirs.send(await theirs.get(talk), talk, text="Завтра.")  # who was asked may answer


async def test_a_form_sent_twice_is_one_message(market: Market, new_client: NewClient) -> None:
    _order, proposal, ours, _theirs = await _two(market, new_client)
    begin = await ours.get(f"{proposal}/messages")
    await ours.send(begin, f"{proposal}/messages", text="Когда начнёте?")
    sent = await ours.send(begin, f"{proposal}/messages", text="Когда начнёте?")
    assert len(sent.select("li[data-number]")) == 1


async def test_a_file_comes_with_the_form(market: Market, new_client: NewClient) -> None:
    _order, proposal, ours, theirs = await _two(market, new_client)
    begin = await ours.get(f"{proposal}/messages")
    hidden = {
        str(item["name"]): str(item.get("value", "")) for item in begin.select("form.talk-form input[type=hidden]")
    }
    upload = {"files_new": ("plan.txt", b"A plan.", "text/plain")}
    answer = await ours.client.post(f"{proposal}/messages", data=hidden | {"text": ""}, files=upload)
    assert answer.status_code == 303
    assert "plan.txt" in words(await theirs.get(f"{proposal}/messages"))


async def test_a_file_for_what_is_not_there_is_not_stored(market: Market, new_client: NewClient) -> None:
    """A form for a conversation or a proposal of somebody else, or of nobody, leaves no file behind."""
    _order, proposal, ours, _theirs = await _two(market, new_client)
    begin = await ours.get(f"{proposal}/messages")
    sent = await ours.send(begin, f"{proposal}/messages", text="Hello")
    talk = path_of(sent, r"/messages/[0-9a-f-]{36}")
    stranger = Visitor(await market.sign_in(await new_client(), await market.person("boris")))
    token = (await stranger.get("/settings/files")).select_one("input[name=csrf_token]")
    assert token is not None
    hidden = {"csrf_token": str(token["value"]), "text": "Hello"}
    for address in (talk, f"{proposal}/messages", f"/messages/{new_id()}", f"/proposals/{new_id()}/messages"):
        upload = {"files_new": ("plan.txt", b"A plan.", "text/plain")}
        assert (await stranger.client.post(address, data=hidden, files=upload)).status_code == 404
    assert (await stranger.client.get("/api/v1/files")).json()["items"] == []


async def test_a_long_talk_is_shown_from_its_end(market: Market, new_client: NewClient) -> None:
    _order, proposal, ours, theirs = await _two(market, new_client)
    sent = await ours.send(await ours.get(f"{proposal}/messages"), f"{proposal}/messages", text="1")
    talk = path_of(sent, r"/messages/[0-9a-f-]{36}")
    pages = {ours: sent, theirs: await theirs.get(talk)}
    for number in range(2, 53):
        side = theirs if number % 2 else ours
        sent = pages[side] = await side.send(pages[side], talk, text=str(number))
    numbers = [int(str(item["data-number"])) for item in sent.select("li[data-number]")]
    assert numbers == list(range(3, 53))
    piece = await ours.get(f"{talk}/after/0")
    assert piece.select_one('ol[data-last="50"]'), "the last two come with the next look"
    assert (await ours.get(f"{talk}/after/52")).select_one('ol[data-last="52"]')
    earlier = await ours.get(f"{talk}?before=3")
    assert [item["data-number"] for item in earlier.select("li[data-number]")] == ["1", "2"]
    assert not earlier.select("form.talk-form, ol[data-live]")


async def test_the_page_of_an_ended_talk_says_so(market: Market, new_client: NewClient) -> None:
    baker, anna = await market.person("bakery"), await market.person("anna")
    first = await market.proposal(await market.order(baker), anna)
    proposal = f"/proposals/{first.id}"
    ours, theirs = [Visitor(await market.sign_in(await new_client(), person)) for person in (baker, anna)]
    begin = await ours.get(f"{proposal}/messages")
    sent = await ours.send(begin, f"{proposal}/messages", text="Когда?")
    talk = path_of(sent, r"/messages/[0-9a-f-]{36}")
    open_page = await theirs.get(talk)
    vera = await market.person("vera")
    second = await market.proposal(await market.order(vera))
    async with market.uow() as work:
        await proposals.decline_proposal(work, baker, first.id, ProposalDecline())
        await proposals.decline_proposal(work, vera, second.id, ProposalDecline())
    late = await theirs.send(open_page, talk, text="Уже еду!")
    assert "nothing can be added" in words(late)
    assert not late.select("form.talk-form")
    nothing = await Visitor(await market.sign_in(await new_client(), vera)).get(f"/proposals/{second.id}/messages")
    assert "nobody has written about it" in words(nothing)


async def test_the_api_of_a_talk(market: Market, new_client: NewClient, resources: Resources) -> None:
    baker, anna = await market.person("bakery"), await market.person("anna")
    proposal = await market.proposal(await market.order(baker), anna)
    ours, theirs = [await market.sign_in(await new_client(), person) for person in (baker, anna)]
    address = f"/api/v1/proposals/{proposal.id}"
    assert (await theirs.post(f"{address}/messages", json={"text": "?"})).json()["code"] == "conversation-not-begun"
    wrong = await ours.post(f"{address}/messages", json={"text": ""})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid-message")
    assert (await ours.get(f"{address}/conversation")).json()["code"] == "conversation-not-found"
    sent = await _ok(ours.post(f"{address}/messages", json={"text": "When?", "key": str(new_id())}), 201)
    assert (sent["number"], sent["mine"], sent["read"]) == (1, True, False)
    talk = await _ok(theirs.get(f"{address}/conversation"))
    assert (talk["unread"], talk["side"], talk["other"]["name"]) == (1, "freelancer", "bakery")
    path = f"/api/v1/conversations/{talk['id']}"
    assert (await _ok(theirs.post(f"{path}/read", json={"number": 1})))["unread"] == 0
    await _ok(theirs.post(f"{path}/messages", json={"text": "Now."}), 201)
    listed = await _ok(ours.get(f"{path}/messages", params={"after": 1}))
    assert [item["text"] for item in listed["items"]] == ["Now."]
    assert [item["id"] for item in (await _ok(ours.get("/api/v1/conversations?unread=1")))["items"]] == [talk["id"]]
    assert (await _ok(ours.get(path)))["last"]["text"] == "Now."
    async with market.uow() as work:
        await proposals.decline_proposal(work, baker, proposal.id, ProposalDecline())
    closed = await ours.post(f"{path}/messages", json={"text": "Too late"})
    assert (closed.status_code, closed.json()["code"]) == (409, "conversation-closed")
    async with resources.sessions() as session:
        assert await unread(session, baker.id) == 1


async def _ok(asked: Any, status: int = 200) -> Any:
    answer: httpx.Response = await asked
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("", ["2026-12-01", "2026-12-02"]),
        ("Europe/Moscow", ["2026-12-02"]),
        ("America/Los_Angeles", ["2026-12-01"]),
        ("Nowhere/Atlantis", ["2026-12-01", "2026-12-02"]),
    ],
)
async def test_days_of_a_conversation_are_those_of_the_reader(
    market: Market, new_client: NewClient, zone: str, days: list[str]
) -> None:
    with time_machine.travel(datetime(2026, 12, 1, 22, 30, tzinfo=UTC), tick=False) as clock:
        _order, proposal, ours, _theirs = await _two(market, new_client)
        sent = await ours.send(await ours.get(f"{proposal}/messages"), f"{proposal}/messages", text="Поздний вечер")
        talk = path_of(sent, r"/messages/[0-9a-f-]{36}")
        clock.shift(timedelta(hours=2))
        await ours.send(await ours.get(talk), talk, text="Ночь")
        ours.client.cookies.set("time_zone", zone)
        shown = await ours.get(talk)
        assert [item["data-day"] for item in shown.select(".talk-day")] == days
