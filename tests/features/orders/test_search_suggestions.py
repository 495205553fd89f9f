"""Suggested corrections of search words without results."""

import httpx
import pytest

from app.cli.seeding import learn_search_terms
from app.core.resources import Resources
from app.features.catalog.tasks import learn_terms
from tests.factories.commands import OPERATOR
from tests.factories.orders import Market

ASK = "/api/v1/orders/did-you-mean"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("лаготип", "логотип"),
        ("логотип для пикарни", "логотип для пекарни"),
        ("kjujnbg", "логотип"),
        ("dashbpard", "dashboard"),
        ("лаготип -сайт", "логотип -сайт"),
        ('"лаготип для пекарни"', '"логотип для пекарни"'),
        ("логотип", None),
        ("фыва", None),
        ("%%%", None),
        ("12345", None),
    ],
)
async def test_what_was_meant(
    typed: str, meant: str | None, market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    await market.order(title="Логотип для пекарни")
    await market.order(title="Sales dashboard")
    await learn_terms(resources)
    assert (await client.get(ASK, params={"q": typed})).json() == {"suggestion": meant}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("[elj;ybr", "художник"),
        ("{elj:ybr", "художник"),
        (",fyyth", "баннер"),
        ("j,kj;rf", "обложка"),
        ("'crbp", "эскиз"),
        (">,rf", "юбка"),
        ("j,]zdktybt", "объявление"),
        ("t;tdbrf", "ежевика"),
        ("gj`cnhj", None),
        (",fyyth lkz rjatqyb", "баннер lkz rjatqyb"),
        ("j,kj;rf, -'crbp", "обложка -'crbp"),
        ("kjujnbg,", "логотип"),
        ("kjujnbg.", "логотип"),
        ("dashboard,", None),
        ("don't", None),
        ("node.js", None),
        ("[];'", None),
        ("²", None),
    ],
)
async def test_words_typed_in_the_other_layout_with_signs(
    typed: str, meant: str | None, market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    await market.order(title="Логотип, баннер, обложка и эскиз: нужен художник")
    await market.order(title="Юбка, объявление и ежевика, dashboard")
    await learn_terms(resources)
    for address in (ASK, "/api/v1/freelancers/did-you-mean"):
        meant_here = meant if address == ASK else None
        assert (await client.get(address, params={"q": typed})).json() == {"suggestion": meant_here}


async def test_the_page_offers_it_where_nothing_fits(
    market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    client.headers["Accept-Language"] = "en"
    await market.order(title="Логотип для пекарни")
    await learn_terms(resources)
    page = (await client.get("/orders", params={"q": "лаготип", "sort": "closing"})).text
    assert "Did you mean" in page
    assert "q=%D0%BB%D0%BE%D0%B3%D0%BE%D1%82%D0%B8%D0%BF&amp;sort=closing" in page
    assert "Did you mean" not in (await client.get("/orders", params={"q": "логотип"})).text


async def test_words_of_hidden_orders_are_not_learned(
    market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    await market.draft(await market.person(), title="Тайномаяк")
    await learn_terms(resources)
    assert (await client.get(ASK, params={"q": "тайномаяг"})).json() == {"suggestion": None}


async def test_a_fresh_site_need_not_wait_for_the_clock(
    market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    await market.order(title="Логотип для пекарни")
    assert await learn_search_terms(resources, OPERATOR) > 0
    assert (await client.get(ASK, params={"q": "лаготип"})).json() == {"suggestion": "логотип"}
    assert [item["title"] for item in (await client.get("/api/v1/orders", params={"q": "лого"})).json()["items"]]
    assert await learn_search_terms(resources, OPERATOR) == 0, (
        "once there is a dictionary, only the clock makes it anew"
    )
