"""The list as an Atom feed: valid by RFC 4287, cacheable, with the same filters, and with escaped texts."""

from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from xml.etree.ElementTree import Element

import httpx
import pytest
import time_machine
from bs4 import BeautifulSoup
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]  # no types in the package

from app.core.clock import utc_now
from app.web.atom import Entry, Feed, write
from tests.factories.orders import Market

ATOM = "{http://www.w3.org/2005/Atom}"
ONCE = {
    "feed": {"id", "title", "updated", "generator"},
    "entry": {"id", "title", "updated", "published", "summary"},
}
MANY = {"feed": {"link", "entry"}, "entry": {"link", "author", "category"}}


def name(element: Element) -> str:
    assert element.tag.startswith(ATOM), element.tag
    return element.tag.removeprefix(ATOM)


def moment(text: str) -> datetime:
    """RFC 3339: a date, a T, a time, an offset."""
    assert text[10] == "T"
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


def check_links(parent: Element) -> None:
    links = [item.attrib for item in parent.iter() if item in list(parent) and name(item) == "link"]
    kinds = [(link["rel"], link["type"]) for link in links]
    assert len(kinds) == len(set(kinds))
    assert all(urlsplit(link["href"]).scheme == "https" for link in links)
    assert ("alternate", "text/html") in kinds


def check(document: bytes) -> list[dict[str, str]]:
    """Check a document against the requirements of RFC 4287 for feeds and entries; return its entries."""
    root = fromstring(document)
    assert name(root) == "feed"
    found: list[dict[str, str]] = []
    for parent in (root, *root.findall(f"{ATOM}entry")):
        kind = name(parent)
        for item in parent:
            assert name(item) in ONCE[kind] | MANY[kind]
        for once in ONCE[kind]:
            assert len(parent.findall(f"{ATOM}{once}")) == 1, (kind, once)
        values = {name(item): (item.text or "") for item in parent if name(item) in ONCE[kind]}
        assert values["title"].strip()
        moment(values["updated"])
        check_links(parent)
        if kind == "entry":
            assert UUID(values["id"].removeprefix("urn:uuid:")).version == 7
            assert parent.findtext(f"{ATOM}author/{ATOM}name")
            assert moment(values["published"]) <= moment(values["updated"])
            found.append(values)
    assert urlsplit(root.findtext(f"{ATOM}id") or "").scheme == "https"
    assert len({entry["id"] for entry in found}) == len(found)
    return found


async def test_the_feed_is_atom(market: Market, client: httpx.AsyncClient) -> None:
    evil = "Магазин </title><script>alert(1)</script> & ]]> \U0001f41f"
    order = await market.order(title=evil, description="<b>Смело</b>\n\nи & красиво", skills=["python", "C&A"])
    await market.order(title="Логотип", budget_kind="open", budget=None)
    answer = await client.get("/orders.atom")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    entries = check(answer.content)
    assert [entry["title"] for entry in entries] == ["Логотип", evil]
    assert entries[1]["id"] == f"urn:uuid:{order.id}"
    assert entries[1]["summary"] == "₽80,000\n\n<b>Смело</b>\n\nи & красиво"
    assert entries[0]["summary"].startswith("Price by agreement")
    assert "@" not in answer.text
    assert check((await client.get("/orders.atom?q=магазины&budget_min=80 000&cursor=nonsense")).content)
    assert check((await client.get("/orders.atom?q=бегемот")).content) == []
    assert (await client.get("/orders.atom?budget_min=x", headers={"Accept": "text/html"})).status_code == 422


@pytest.mark.parametrize(("asked", "title"), [("ru", "ipLance: новые заказы"), ("en", "ipLance: new orders")])
async def test_the_reader_chooses_the_language(client: httpx.AsyncClient, asked: str, title: str) -> None:
    client.cookies.set("locale", "en")
    answer = await client.get("/orders.atom", headers={"Accept-Language": asked})
    assert fromstring(answer.content).findtext(f"{ATOM}title") == title
    assert answer.headers["content-language"] == asked
    assert answer.headers["cache-control"] == "private, no-cache"


