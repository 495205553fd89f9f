"""The upload field: progress, continuing after a lost connection, refused files, and the order of the files."""

from playwright.async_api import Browser, FilePayload, Route, expect

from tests.browser.chromium import PHONE, visit
from tests.browser.scenario import new_person
from tests.factories.files import PDF, picture

ROW = "[data-uploads] [data-file]"


def text(name: str, content: bytes = b"text") -> FilePayload:
    """A file as a person selects it."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


async def test_files_arrive_while_the_form_is_typed(browser: Browser, site: str) -> None:
    person = await new_person(browser, site, "sender", "en-GB")
    async with visit(browser, context=person.context) as watched:
        page, broken = watched.page, 0

        async def break_once(route: Route) -> None:
            nonlocal broken
            broken += 1
            if broken == 1:
                await route.abort("connectionreset")
            else:
                await route.continue_()

        await page.goto(f"{site}/design")
        for _sample in range(2):
            await page.locator(ROW).first.locator("[data-file-remove]").click()
        await expect(page.locator(ROW)).to_have_count(0)
        await page.route("**/api/v1/files/uploads/*", break_once)
        files = [text("photo.png", picture()), text("page.jpg", b"<html>"), text("run.exe", b"MZ")]
        await page.set_input_files("#field-files", files)
        rows = page.locator(ROW)
        await expect(rows.nth(0)).to_have_attribute("data-state", "ready", timeout=30_000)
        await expect(rows.nth(0).locator("img")).to_be_visible()
        await expect(rows.nth(1)).to_contain_text("The content is not what the name says.", timeout=30_000)
        await expect(rows.nth(2)).to_contain_text("Send one of these")
        for row in range(3):
            await expect(rows.nth(row).locator("progress")).to_be_hidden()
        assert broken > 1
        ids = page.locator("[data-uploads] input[name=files]:not([disabled])")
        await expect(ids).to_have_count(1)
        await rows.nth(1).locator("[data-file-up]").click()
        await expect(rows.nth(0)).to_contain_text("page.jpg")
        await rows.nth(0).locator("[data-file-remove]").click()
        await expect(rows).to_have_count(2)
        await expect(page.locator("[data-file-status]")).to_have_text("Removed: page.jpg")


async def test_a_next_version_takes_the_place_of_a_file(browser: Browser, site: str) -> None:
    person = await new_person(browser, site, "again", "en-GB")
    async with visit(browser, context=person.context) as watched:
        page = watched.page
        await page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a size
        await page.goto(f"{site}/settings/portfolio/new")
        await page.get_by_label("What it is").fill("Logo of a bakery")
        await page.set_input_files("#field-files", [text("sketch.png", picture()), text("notes.pdf", PDF)])
        rows = page.locator(f"{ROW}:not([hidden])")
        for number in range(2):
            await expect(rows.nth(number)).to_have_attribute("data-state", "ready", timeout=30_000)
        await page.get_by_role("button", name="Save", exact=True).click()
        await page.get_by_role("link", name="Edit").click()
        for sent, words in ((text("logo.exe", b"MZ"), "Send one of these"), (text("logo.png", picture()), "")):
            async with page.expect_file_chooser() as chosen:
                await rows.nth(0).get_by_role("button", name="New version").click()
            await (await chosen.value).set_files([sent])
            if words:
                await expect(rows.nth(0)).to_contain_text(words)
                watched.wrong.remove("422: /api/v1/files/uploads")
                await expect(rows.nth(1)).to_contain_text("sketch.png")
                await rows.nth(0).locator("[data-file-remove]").click()
                await expect(rows).to_have_count(2)
        await expect(rows.nth(0)).to_contain_text("Takes the place of “sketch.png”", timeout=30_000)
        await expect(rows.nth(0)).to_have_attribute("data-state", "ready")
        await expect(page.locator("[data-uploads] input[name=files]:not([disabled])")).to_have_count(2)
        await page.get_by_role("button", name="Save", exact=True).click()
        await page.get_by_role("link", name="Edit").click()
        versions = rows.nth(0).locator("details")
        await versions.get_by_text("Version 2 · 1 earlier").click()
        await expect(versions.get_by_role("link", name="sketch.png")).to_be_visible()
        await expect(rows).to_have_count(2)
        assert await watched.overflow() == 0
        await watched.check()
