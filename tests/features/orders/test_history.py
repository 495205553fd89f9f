"""The edits of an order or a proposal: a bounded number on each page, and all of them within reach."""

from bs4 import BeautifulSoup

from app.features.orders import service as orders
from app.features.orders.schemas import OrderPatch
from app.features.proposals import service as proposals
from app.features.proposals.schemas import ProposalPatch
from tests.factories.orders import Market
from tests.features.proposals.test_pages import NewClient, Visitor, words


async def _all_edits(visitor: Visitor, page: BeautifulSoup) -> list[list[str]]:
    """Return the last addition of each edit, page by page, following the links."""
    found: list[list[str]] = []
    while True:
        found.append([edit.select("ins")[-1].text.strip() for edit in page.select("article.card")])
        older = page.select_one("nav.pager a[rel=next]")
        if older is None:
            return found
        page = await visitor.get(str(older["href"]))


async def test_an_order_shows_its_newest_edits_and_lists_all(market: Market, new_client: NewClient) -> None:
    baker = await market.person("bakery")
    order = await market.order(baker)
    for number in range(1, 13):
        async with market.uow() as work:
            await orders.edit_order(work, baker, order.id, OrderPatch(title=f"Сайт пекарни номер {number}"))
    guest = Visitor(await new_client())
    page = await guest.get(f"/orders/{order.id}")
    assert "The newest edits: what changed" in words(page)
    assert [item.text.strip() for item in page.select("ins")] == ["12", "11", "10", "9", "8"]
    history = await guest.get(f"/orders/{order.id}/history")
    shown = await _all_edits(guest, history)
    assert [len(edits) for edits in shown] == [10, 2]
    assert [edit.rpartition(" ")[2] for edits in shown for edit in edits] == [str(n) for n in range(12, 0, -1)]
    for bad in ("0", "-1", "x", str(2**31)):
        assert (await guest.client.get(f"/orders/{order.id}/history?before={bad}")).status_code == 422, bad


async def test_the_history_of_an_unlisted_order_needs_its_key(market: Market, new_client: NewClient) -> None:
    baker = await market.person("bakery")
    order = await market.order(baker, visibility="link")
    guest = Visitor(await new_client())
    assert (await guest.client.get(f"/orders/{order.id}/history")).status_code == 404
    page = await guest.get(f"/orders/{order.id}/history?key={order.share_key}")
    assert page.select_one(f'nav.crumbs a[href="/orders/{order.id}?key={order.share_key}"]')


async def test_a_proposal_lists_its_edits_by_pages(market: Market, new_client: NewClient) -> None:
    baker, anna = await market.person("bakery"), await market.person("anna")
    proposal = await market.proposal(await market.order(baker), anna, letter="Сделаю за 0 дней.")
    for number in range(1, 22):
        async with market.uow() as work:
            await proposals.edit_proposal(work, anna, proposal.id, ProposalPatch(letter=f"Сделаю за {number} дней."))
    customer = Visitor(await market.sign_in(await new_client(), baker))
    shown = await _all_edits(customer, await customer.get(f"/proposals/{proposal.id}/history"))
    assert [len(edits) for edits in shown] == [10, 10, 1]
    assert [int(edit) for edits in shown for edit in edits] == list(range(21, 0, -1))