async def test_what_has_not_changed_is_not_sent_again(market: Market, client: httpx.AsyncClient) -> None:
    await market.order()
    first = await client.get("/orders.atom")
    assert first.headers["cache-control"] == "public, max-age=300"
    assert "set-cookie" not in first.headers
    tag, changed = first.headers["etag"], first.headers["last-modified"]
    before = format_datetime(parsedate_to_datetime(changed) - timedelta(seconds=1), usegmt=True)
    known: list[tuple[dict[str, str], int]] = [
        ({"If-None-Match": tag}, 304),
        ({"If-None-Match": f'"other", W/{tag}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"', "If-Modified-Since": changed}, 200),
        ({"If-Modified-Since": changed}, 304),
        ({"If-Modified-Since": before}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Modified-Since": changed.replace("GMT", "-0000")}, 200),
    ]
    for headers, status in known:
        answer = await client.get("/orders.atom", headers=headers)
        assert answer.status_code == status, headers
        assert answer.headers["etag"] == tag
        assert bool(answer.content) == (status == 200)
    await market.order(title="Ещё один")
    again = await client.get("/orders.atom", headers={"If-None-Match": tag, "If-Modified-Since": changed})
    assert again.status_code == 200


async def test_an_edit_is_news_to_a_reader(market: Market, client: httpx.AsyncClient) -> None:
    customer = await market.person()
    order = await market.order(customer, title="Сайт")
    await market.order(title="Логотип")
    first = await client.get("/orders.atom")
    changed = first.headers["last-modified"]
    later = utc_now() + timedelta(minutes=5)
    await market.sign_in(client, customer)
    with time_machine.travel(later):
        edited = await client.patch(f"/api/v1/orders/{order.id}", json={"title": "Сайт и логотип"})
        assert edited.status_code == 200, edited.text
    client.cookies.clear()
    again = await client.get("/orders.atom", headers={"If-Modified-Since": changed})
    assert again.status_code == 200
    entries = {entry["title"]: entry for entry in check(again.content)}
    entry = entries["Сайт и логотип"]
    assert moment(entry["updated"]) - moment(entry["published"]) >= timedelta(minutes=4)
    assert entries["Логотип"]["updated"] == entries["Логотип"]["published"]
    assert fromstring(again.content).findtext(f"{ATOM}updated") == entry["updated"]
    assert parsedate_to_datetime(again.headers["last-modified"]) == moment(entry["updated"])
    known = await client.get("/orders.atom", headers={"If-Modified-Since": again.headers["last-modified"]})
    assert known.status_code == 304


async def test_the_list_names_its_feed(market: Market, client: httpx.AsyncClient) -> None:
    await market.order(title="Магазин <&>", category="backend")
    for query in ("", "?q=%D0%BC%D0%B0%D0%B3%D0%B0%D0%B7%D0%B8%D0%BD&category=backend"):
        page = BeautifulSoup((await client.get(f"/orders{query}")).text, "html.parser")
        link = page.select_one('link[rel="alternate"][type="application/atom+xml"]')
        assert link is not None
        assert link["href"] == f"/orders.atom{query}"
        assert len(check((await client.get(str(link["href"]))).content)) == 1


def test_what_xml_cannot_write_is_left_out() -> None:
    when: Any = datetime.fromisoformat("2026-11-25T09:00:00Z")
    entry = Entry(
        key="urn:uuid:01a21715-5238-70ff-b7a0-6bf9e546f41e",
        title="a\x00b\x0bc\ud800d\uffffe",
        href='https://x.example/?a=1&b="2"',
        author="\x1b",
        published=when,
        updated=when,
        summary="\x07",
        terms=("\x01tag",),
    )
    feed = Feed(
        title="t", href="https://x.example/f", page="https://x.example", language="ru", updated=when, entries=[entry]
    )
    root = fromstring(write(feed))
    assert root.findtext(f"{ATOM}entry/{ATOM}title") == "abcde"
