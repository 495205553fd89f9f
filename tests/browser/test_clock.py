"""The clock of a demonstration: from the strip of any page, on a phone, and back to that page."""

from playwright.async_api import Browser, expect

from tests.browser.chromium import PHONE, visit
from tests.browser.scenario import PASSWORD, new_person
from tests.browser.test_appearance import violations


async def test_somebody_turns_the_clock_from_a_page(browser: Browser, site: str) -> None:
    person = await new_person(browser, site, "clock", "en-GB")
    async with visit(browser, viewport=PHONE) as watched:
        page = watched.page
        await page.goto(f"{site}/sign-in")
        await page.fill("#field-identifier", person.name)
        await page.fill("#field-password", PASSWORD)
        await page.press("#field-password", "Enter")
        await page.wait_for_url(lambda url: "/sign-in" not in url)
        await page.goto(f"{site}/my/orders")
        await page.click(".trial a")
        await expect(page.locator("h1")).to_have_text("Clock")
        assert await violations(page) == []
        await page.fill("#field-by", "tomorrow")
        await page.press("#field-by", "Enter")
        await expect(page.locator("#error-by")).to_contain_text("at least one minute")
        await page.fill("#field-by", "1m")  # the other tests of this run share the time
        await page.press("#field-by", "Enter")
        await page.wait_for_url(f"{site}/my/orders")
        await expect(page.locator(".trial")).to_contain_text("turned forward by 1 minute")
        await expect(page.get_by_text("The clock is turned.")).to_be_visible()
        assert await violations(page) == []
