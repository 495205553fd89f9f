"""Saved searches as pages, without scripts: save the current list, view, change, unsubscribe."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.core.resources import Resources
from app.features.matching import service
from app.features.matching.schemas import SavedSearchCreate
from app.features.matching.tasks.saved_searches import match_orders
from app.features.orders.schemas import OrderFilter
from app.models import SavedSearch
from tests.factories.orders import Market
from tests.features.proposals.test_pages import visitor, words

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[..., Awaitable[object]]
PLACE = "/my/searches"


async def test_a_list_is_kept_looked_at_and_forgotten(
    market: Market, new_client: NewClient, settle: Settle, resources: Resources
) -> None:
    anna = await visitor(market, new_client, "anna")
    assert "You have not saved any search yet" in words(await anna.get(PLACE))
    listed = await anna.get("/orders?q=магазин&skills=питон, sql&budget_min=1 000,50&currency=USD&cursor=")
    link = next(str(item["href"]) for item in listed.select("a") if "Save this search" in item.text)
    form = await anna.get(link)
    assert form.select_one("input[name=name]")["value"] == "магазин · Python · SQL · from $1,000.50"  # type: ignore[index]  # it is there
    refused = await anna.send(form, f"{PLACE}/new", 422, name="", frequency="hourly")
    assert len(refused.select(".field-error")) == 2
    saved = await anna.send(refused, f"{PLACE}/new", name="Магазины", frequency="weekly")
    assert "The search is saved" in words(saved)
    assert "Mails: once a week" in words(saved)
    twice = await anna.send(form, f"{PLACE}/new", 409, name="Другое", frequency="off")
    assert "under the name “Магазины”" in words(twice)

    await market.order(title="Магазин", skills=["python", "sql"], budget={"amount": 2_000_00, "currency": "USD"})
    await settle()
    await match_orders(resources)
    page = await anna.get(PLACE)
    assert "1 new order" in words(page)
    opened = next(str(item["action"]) for item in page.select("form") if str(item["action"]).endswith("/open"))
    found = await anna.send(page, opened)
    assert [item.text for item in found.select(".order-card-title")] == ["Магазин"]
    assert "1 new order" not in words(await anna.get(PLACE))

    edit = opened.replace("/open", "/edit")
    form = await anna.get(edit)
    wrong = await anna.send(form, edit, 422, name=" ", frequency="daily")
    assert wrong.select(".field-error")
    changed = await anna.send(form, edit, name="Лавки", frequency="off")
    assert "Лавки" in words(changed)
    assert "Mails: never" in words(changed)

    settings = f"{PLACE}/settings"
    moved = await anna.send(changed, settings, digest_hour="7", time_zone="Asia/Omsk")
    assert moved.select_one("option[value='Asia/Omsk'][selected]")
    await anna.send(changed, settings, 422, digest_hour="7", time_zone="Mars/Base")

    delete = opened.replace("/open", "/delete")
    assert "Лавки" in words(await anna.get(delete))
    gone = await anna.send(await anna.get(delete), delete)
    assert "The search is deleted" in words(gone)
    boris = await visitor(market, new_client, "boris")
    for address in (edit, delete):
        await boris.get(address, 404)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "q=магазин+-обувь",
        "category=backend",
        "skills=питон",
        "budget_min=50 000,50&currency=RUB",
        "budget_max=50000&budget_kind=fixed",
        "currency=USD",
    ],
)
async def test_a_kept_list_finds_what_the_list_finds(market: Market, new_client: NewClient, typed: str) -> None:
    for title, budget in (("Магазин", 80_000), ("Магазин обуви", 40_000), ("Бот", 50_000)):
        amount = {"amount": budget * 100, "currency": "RUB"}
        await market.order(title=title, budget=amount, category="backend", skills=["python"])
    anna = await visitor(market, new_client, "anna")
    titles = [item.text for item in (await anna.get(f"/orders?{typed}")).select(".order-card-title")]
    form = await anna.get(f"{PLACE}/new?{typed}&sort=newest&cursor=x&nosuch=1")
    page = await anna.send(form, f"{PLACE}/new", name="Любое", frequency="off")
    action = next(str(item["action"]) for item in page.select("form") if str(item["action"]).endswith("/open"))
    found = await anna.send(page, action)
    assert [item.text for item in found.select(".order-card-title")] == titles


async def test_what_cannot_be_saved_is_said(market: Market, new_client: NewClient) -> None:
    anna = await visitor(market, new_client, "anna")
    for wrong in ("budget_min=x&budget_max=y", "budget_kind=nosuch", "currency=XXX&budget_min=5"):
        await anna.get(f"{PLACE}/new?{wrong}", 422)
    form = await anna.get(f"{PLACE}/new?skills=nosuch")
    assert "There is no skill" in words(await anna.send(form, f"{PLACE}/new", 422, name="x", frequency="daily"))
    guest = await visitor(market, new_client)
    asked = await guest.client.get(f"{PLACE}/new?q=x")
    assert urlsplit(asked.headers["location"]).query == "next=%2Fmy%2Fsearches%2Fnew%3Fq%3Dx"


async def link_of(market: Market, resources: Resources, *, all_searches: bool) -> str:
    """Save two searches and return the link that unsubscribes from the first, or from both."""
    anna = await market.person("anna")
    async with market.uow() as work:
        saved = [
            await service.save_search(work, anna, SavedSearchCreate(name=name, filter=OrderFilter(q=name)))
            for name in ("Магазины", "Логотипы")
        ]
    about = None if all_searches else saved[0].id
    return service.unsubscribe_path(resources.settings, anna.id, about)


async def frequencies(market: Market) -> list[str]:
    async with market.uow() as work:
        rows = (await work.session.execute(select(SavedSearch).order_by(SavedSearch.id))).scalars()
        return [row.frequency.value for row in rows]


@pytest.mark.parametrize(("all_searches", "after"), [(True, ["off", "off"]), (False, ["off", "daily"])])
async def test_a_mail_program_ends_mails_in_one_click(
    market: Market, app: FastAPI, resources: Resources, all_searches: bool, after: list[str]
) -> None:
    """RFC 8058: a form from a mail program, without cookies, referrer or CSRF token."""
    address = await link_of(market, resources, all_searches=all_searches)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://localhost") as program:
        seen = await program.get(address)
        assert (seen.status_code, await frequencies(market)) == (200, ["daily", "daily"])
        for _time in range(2):
            done = await program.post(address, data={"List-Unsubscribe": "One-Click"})
            assert done.status_code == 200
            assert not done.cookies
            assert await frequencies(market) == after
        parts = await program.post(address, files={"List-Unsubscribe": (None, "One-Click")})
        assert parts.status_code == 200
        wrong = address[:-1] + ("A" if address[-1] != "A" else "B")
        refused = await program.post(wrong, data={"List-Unsubscribe": "One-Click"})
        assert refused.status_code == 404
        assert seen.headers["referrer-policy"] == "no-referrer"


async def test_a_person_ends_mails_by_a_button(market: Market, new_client: NewClient, resources: Resources) -> None:
    address = await link_of(market, resources, all_searches=False)
    guest = await visitor(market, new_client)
    page = await guest.get(address)
    assert "Магазины" in words(page)
    assert page.select_one('meta[name="robots"][content="noindex"]')
    done = await guest.send(page, address)
    assert "You get no more mails about “Магазины”" in words(done)
    await guest.get("/unsubscribe/x", 404)
