"""An order as pages, without scripts: write, preview, publish, find, send proposals, choose, read the result."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup, Tag

from app.core.resources import Resources
from tests.factories.orders import Market

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[..., Awaitable[object]]
HTML = {"Accept": "text/html"}
ORDER: dict[str, Any] = {
    "title": "Интернет-магазин для пекарни",
    "description": "Каталог, корзина и доставка по районам.\n\nМакеты готовы.",
    "category": "web-development",
    "skills": "Python, fastapi, выпечка, касса",
    "budget_kind": "fixed",
    "budget": "150 000",
    "budget_max": "",
    "currency": "RUB",
    "deadline": "2100-01-01",
}


class Visitor:
    """A person who clicks: forms are sent as the page contains them, hidden fields included."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        client.headers.update(HTML)
        client.headers.pop("X-CSRF-TOKEN", None)

    async def get(self, address: str, status: int = 200) -> BeautifulSoup:
        answer = await self.client.get(address, follow_redirects=True)
        assert answer.status_code == status, (address, answer.status_code, answer.text[:2000])
        return BeautifulSoup(answer.text, "html.parser")

    async def send(self, page: BeautifulSoup, action: str, status: int = 200, **fields: Any) -> BeautifulSoup:
        form = page.select_one(f'form[action="{action}"]')
        assert form is not None, f"no form {action} on the page"
        hidden = {str(item["name"]): str(item.get("value", "")) for item in form.select("input[type=hidden]")}
        answer = await self.client.post(action, data=hidden | fields, follow_redirects=True)
        assert answer.status_code == status, (action, answer.status_code, answer.text[:2000])
        return BeautifulSoup(answer.text, "html.parser")


async def visitor(market: Market, new_client: NewClient, name: str | None = None) -> Visitor:
    client = await new_client()
    if name:
        await market.sign_in(client, await market.person(name))
    return Visitor(client)


def words(page: BeautifulSoup | Tag) -> str:
    return " ".join(page.get_text(" ").split())


def path_of(page: Tag, pattern: str) -> str:
    found = re.search(pattern, str(page))
    assert found, pattern
    return found.group(0)


async def test_an_order_finds_its_freelancer(  # noqa: PLR0915 - one journey, in its order
    market: Market, new_client: NewClient, settle: Settle
) -> None:
    customer = await visitor(market, new_client, "bakery")
    anna, boris, vera = [await visitor(market, new_client, name) for name in ("anna", "boris", "vera")]
    guest = await visitor(market, new_client)
    editor = await customer.get("/orders/new")
    draft = await customer.send(editor, "/orders/new", **ORDER, step="draft")
    assert "Nobody but you sees this draft" in words(draft)
    assert "₽150,000" in words(draft)
    address = path_of(draft, r"/orders/[0-9a-f-]{36}")
    await guest.get(address, 404)
    opened = await customer.send(draft, f"{address}/publish")
    assert "If nobody acts until" in words(opened)
    listed = await guest.get("/orders?q=магазины")
    assert ORDER["title"] in words(listed)
    assert "Sign in to answer" in words(await guest.get(address))
    assert ORDER["title"] in words(await guest.get("/"))

    page = await anna.get(address)
    refused = await anna.send(page, f"{address}/proposals", 422, price="much", term_days="", letter="")
    assert len(refused.select(".field-error")) == 3
    offer: dict[str, Any] = {"price": "140 000", "term_days": "21", "letter": "Сделаю за три недели."}
    sent = await anna.send(page, f"{address}/proposals", **offer)
    assert "Your proposal is sent" in words(sent)
    assert not sent.select(f'form[action="{address}/proposals"]')
    for other in (boris, vera):
        await other.send(await other.get(address), f"{address}/proposals", **{**offer, "letter": "И я могу."})
    assert "И я могу" not in words(await anna.get(address))
    assert "И я могу" not in words(await guest.get(address))

    triage = await customer.get(address)
    assert all(name in words(triage) for name in ("anna", "boris", "vera"))
    proposals = {item.select_one(".person-name").text: item for item in triage.select("article.card")}  # type: ignore[union-attr]  # each has one
    decline = path_of(proposals["vera"], r"/proposals/[0-9a-f-]{36}/decline")
    asked = await customer.get(decline)
    after = await customer.send(asked, decline, reason="price", note="Дорого для нас")
    assert "The proposal is declined" in words(after)
    assert "Дорого для нас" in words(await vera.get(address))
    assert "Send proposal" not in words(await vera.get(address))
    accept = path_of(proposals["anna"], r"/proposals/[0-9a-f-]{36}/accept")
    confirm = await customer.get(accept)
    assert "1 other proposal is declined" in words(confirm)

    edit = path_of(await anna.get(address), r"/proposals/[0-9a-f-]{36}/edit")
    form = await anna.get(edit)
    await anna.send(form, edit, **{**offer, "price": "145 000"})
    blind = await customer.send(confirm, accept, version="")
    assert "The proposal was edited after you opened it" in words(blind)
    again = await customer.send(confirm, accept)
    assert "The proposal was edited after you opened it" in words(again)
    chosen = await customer.send(again, accept)
    assert "You have chosen a freelancer" in words(chosen)
    await settle()
    assert "The customer has chosen you" in words(await anna.get(address))
    assert "Another freelancer was chosen" in words(await boris.get("/my/proposals"))
    assert "Chosen" in words(await anna.get("/proposals/mine"))
    assert ORDER["title"] not in words(await guest.get("/orders"))
    assert "Freelancer chosen" in words(await customer.get("/orders/mine"))
    assert "not possible any more" in words(await customer.get(accept))
    assert "not possible any more" in words(await customer.get(decline))
    assert "not possible any more" in words(await anna.get(edit))
    assert "can no longer be edited" in words(await customer.get(f"{address}/edit"))
    assert "closed already" in words(await customer.get(f"{address}/close"))


