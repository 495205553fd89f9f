"""Files and revisions of a proposal, and declining several at once."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.core.actor import Actor
from app.core.ids import new_id
from app.core.resources import Resources
from app.features.contracts import service as contracts
from app.features.orders import service as orders
from app.features.orders.schemas import OrderClose
from app.features.proposals import service
from app.features.proposals.errors import ProposalStateError, UnknownProposalsError
from app.features.proposals.schemas import ProposalPatch, ProposalsDecline
from app.models import CloseReason, DeclineReason, ProposalStatus
from app.models.file import SubjectKind
from tests.factories.files import Files
from tests.factories.orders import Market, rub
from tests.features.proposals.test_pages import NewClient, Settle, Visitor, words

API = "/api/v1"


async def test_files_follow_their_proposal(market: Market, resources: Resources, new_client: NewClient) -> None:
    customer, anna, rival = await market.person(), await market.person(), await market.person()
    order = await market.order(customer)
    await market.proposal(order, rival)
    files = Files(resources)
    first, foreign = await files.make(anna, kind=SubjectKind.PROPOSAL, name="Смета.txt"), await files.make(anna)
    freelancer = await market.sign_in(await new_client(), anna)
    body = {"price": {"amount": 100_00, "currency": "RUB"}, "term_days": 5, "letter": "Смета внутри."}
    address = f"{API}/orders/{order.id}/proposals"
    refused = await freelancer.post(address, json=body | {"files": [str(foreign.id)]})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-files")
    sent = (await freelancer.post(address, json=body | {"files": [str(first.id)]})).json()
    assert [item["name"] for item in sent["files"]] == ["Смета.txt"]
    reader = await market.sign_in(await new_client(), customer)
    seen = (await reader.get(f"{API}/proposals/{sent['id']}")).json()["files"]
    assert (await reader.get(seen[0]["url"])).status_code == 200
    other = await market.sign_in(await new_client(), rival)
    assert (await other.get(f"{API}/proposals/{sent['id']}")).status_code == 404
    gone = await freelancer.patch(f"{API}/proposals/{sent['id']}", json={"files": []})
    assert gone.json()["files"] == []


async def test_the_form_takes_files_without_a_script(market: Market, new_client: NewClient, settle: Settle) -> None:
    customer, anna = await market.person(), await market.person()
    order = await market.order(customer)
    client = await market.sign_in(await new_client(), anna)
    token = client.headers["X-CSRF-TOKEN"]
    form = {"price": "70 000", "term_days": "14", "letter": "Смета внутри.", "csrf_token": token}
    sent = {"files_new": ("Смета.txt", "Всё вместе: сто.".encode(), "text/plain")}
    wrong = await client.post(f"/orders/{order.id}/proposals", data=form | {"price": "x"}, files=sent)
    assert wrong.status_code == 422
    made = await client.post(f"/orders/{order.id}/proposals", data=form, files=sent, follow_redirects=True)
    assert made.status_code == 200
    assert "Смета.txt" in made.text
    await settle()
    proposal = (await client.get(f"{API}/proposals/mine")).json()["items"][0]
    held = {"files": proposal["files"][0]["id"], "version": "1", "letter": "Смета внутри, она одна."}
    edit = f"/proposals/{proposal['id']}/edit"
    wrong = await client.post(edit, data=form | held | {"term_days": "0"}, files={"files_new": ("", b"")})
    assert wrong.status_code == 422
    assert "Смета.txt" in wrong.text
    saved = await client.post(edit, data=form | held, files={"files_new": ("", b"")}, follow_redirects=True)
    assert "Смета.txt" in saved.text


@pytest.mark.parametrize(
    ("case", "status"),
    [("nobody's order", 404), ("another draft", 404), ("own order", 403), ("a closed order", 409)],
)
async def test_a_file_for_an_order_that_takes_no_proposal_is_not_stored(
    market: Market, client: httpx.AsyncClient, case: str, status: int
) -> None:
    anna = await market.person()
    closed = await market.order()
    async with market.uow() as work:
        customer = Actor(id=closed.customer_id, username="customer")
        await orders.close_order(work, customer, closed.id, OrderClose(reason=CloseReason.NOT_NEEDED))
    found = {
        "nobody's order": new_id(),
        "another draft": (await market.draft(await market.person())).id,
        "own order": (await market.order(anna)).id,
        "a closed order": closed.id,
    }
    await _refused_without_a_file(market, client, anna, f"/orders/{found[case]}/proposals", status)


@pytest.mark.parametrize(
    ("case", "status"),
    [("nobody's", 404), ("a stranger's", 404), ("the other side's", 403), ("own, withdrawn", 409)],
)
async def test_a_file_for_a_proposal_that_cannot_be_edited_is_not_stored(
    market: Market, client: httpx.AsyncClient, case: str, status: int
) -> None:
    anna = await market.person()
    withdrawn = await market.proposal(await market.order(), anna)
    async with market.uow() as work:
        await service.withdraw_proposal(work, anna, withdrawn.id)
    found = {
        "nobody's": new_id(),
        "a stranger's": (await market.proposal(await market.order())).id,
        "the other side's": (await market.proposal(await market.order(anna))).id,
        "own, withdrawn": withdrawn.id,
    }
    await _refused_without_a_file(market, client, anna, f"/proposals/{found[case]}/edit", status)


async def _refused_without_a_file(
    market: Market, client: httpx.AsyncClient, actor: Actor, address: str, status: int
) -> None:
    """Send a form with a file; it is refused with this status and the actor has no file afterwards."""
    await market.sign_in(client, actor)
    form = {"price": "70 000", "term_days": "14", "letter": "I know how."}
    sent = {"files_new": ("plan.txt", b"A plan.", "text/plain")}
    assert (await client.post(address, data=form, files=sent)).status_code == status
    assert (await client.get(f"{API}/files")).json()["items"] == []


async def test_both_sides_see_what_an_edit_changed(market: Market, new_client: NewClient) -> None:
    baker, anna = await market.person("bakery"), await market.person("anna")
    order = await market.order(baker, questions=["Когда начнёте?"])
    proposal = await market.proposal(order, anna, letter="Сделаю за две недели.", answers=["Завтра"])
    customer = Visitor(await market.sign_in(await new_client(), baker))
    triage = await customer.get(f"/orders/{order.id}")
    await customer.send(triage, f"/orders/{order.id}/seen")
    plan = [{"title": "Всё", "amount": 6_500_000, "days": 7}]
    async with market.uow() as work:
        patch: dict[str, Any] = {
            "letter": "Сделаю за одну неделю.",
            "price": rub(65_000),
            "term_days": 7,
            "milestones": plan,
        }
        await service.edit_proposal(work, anna, proposal.id, ProposalPatch(**patch, answers=["Сегодня"]))
        await service.edit_proposal(work, anna, proposal.id, ProposalPatch(letter="Сделаю за одну неделю."))
    read = (await customer.client.get(f"{API}/proposals/{proposal.id}/revisions")).json()["items"]
    assert [(item["version"], item["price"]["amount"], item["term_days"]) for item in read] == [(1, 7_000_000, 14)]
    card = await customer.get(f"/orders/{order.id}")
    assert "It was edited after you first saw it." in words(card)
    page = await customer.get(f"/proposals/{proposal.id}/history")
    assert [item.text.strip() for item in page.select("del")] == ["₽70,000", "14 days", "две недели.", "Завтра"]
    assert [item.text.strip() for item in page.select("ins")] == ["₽65,000", "7 days", "одну неделю.", "Сегодня"]
    assert "In one piece" in words(page)
    own = Visitor(await market.sign_in(await new_client(), anna))
    assert "14 days" in words(await own.get(f"/proposals/{proposal.id}/history"))
    fresh = await market.proposal(order, questions_answered := await market.person(), answers=["Не знаю"])
    mine = Visitor(await market.sign_in(await new_client(), questions_answered))
    assert "It was not edited." in words(await mine.get(f"/proposals/{fresh.id}/history"))


async def test_several_are_declined_for_one_reason(market: Market, resources: Resources, new_client: NewClient) -> None:
    baker = await market.person("bakery")
    order = await market.order(baker)
    sent = [await market.proposal(order) for _ in range(4)]
    gone = await market.person()
    withdrawn = await market.proposal(order, gone)
    async with market.uow() as work:
        await service.withdraw_proposal(work, gone, withdrawn.id)
    customer = Visitor(await market.sign_in(await new_client(), baker))
    triage = await customer.get(f"/orders/{order.id}")
    assert triage.select_one(f'button[formaction="/orders/{order.id}/decline"]')
    empty = await customer.get(f"/orders/{order.id}/decline")
    assert "Tick the proposals" in words(empty)
    query = "&".join(f"ids={item.id}" for item in (*sent[:2], withdrawn))
    form = await customer.get(f"/orders/{order.id}/decline?{query}")
    ticked = [str(item["value"]) for item in form.select('input[name="ids"]')]
    assert set(ticked) == {str(item.id) for item in sent[:2]}
    wrong = await customer.send(form, f"/orders/{order.id}/decline", 422, ids=ticked, reason="order_expired")
    assert wrong.select(".summary")
    done = await customer.send(form, f"/orders/{order.id}/decline", ids=ticked, reason="price", note="Дорого.")
    assert "2 proposals are declined." in words(done)
    answer = await customer.client.post(
        f"{API}/orders/{order.id}/proposals/decline",
        json={"proposals": [str(sent[0].id), str(sent[2].id)], "reason": "term"},
        headers={"X-CSRF-TOKEN": customer.client.cookies["csrf_token"]},
    )
    assert answer.json() == {"declined": [str(sent[2].id)], "left": [str(sent[0].id)]}
    async with resources.sessions() as session:
        page = await service.list_order_proposals(session, baker, order.id, None, 20)
    found = {item.id: (item.status, item.decline_reason, item.decline_note) for item in page.items}
    assert found[sent[0].id] == (ProposalStatus.DECLINED, DeclineReason.PRICE, "Дорого.")
    assert found[sent[2].id] == (ProposalStatus.DECLINED, DeclineReason.TERM, None)
    assert found[sent[3].id][0] is ProposalStatus.SENT


async def test_what_is_not_of_the_order_declines_nothing(market: Market) -> None:
    customer = await market.person()
    order = await market.order(customer)
    sent = await market.proposal(order)
    async with market.uow() as work:
        with pytest.raises(UnknownProposalsError):
            await service.decline_proposals(
                work, customer, order.id, ProposalsDecline(proposals=[sent.id, uuid4()], reason=DeclineReason.PRICE)
            )
    async with market.uow() as work:
        await contracts.accept_proposal(work, customer, sent.id)
    async with market.uow() as work:
        with pytest.raises(ProposalStateError):
            await service.decline_proposals(work, customer, order.id, ProposalsDecline(proposals=[sent.id]))
