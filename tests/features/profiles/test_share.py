"""Share images: their content, for which pages they exist, and when they are rendered again."""

import asyncio
import io

import httpx
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from app.core.errors import UnavailableError
from app.core.resources import Resources
from app.features.files.tasks import process_files
from app.features.orders import service as orders
from app.features.orders.schemas import OrderPatch
from app.features.profiles import service
from app.features.profiles.schemas import ProfilePatch
from app.gateways.share_images import renderer
from app.models import SubjectKind, Visibility
from tests.factories.files import Files, picture
from tests.factories.orders import Market

WORDS = (300, 60, 1130, 150)
"""The position of the name on the share image of a profile."""
FACE = (72, 72, 280, 280)


async def drawn(client: httpx.AsyncClient, address: str) -> Image.Image:
    """Return the share image of an address."""
    answer = await client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png"), answer.text[:200]
    with Image.open(io.BytesIO(answer.content)) as found:
        assert found.size == (1200, 630)
        return found.convert("RGB")


def dark(image: Image.Image, box: tuple[int, int, int, int]) -> int:
    """Count the dark pixels in a part of a picture."""
    return sum(image.crop(box).convert("L").histogram()[:90])


async def test_a_person_stands_on_their_picture(market: Market, files: Files, client: httpx.AsyncClient) -> None:
    await market.catalogue()
    anna = await market.person("anna")
    bare = await drawn(client, "/@anna/card.png?lang=ru")
    assert dark(bare, WORDS) > 500
    async with market.uow() as work:
        rate = {"amount": 250_000, "currency": "RUB"}
        said = {"headline": "Пишу серверы на Python", "skills": [{"skill": "питон"}], "rate": rate}
        await service.edit_profile(work, anna, ProfilePatch.model_validate(said))
    russian, english = [await drawn(client, f"/@anna/card.png?lang={lang}") for lang in ("ru", "en")]
    assert len({image.tobytes() for image in (bare, russian, english)}) == 3
    photo = await files.send(anna, picture(size=(300, 300)), "me.png", SubjectKind.AVATAR)
    async with market.uow() as work:
        await service.put_photo(work, anna, photo.id)
    await process_files(files.resources)
    with_face = await drawn(client, "/@anna/card.png?lang=ru")
    assert with_face.getpixel((176, 176)) == pytest.approx((20, 120, 200), abs=6)
    page = BeautifulSoup((await client.get("/@anna", headers={"Accept-Language": "ru"})).text, "html.parser")
    meta = {str(item["property"]): str(item["content"]) for item in page.select("meta[property]")}
    assert meta["og:image"].endswith("/@anna/card.png?lang=ru")
    assert (meta["og:image:width"], meta["og:image:height"], meta["og:image:alt"]) == ("1200", "630", "anna")
    assert (await client.get("/@nobody/card.png")).status_code == 404


async def test_the_same_is_not_drawn_twice(
    market: Market, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await market.person("anna")
    first = await client.get("/@anna/card.png")
    assert first.headers["cache-control"] == "public, max-age=3600"
    assert first.headers["cross-origin-resource-policy"] == "cross-origin"
    mark = first.headers["etag"]
    monkeypatch.setattr(renderer, "MAX_WAITING", 0)  # rendering fails from here on
    again = await client.get("/@anna/card.png", headers={"If-None-Match": mark})
    assert (again.status_code, again.content) == (304, b"")
    assert (await client.get("/@anna/card.png")).content == first.content
    assert (await client.head("/@anna/card.png")).status_code == 200
    busy = await client.get("/@anna/card.png?lang=en")
    assert (busy.status_code, "set-cookie" in busy.headers) == (503, False)


async def test_a_crowd_waits_in_a_short_row(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer, "MAX_WAITING", 2)
    cards = [renderer.ShareCard(title=f"Имя {number}", letters="И") for number in range(4)]
    tries = [renderer.draw(resources, card, f"crowd-{number}") for number, card in enumerate(cards)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(item, bytes) for item in found) == 2
    assert sum(isinstance(item, UnavailableError) for item in found) == 2


async def test_only_orders_that_everybody_sees_have_a_picture(
    market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    customer = await market.person()
    order = await market.order(customer, title="Интернет-магазин для пекарни", skills=["питон"], category="backend")
    seen = await drawn(client, f"/orders/{order.id}/card.png?lang=ru")
    assert dark(seen, (72, 72, 1128, 150)) > 2000
    page = BeautifulSoup(
        (await client.get(f"/orders/{order.id}", headers={"Accept-Language": "en"})).text, "html.parser"
    )
    meta = {str(item["property"]): str(item["content"]) for item in page.select("meta[property]")}
    assert meta["og:image"] == f"{resources.settings.origin}/orders/{order.id}/card.png?lang=en"
    assert meta["og:title"] == "Интернет-магазин для пекарни"
    draft = await market.draft(customer)
    assert (await client.get(f"/orders/{draft.id}/card.png")).status_code == 404
    async with market.uow() as work:
        await orders.edit_order(work, customer, order.id, OrderPatch(visibility=Visibility.LINK))
    assert (await client.get(f"/orders/{order.id}/card.png")).status_code == 404
    await market.sign_in(client, customer)
    assert "og:image" not in (await client.get(f"/orders/{order.id}")).text


@pytest.mark.parametrize(
    "title", ["", "🙂🙂🙂", "\u202eбез конца", "А" * 200, "слово " * 60, "日本語", "a\u0301", "\n\t"]
)  # fmt: skip
async def test_whatever_people_are_called_can_be_drawn(title: str, resources: Resources) -> None:
    card = renderer.ShareCard(title=title, text=title, chips=(title, title), corner=title, letters=title[:2])
    image = Image.open(io.BytesIO(await renderer.draw(resources, card, f"odd-{title}")))
    assert image.size == (1200, 630)


async def test_cached_images_are_few(
    market: Market, client: httpx.AsyncClient, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renderer, "KEPT_IMAGES", 2)
    for name in ("anna", "boris", "vera"):
        await market.person(name)
        await drawn(client, f"/@{name}/card.png?lang=en")
    cached = [key async for key in resources.redis.scan_iter(match="share-card:*")]
    kept = await resources.redis.lrange(renderer.ORDER_OF_IMAGES, 0, -1)
    assert len(cached) == 2
    assert sorted(cached) == sorted(kept)
    await drawn(client, "/@anna/card.png?lang=en")  # drawn again, and cached in place of another
    assert len([key async for key in resources.redis.scan_iter(match="share-card:*")]) == 2
