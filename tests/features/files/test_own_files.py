"""The list of one's own files: what they belong to, removing them, and that others do not see them."""

from uuid import UUID

import httpx
import pytest

from app.core.actor import Actor
from app.features.files import service
from app.features.files.schemas import Subject
from app.models import SubjectKind
from tests.factories.files import Files, picture
from tests.factories.orders import Market
from tests.features.proposals.test_pages import Visitor, words

LIST = "/api/v1/files"
PAGE = "/settings/files"


async def attach(market: Market, owner: Actor, subject: Subject, *ids: UUID) -> None:
    """Attach these files to a subject."""
    async with market.uow() as work:
        await service.attach(work, owner, subject, ids)


async def test_files_say_what_they_belong_to(market: Market, files: Files, client: httpx.AsyncClient) -> None:
    anna, boris = await market.person("anna"), await market.person()
    order = await market.order(anna)
    subject = Subject(SubjectKind.ORDER, order.id)
    first = await files.make(anna, picture(), "sketch.png")
    await attach(market, anna, subject, first.id)
    second = await files.make(anna, picture(), "logo.png", replaces=first.id)
    await attach(market, anna, subject, second.id)
    await files.send(anna, name="nowhere.txt")
    await files.make(boris, name="theirs.txt")
    await market.sign_in(client, anna)
    page = (await client.get(LIST, params={"limit": 2})).json()
    assert [(item["name"], item["used_by"]) for item in page["items"]] == [
        ("nowhere.txt", []),
        ("logo.png", [{"kind": "order", "id": str(order.id), "earlier": False}]),
    ]
    assert page["items"][1]["preview_url"]
    rest = (await client.get(LIST, params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert rest["next_cursor"] is None
    assert [(item["name"], item["used_by"][0]["earlier"]) for item in rest["items"]] == [("sketch.png", True)]
    unused = (await client.get(LIST, params={"unused": True})).json()["items"]
    assert [item["name"] for item in unused] == ["nowhere.txt"]
    refused = await client.get(LIST, params={"cursor": "WyJ4Il0"})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad-cursor")


@pytest.mark.parametrize(
    ("lang", "earlier", "nothing"),
    [
        ("en", "an order, as an earlier version", "The file is removed."),
        ("ru", "заказ, прежняя версия", "Файл удалён."),
    ],
)
async def test_the_page_of_ones_own_files(
    lang: str, earlier: str, nothing: str, market: Market, files: Files, client: httpx.AsyncClient
) -> None:
    client.cookies.set("locale", lang)
    anna = await market.person("anna")
    order = await market.order(anna)
    first = await files.make(anna, picture(), "sketch.png")
    await attach(market, anna, Subject(SubjectKind.ORDER, order.id), first.id)
    second = await files.make(anna, picture(), "logo.png", replaces=first.id)
    await attach(market, anna, Subject(SubjectKind.ORDER, order.id), second.id)
    async with market.uow() as work:
        await service.reserve_upload(work, anna, SubjectKind.ORDER, "half.txt", 100)
    await market.sign_in(client, anna)
    who = Visitor(client)
    page = await who.get(PAGE)
    rows = page.select(".files .file")
    named = page.select(".file-words > :first-child")
    assert [words(name) for name in named] == ["half.txt", "logo.png", "sketch.png"]
    assert earlier in rows[2].get_text()
    assert [bool(row.select_one("form")) for row in rows] == [True, False, False]
    assert rows[1].select_one(f'a[href="/orders/{order.id}"]') is not None
    used = (await client.get("/api/v1/files/limits")).json()["used_bytes"]
    meter = page.select_one("progress")
    assert meter is not None
    assert int(str(meter["value"])) == used > 100
    assert nothing in words(await who.send(page, str(page.select(".files form")[0]["action"])))
    assert (await client.get("/api/v1/files/limits")).json()["used_bytes"] == used - 100


async def test_what_belongs_to_something_is_not_removed(
    market: Market, files: Files, client: httpx.AsyncClient
) -> None:
    client.headers["Accept-Language"] = "en"
    anna = await market.person("anna")
    order = await market.order(anna)
    file = await files.make(anna, picture(), "sketch.png")
    await attach(market, anna, Subject(SubjectKind.ORDER, order.id), file.id)
    await market.sign_in(client, anna)
    page = await Visitor(client).get(PAGE)
    token = page.select_one("input[name=csrf_token]")
    assert token is not None
    answer = await client.post(
        f"{PAGE}/{file.id}/remove", data={"csrf_token": str(token["value"])}, follow_redirects=True
    )
    assert "Remove it where it is attached." in answer.text
    assert (await client.get(f"/api/v1/files/{file.id}")).status_code == 200


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en", "of it belong to removed files and are free again in a day."), ("ru", "из них занимают удалённые файлы")],
)
async def test_the_page_says_what_removed_files_still_take(
    locale: str, said: str, market: Market, files: Files, client: httpx.AsyncClient
) -> None:
    client.cookies.set("locale", locale)
    anna = await market.person("anna")
    file = await files.make(anna)
    await market.sign_in(client, anna)
    assert said not in (await client.get(PAGE)).text
    assert (await client.delete(f"{LIST}/{file.id}")).status_code == 204
    assert said in (await client.get(PAGE)).text


async def test_a_form_names_what_is_only_downloaded(market: Market, client: httpx.AsyncClient) -> None:
    client.headers["Accept-Language"] = "en"
    await market.sign_in(client, await market.person("anna"))
    assert "Only downloaded, without a preview: doc, xls, ppt, rtf, rar, 7z, psd, ai, fig, svg, m4a, mov." in words(
        await Visitor(client).get("/orders/new")
    )
    assert "Only downloaded" not in words(await Visitor(client).get("/settings/photo"))