async def test_editing_keeps_what_was_typed(market: Market, new_client: NewClient) -> None:
    customer = await visitor(market, new_client, "bakery")
    editor = await customer.get("/orders/new")
    wrong = ORDER | {"title": "", "budget": "дорого", "currency": "XXX", "deadline": "2001-01-01"}
    refused = await customer.send(editor, "/orders/new", 422, **wrong, step="publish")
    assert refused.select_one("textarea[name=description]").text.strip().startswith("Каталог")  # type: ignore[union-attr]  # it is there
    assert {str(item["href"]) for item in refused.select(".summary a")} == {
        "#field-title", "#field-budget", "#field-currency",
    }  # fmt: skip
    assert refused.select_one('input[name="skills"][value^="Python, fastapi"]')
    thin = await customer.send(editor, "/orders/new", title="Мысль", description="", step="draft")
    address = path_of(thin, r"/orders/[0-9a-f-]{36}")
    lacking = await customer.send(thin, f"{address}/publish", 422)
    assert {str(item["href"]) for item in lacking.select(".summary a")} == {"#field-description", "#field-budget"}
    opened = await customer.send(lacking, f"{address}/edit", **ORDER, step="publish")
    assert "The order is published" in words(opened)
    form = await customer.get(f"{address}/edit")
    assert form.select_one('[name="budget"]')["value"] == "150000"  # type: ignore[index]  # it is there
    saved = await customer.send(form, f"{address}/edit", **{**ORDER, "title": "Магазин"}, step="save")
    assert "The changes are saved" in words(saved)
    assert "Edited 2 times" not in words(saved)
    assert ORDER["title"] in words(saved)
    late = await customer.send(form, f"{address}/edit", 422, **ORDER | {"title": "Ещё"}, step="save")
    assert "Somebody edited the order" in words(late)
    longer = await customer.send(saved, f"{address}/renew")
    assert "stays open longer" in words(longer)
    closing = await customer.get(f"{address}/close")
    closed = await customer.send(closing, f"{address}/close", reason="mistake", note="")
    assert "The order is closed" in words(closed)


async def test_a_proposal_can_be_withdrawn(market: Market, new_client: NewClient) -> None:
    order = await market.order()
    anna = await visitor(market, new_client, "anna")
    address = f"/orders/{order.id}"
    sent = await anna.send(await anna.get(address), f"{address}/proposals", price="10", term_days="3", letter="Да")
    withdraw = path_of(sent, r"/proposals/[0-9a-f-]{36}/withdraw")
    back = await anna.send(await anna.get(withdraw), withdraw)
    assert "Your proposal is withdrawn" in words(back)
    assert back.select(f'form[action="{address}/proposals"]')
    assert "not possible any more" in words(await anna.get(withdraw))
    shown = await anna.get(withdraw.removesuffix("/withdraw"))
    assert order.title in words(shown)
    assert order.title in words(await anna.get(f"{address}/proposals"))


async def test_the_list_can_be_narrowed_and_shared(market: Market, new_client: NewClient) -> None:
    for number in range(23):
        await market.order(title=f"Сайт номер {number:02}", skills=["python"], category="backend")
    await market.order(title="Логотип", category="graphic-design", skills=["figma"])
    guest = await visitor(market, new_client)
    first = await guest.get("/orders?category=web-development&skills=питон&budget_min=1000&currency=RUB")
    assert "23 orders" in words(first)
    assert len(first.select(".order-card")) == 20
    assert {chip.select_one("span:not(.sr)").text for chip in first.select(".chip")} == {  # type: ignore[union-attr]  # each has one
        "Web development", "Python", "from ₽1,000",
    }  # fmt: skip
    older = str(first.select_one('.pager a[rel="next"]')["href"])  # type: ignore[index]  # it is there
    second = await guest.get(older)
    assert len(second.select(".order-card")) == 3
    newer = str(second.select_one('.pager a[rel="prev"]')["href"])  # type: ignore[index]  # it is there
    assert words(await guest.get(newer)).count("Сайт номер") == 20
    assert "Nothing fits" in words(await guest.get("/orders?q=бегемот"))
    assert "Логотип" in words(await guest.get("/orders?cursor=broken"))
    for wrong in ("budget_min=x", "skills=nosuch", "category=nosuch", "budget_kind=x", "currency=XXX&budget_min=5"):
        page = await guest.get(f"/orders?{wrong}", 422)
        assert page.select(".field-error"), wrong
        assert page.select("main .alert-bad"), wrong
    assert not (await guest.get("/orders?budget_min=x", 422)).select(".chip")


@pytest.mark.parametrize("locale", ["ru", "en"])
async def test_strangers_and_guests(market: Market, new_client: NewClient, locale: str, resources: Resources) -> None:
    del resources
    order = await market.order()
    draft = await market.draft(await market.person())
    other, guest = await visitor(market, new_client, "other"), await visitor(market, new_client)
    for someone in (other, guest):
        someone.client.headers["Accept-Language"] = locale
        await someone.get(f"/orders/{draft.id}", 404)
        await someone.get(f"/orders/{order.id}")
    await other.get(f"/orders/{order.id}/edit", 403)
    await other.get(f"/orders/{order.id}/close", 403)
    for address in ("/my/orders", "/my/proposals", "/orders/new"):
        assert (await guest.client.get(address)).status_code in (302, 303, 401), address
        await other.get(address)
