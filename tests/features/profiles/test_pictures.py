"""Profile photos and portfolio files: over JSON, by a form without scripts, and as others see them."""

import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import httpx
from PIL import Image
from sqlalchemy import update

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.resources import Resources
from app.features.files import service as files_service
from app.features.files.tasks import process_files
from app.features.profiles import service as profiles
from app.gateways.malware_scanner import ClamdScanner
from app.models import File, SubjectKind
from tests.factories.files import PDF, Files, halves, picture
from tests.factories.orders import Market
from tests.features.proposals.test_pages import Visitor, visitor, words
from tests.gateways.clamd import clamd

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
ME = "/api/v1/profiles/me"
PHOTO = "/settings/photo"
WORK = "/settings/portfolio"


async def upload(who: Visitor, address: str, files: dict[str, tuple[str, bytes]], **fields: str) -> httpx.Response:
    """Send a form with the file in it, as a browser without scripts does."""
    page = await who.get(address)
    form = page.select_one(f'form[action="{address}"]')
    assert form is not None
    hidden = {str(item["name"]): str(item.get("value", "")) for item in form.select("input[type=hidden][name]")}
    hidden.pop("", None)
    return await who.client.post(address, data=hidden | fields, files=files, follow_redirects=True)


async def test_a_photo_stands_for_a_person_everywhere(
    market: Market, files: Files, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    anna = await market.person("anna")
    await market.sign_in(client, anna)
    file = await files.send(anna, picture(size=(640, 320)), "me.png", SubjectKind.AVATAR)
    put = await client.put(f"{ME}/photo", json={"file": str(file.id)})
    assert (put.json()["url"], put.json()["waiting"]) == (None, True)
    guest = await new_client()
    assert (await guest.get("/api/v1/profiles/anna")).json()["avatar_url"] is None
    await process_files(files.resources)
    address = (await guest.get("/api/v1/profiles/anna")).json()["avatar_url"]
    assert "/preview?" in address, "the whole picture is its owner's alone"
    square = await guest.get(address)
    assert (square.status_code, square.headers["content-type"]) == (200, "image/webp")
    boris = await market.sign_in(await new_client(), await market.person("boris"))
    assert (await boris.put("/api/v1/favourites/anna")).json()["avatar_url"] == address
    assert (await boris.get("/api/v1/favourites")).json()["items"][0]["avatar_url"] == address
    assert "photo" not in (await client.get(ME)).json()["hints"]
    own = (await client.get(f"{ME}/photo")).json()
    assert (version(own["url"]), own["waiting"], own["picture"]["width"]) == (version(address), False, 640)
    assert (await client.delete(f"{ME}/photo")).status_code == 204
    assert (await guest.get("/api/v1/profiles/anna")).json()["avatar_url"] is None


def version(address: str) -> tuple[str, str | None]:
    """Return which version of which picture an address shows, whoever it was made for."""
    url = httpx.URL(address)
    return url.path, url.params.get("drawn")


async def colours(client: httpx.AsyncClient, address: str) -> tuple[str, str]:
    """Return the colours, red or blue, of the left and the right of the square picture at this address."""
    answer = await client.get(address)
    assert answer.status_code == 200
    with Image.open(io.BytesIO(answer.content)) as square:
        assert square.size == (256, 256)
        seen = [square.convert("RGB").getpixel((x, 128)) for x in (16, 240)]
    left, right = ("red" if pixel[0] > pixel[2] else "blue" for pixel in cast("list[tuple[int, int, int]]", seen))
    return left, right


async def test_the_head_of_every_page_shows_ones_own_face(
    market: Market, files: Files, client: httpx.AsyncClient
) -> None:
    anna = await market.person("anna")
    await market.sign_in(client, anna)
    page = await Visitor(client).get("/settings/profile")
    assert page.select_one(".own-face") is not None
    bare = await client.get("/my/face")
    assert (bare.status_code, bare.content) == (204, b"")
    assert bare.headers["vary"] == "Cookie"
    file = await files.make(anna, halves(), "me.png", SubjectKind.AVATAR)
    async with market.uow() as work:
        await profiles.put_photo(work, anna, file.id)
    shown = await client.get("/my/face", follow_redirects=False)
    assert (shown.status_code, shown.headers["cache-control"]) == (302, "private, max-age=60")
    assert await colours(client, shown.headers["location"]) == ("red", "blue")


async def test_another_part_of_a_photo_is_shown(
    market: Market, files: Files, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    anna, guest = await market.person("anna"), await new_client()
    await market.sign_in(client, anna)
    refused = await client.patch(f"{ME}/photo", json={"x": 0})
    assert (refused.status_code, refused.json()["code"]) == (409, "no-photo")
    file = await files.send(anna, halves(), "me.png", SubjectKind.AVATAR)
    await client.put(f"{ME}/photo", json={"file": str(file.id), "crop": {"x": 0, "zoom": 2}})
    await process_files(files.resources)
    first = (await guest.get("/api/v1/profiles/anna")).json()["avatar_url"]
    assert await colours(guest, first) == ("red", "red"), "chosen before the picture was looked at"
    parts: list[tuple[dict[str, float], tuple[str, str]]] = [
        ({"x": 1, "y": 1, "zoom": 4}, ("blue", "blue")),
        ({"x": 0.5}, ("red", "blue")),
        ({"x": 0.4, "zoom": 1}, ("red", "blue")),
    ]
    own: dict[str, Any] = {}
    for crop, expected in parts:
        before = (await guest.get("/api/v1/profiles/anna")).json()["avatar_url"]
        asked = (await client.patch(f"{ME}/photo", json=crop)).json()
        assert asked["waiting"]
        assert version(asked["url"]) == version(before), "the old one is shown until the new one is cut"
        await process_files(files.resources)
        after = (await guest.get("/api/v1/profiles/anna")).json()["avatar_url"]
        assert after != before, "a browser that kept the old one asks again"
        assert await colours(guest, after) == expected
        own = (await client.get(f"{ME}/photo")).json()
        assert (own["waiting"], own["picture"]["crop"]) == (False, {"x": 0.5, "y": 0.5, "zoom": 1.0} | crop)
    for bad in ({"x": 1.01}, {"zoom": 0.5}, {"zoom": 5}, {"y": "left"}, {"z": 1}):
        assert (await client.patch(f"{ME}/photo", json=bad)).status_code == 422, bad
    assert (await client.get(f"{ME}/photo")).json()["picture"]["crop"]["x"] == 0.4
    assert (await guest.get(own["picture"]["url"])).status_code == 200, "the whole picture, by its owner's link"
    assert "/preview?" in (await guest.get("/api/v1/profiles/anna")).json()["avatar_url"]


async def test_a_part_chosen_while_the_old_one_is_cut_is_not_forgotten(
    market: Market, files: Files, client: httpx.AsyncClient, resources: Resources
) -> None:
    anna = await market.person("anna")
    await market.sign_in(client, anna)
    file = await files.make(anna, halves(), "me.png", SubjectKind.AVATAR)
    await client.put(f"{ME}/photo", json={"file": str(file.id), "crop": {"x": 0}})
    async with market.uow() as work:
        taken = await files_service.claim_file(work)
    assert taken is not None
    found = await files_service.examine(resources, taken)
    await client.patch(f"{ME}/photo", json={"x": 1})
    async with market.uow() as work:
        await files_service.settle_file(work, taken, found)
    assert (await client.get(f"{ME}/photo")).json()["waiting"] is True
    await process_files(resources)
    own = (await client.get(f"{ME}/photo")).json()
    assert own["waiting"] is False
    assert await colours(client, own["url"]) == ("blue", "blue")
    async with market.uow() as work:  # saving the same crop again changes nothing
        await files_service.settle_file(work, taken, found)
    assert await colours(client, (await client.get(f"{ME}/photo")).json()["url"]) == ("blue", "blue")


async def test_a_scanner_that_is_away_does_not_take_a_photo_from_its_page(
    market: Market, files: Files, client: httpx.AsyncClient, resources: Resources, tmp_path: Path
) -> None:
    anna = await market.person("anna")
    await market.sign_in(client, anna)
    file = await files.make(anna, halves(), "me.png", SubjectKind.AVATAR)
    await client.put(f"{ME}/photo", json={"file": str(file.id), "crop": {"x": 0}})
    await process_files(resources)
    resources.scanner = ClamdScanner(f"unix:{tmp_path}/s")
    await client.patch(f"{ME}/photo", json={"x": 1})
    await process_files(resources)
    own = (await client.get(f"{ME}/photo")).json()
    assert own["waiting"] is True
    assert await colours(client, own["url"]) == ("red", "red"), "shown as it was until the scanner answers"
    async with market.uow() as work:
        await work.session.execute(update(File).values(next_try_at=utc_now()))
    async with clamd(tmp_path / "s"):
        await process_files(resources)
    own = (await client.get(f"{ME}/photo")).json()
    assert own["waiting"] is False
    assert await colours(client, own["url"]) == ("blue", "blue")


async def test_a_photo_goes_when_a_scanner_learns_what_it_is(
    market: Market, files: Files, client: httpx.AsyncClient, resources: Resources, tmp_path: Path
) -> None:
    anna = await market.person("anna")
    await market.sign_in(client, anna)
    file = await files.make(anna, halves(), "me.png", SubjectKind.AVATAR)
    await client.put(f"{ME}/photo", json={"file": str(file.id)})
    url = (await client.get(f"{ME}/photo")).json()["url"]
    resources.scanner = ClamdScanner(f"unix:{tmp_path}/s")
    await client.patch(f"{ME}/photo", json={"x": 1})
    async with clamd(tmp_path / "s", lambda _content: b"stream: Learnt-Today FOUND\0"):
        await process_files(resources)
    assert (await client.get(f"/api/v1/files/{file.id}")).json()["status"] == "refused"
    assert (await client.get(url)).status_code == 409
    assert (await client.get("/api/v1/profiles/anna")).json()["avatar_url"] is None


async def test_nobody_shows_a_picture_that_is_not_theirs(
    market: Market, files: Files, client: httpx.AsyncClient
) -> None:
    anna, boris = await market.person(), await market.person()
    await market.sign_in(client, anna)
    theirs = await files.make(boris, picture(), "b.png", SubjectKind.AVATAR)
    other = await files.make(anna, picture(), "a.png", SubjectKind.PORTFOLIO)
    for file_id in (theirs.id, other.id, new_id()):
        refused = await client.put(f"{ME}/photo", json={"file": str(file_id)})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid-files")
    for file_id in (theirs.id, new_id()):
        refused = await client.post(f"{ME}/portfolio", json={"title": "Работа", "files": [str(file_id)]})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid-files")
    assert (await client.get(f"{ME}/portfolio")).json()["items"] == []


async def test_work_shows_its_files_in_their_order(
    market: Market, files: Files, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    anna = await market.person("anna")
    await market.sign_in(client, anna)
    made = [await files.make(anna, picture(), f"{name}.png", SubjectKind.PORTFOLIO) for name in "ab"]
    waiting = await files.send(anna, PDF, "c.pdf", SubjectKind.PORTFOLIO)
    sent = [str(waiting.id), *(str(file.id) for file in reversed(made))]
    item = (await client.post(f"{ME}/portfolio", json={"title": "Работа", "files": sent})).json()
    assert [file["name"] for file in item["files"]] == ["c.pdf", "b.png", "a.png"]
    guest = await new_client()
    (seen,) = (await guest.get("/api/v1/profiles/anna")).json()["portfolio"]
    assert [file["name"] for file in seen["files"]] == ["b.png", "a.png"], "what nobody looked at yet is not shown"
    assert (await guest.get(seen["files"][0]["url"])).status_code == 200
    own = (await client.get(ME)).json()["portfolio"][0]["files"]
    assert [file["status"] for file in own] == ["processing", "ready", "ready"]
    address = f"{ME}/portfolio/{item['id']}"
    kept = (await client.put(address, json={"title": "Новое имя"})).json()
    assert [file["name"] for file in kept["files"]] == ["c.pdf", "b.png", "a.png"]
    fewer = (await client.put(address, json={"title": "Новое имя", "files": [str(made[0].id)]})).json()
    assert [file["name"] for file in fewer["files"]] == ["a.png"]
    assert (await client.delete(f"/api/v1/files/{made[0].id}")).status_code == 409
    assert (await client.delete(address)).status_code == 204
    assert (await client.delete(f"/api/v1/files/{made[0].id}")).status_code == 204, "it belongs to nothing any more"


async def test_a_photo_by_hand(market: Market, new_client: NewClient, resources: Resources) -> None:
    anna = await visitor(market, new_client, "anna")
    assert "your initials stand for you" in words(await anna.get(PHOTO))
    nothing = await anna.send(await anna.get(PHOTO), PHOTO, 422)
    assert "Choose a picture." in words(nothing)
    wrong = await upload(anna, PHOTO, {"files_new": ("me.txt", b"A text.")})
    assert wrong.status_code == 422
    assert "Send one of these" in wrong.text
    sent = await upload(anna, PHOTO, {"files_new": ("me.png", picture())})
    assert (sent.status_code, "is being checked" in sent.text) == (200, True)
    await process_files(resources)
    page = await anna.get(PHOTO)
    assert page.select_one("main img.avatar-xl") is not None
    again = await anna.send(page, f"{PHOTO}/part", x="0", y="100", zoom="250")
    assert "appears everywhere in a moment" in words(again)
    sliders = {str(item["name"]): str(item["value"]) for item in again.select("input[type=range]")}
    assert sliders == {"x": "0", "y": "100", "zoom": "250"}
    for typed, said in (({"x": "aside"}, "Move the sliders"), ({"zoom": "900"}, "4")):
        bad = await anna.send(again, f"{PHOTO}/part", 422, **({"x": "0", "y": "0", "zoom": "100"} | typed))
        assert said in words(bad), typed
    await process_files(resources)
    assert "in a moment" not in words(await anna.get(PHOTO))
    assert (await anna.get("/@anna")).select_one("main img.avatar-lg") is not None
    gone = await anna.send(page, f"{PHOTO}/remove")
    assert gone.select_one("main img.avatar-xl") is None


async def test_work_with_a_picture_by_hand(market: Market, new_client: NewClient, resources: Resources) -> None:
    anna = await visitor(market, new_client, "anna")
    wrong = await upload(anna, f"{WORK}/new", {"files_new": ("a.exe", b"MZ")}, title="A bakery")
    assert (wrong.status_code, "Send one of these" in wrong.text) == (422, True)
    both = {"files_new": ("shop.png", picture())}
    untitled = await upload(anna, f"{WORK}/new", both, title="")
    assert (untitled.status_code, "shop.png" in untitled.text) == (422, True), "nobody sends a file twice"
    saved = await upload(anna, f"{WORK}/new", both, title="A bakery")
    assert (saved.status_code, "shop.png" in saved.text) == (200, True)
    await process_files(resources)
    guest = await visitor(market, new_client)
    shown = await guest.get("/@anna")
    (image,) = shown.select(".work-pictures img")
    assert (await guest.client.get(str(image["src"]))).status_code == 200
    edit = str((await anna.get(WORK)).select("a[href^='/settings/portfolio/']")[1]["href"])
    page = await anna.get(edit)
    (box,) = page.select("input[name=files_remove]")
    bad = await anna.send(page, edit, 422, title="")
    assert "shop.png" in words(bad), "what was sent is there when the form is shown again"
    without = await anna.send(page, edit, title="A bakery", files_remove=str(box["value"]))
    assert "shop.png" not in words(without)


async def test_a_list_asks_for_all_pictures_at_once(
    market: Market, files: Files, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    for number in range(3):
        person = await market.person()
        await market.sign_in(client, person)
        ready = {"headline": f"Пекарь {number}", "skills": [{"skill": "python"}], "listed": True}
        assert (await client.patch(ME, json=ready)).status_code == 200
        file = await files.make(person, picture(), "me.png", SubjectKind.AVATAR)
        await client.put(f"{ME}/photo", json={"file": str(file.id)})
    found = (await (await new_client()).get("/api/v1/freelancers")).json()["items"]
    assert [bool(item["avatar_url"]) for item in found] == [True] * 3
    page = await (await visitor(market, new_client)).get("/freelancers")
    assert len(page.select("main img.avatar")) == 3
