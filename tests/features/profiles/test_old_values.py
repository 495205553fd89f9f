"""Stored values that a newer rule refuses: they are shown and kept, and only a changed value is checked."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from app.core.actor import Actor
from app.core.clock import utc_now
from app.features.profiles import service as profiles
from app.features.profiles.schemas import PortfolioFields, ProfilePatch
from app.models import Order, PortfolioItem, Profile, User
from tests.factories.orders import Market

OLD_LINK, OTHER_OLD_LINK = "https://me@example.org/work", "ftp://example.org/work"
OLD_NAME = "Служба поддержки"
HEAD = {"side": "freelancer", "headline": "Сайты"}
YESTERDAY = utc_now().date() - timedelta(days=3)


async def old(market: Market, person: Actor, model: Any, owner: Any, **values: Any) -> None:
    """Store values as an earlier release did."""
    async with market.uow() as work:
        await work.session.execute(update(model).where(owner == person.id).values(**values))


async def test_an_old_display_name_stays_until_it_is_changed(market: Market, client: httpx.AsyncClient) -> None:
    person = await market.person("vera")
    await old(market, person, User, User.id, display_name=OLD_NAME)
    await market.sign_in(client, person)
    client.headers["Accept-Language"] = "en"
    page = await client.get("/settings/profile")
    assert "a newer rule would not let it be chosen" in page.text
    saved = await client.post("/settings/profile", data={"display_name": OLD_NAME, "locale": "ru"})
    assert (saved.status_code, saved.headers["location"]) == (303, "/settings/profile")
    me = (await client.get("/api/v1/auth/me")).json()
    assert (me["display_name"], me["locale"]) == (OLD_NAME, "ru")
    client.headers["Accept-Language"] = "en"
    refused = await client.post("/settings/profile", data={"display_name": f"{OLD_NAME} 2", "locale": "en"})
    assert refused.status_code == 422
    await client.post("/settings/profile", data={"display_name": "Вера", "locale": "en"})
    assert "a newer rule" not in (await client.get("/settings/profile")).text


async def test_old_links_and_days_are_shown_and_kept_while_something_else_changes(
    market: Market, client: httpx.AsyncClient
) -> None:
    person = await market.person("vera")
    async with market.uow() as work:
        await profiles.edit_profile(work, person, ProfilePatch.model_validate({"headline": "Сайты"}))
    link = {"title": "Me", "url": OLD_LINK}
    await old(market, person, Profile, Profile.user_id, links=[link], available_from=YESTERDAY)
    assert (await client.get("/api/v1/profiles/vera")).json()["links"] == [link]
    await market.sign_in(client, person)
    form = {**HEAD, "headline": "Боты", "link_0": OLD_LINK, "link_title_0": "Me", "available_from": str(YESTERDAY)}
    saved = await client.post("/settings/public-profile", data=form)
    assert saved.status_code == 303, saved.text
    mine = (await client.get("/api/v1/profiles/me")).json()
    assert (mine["headline"], mine["links"], mine["available_from"]) == ("Боты", [link], str(YESTERDAY))
    for change in ({"link_0": OTHER_OLD_LINK}, {"available_from": str(YESTERDAY - timedelta(days=1))}):
        assert (await client.post("/settings/public-profile", data=form | change)).status_code == 422
    assert (await client.patch("/api/v1/profiles/me", json={"place": "Тверь"})).status_code == 200


async def test_an_old_link_of_a_work_is_kept_while_its_title_changes(market: Market, client: httpx.AsyncClient) -> None:
    person = await market.person("vera")
    async with market.uow() as work:
        item = await profiles.add_item(work, person, PortfolioFields(title="Сайт"))
    await old(market, person, PortfolioItem, PortfolioItem.user_id, link=OLD_LINK)
    await market.sign_in(client, person)
    address = f"/settings/portfolio/{item.id}"
    assert (await client.post(address, data={"title": "Бот", "link": OLD_LINK})).status_code == 303
    (kept,) = (await client.get("/api/v1/profiles/me/portfolio")).json()["items"]
    assert (kept["title"], kept["link"]) == ("Бот", OLD_LINK)
    assert (await client.post(address, data={"title": "Бот", "link": OTHER_OLD_LINK})).status_code == 422


@pytest.mark.parametrize("again", [{}, {"deadline": str(YESTERDAY)}])
async def test_an_order_whose_deadline_has_passed_can_be_edited(
    market: Market, client: httpx.AsyncClient, again: dict[str, str]
) -> None:
    customer = await market.person()
    order = await market.order(customer)
    await old(market, customer, Order, Order.customer_id, deadline=YESTERDAY)
    await market.sign_in(client, customer)
    address = f"/api/v1/orders/{order.id}"
    edited = await client.patch(address, json={"title": "Логотип", **again})
    assert (edited.status_code, edited.json()["title"]) == (200, "Логотип"), edited.text
    refused = await client.patch(address, json={"deadline": str(YESTERDAY - timedelta(days=1))})
    assert refused.status_code == 422
