"""The crop of a profile photo: dragged, moved by keys, and saved."""

from playwright.async_api import Browser, FilePayload, expect

from tests.browser.chromium import PHONE, visit
from tests.browser.scenario import new_person
from tests.factories.files import halves


async def test_a_photo_is_cut_where_it_was_dragged_to(browser: Browser, site: str) -> None:
    person = await new_person(browser, site, "face", "en-GB")
    async with visit(browser, context=person.context) as watched:
        page = watched.page
        await page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a size
        await page.goto(f"{site}/settings/photo")
        sent: FilePayload = {"name": "me.png", "mimeType": "image/png", "buffer": halves()}
        await page.set_input_files("#field-files", [sent])
        await expect(page.locator("[data-file][data-state=ready]")).to_be_visible(timeout=30_000)
        await page.get_by_role("button", name="Save", exact=True).click()
        stage = page.locator(".crop-live")
        await expect(stage).to_be_visible()
        left_to_right = page.get_by_label("From left to right")
        await expect(left_to_right).to_have_value("50")
        box = await stage.bounding_box()
        assert box is not None
        assert box["width"] == box["height"]
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await page.mouse.move(*middle)
        await page.mouse.down()
        await page.mouse.move(middle[0] - box["width"] / 4, middle[1], steps=4)
        await page.mouse.up()
        # The picture is twice as wide as high, so a quarter of the square is an eighth of its width.
        await expect(left_to_right).to_have_value("62.5")
        await page.get_by_label("Closer").focus()
        for _press in range(20):
            await page.keyboard.press("ArrowRight")
        await expect(page.get_by_label("Closer")).to_have_value("200")
        shown = await stage.locator("img").bounding_box()
        assert shown is not None
        assert round(shown["height"]) == round(box["height"] * 2)
        await page.get_by_role("button", name="Save this part").click()
        await expect(page.get_by_label("From left to right")).to_have_value("62.5")
        await expect(page.get_by_label("Closer")).to_have_value("200")
        assert await watched.overflow() == 0
        await watched.check()
