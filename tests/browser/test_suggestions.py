"""The skills filter: suggestions while typing, chosen by keyboard or touch; plain text without a script."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.chromium import PHONE, visit
from tests.browser.test_appearance import violations

INPUT = "#field-skills"
OPTIONS = "#list-skills [role=option]"


async def type_word(page: Page, word: str) -> None:
    await page.press(INPUT, "End")
    await page.type(INPUT, word)


@pytest.mark.parametrize(
    ("locale", "typed", "name"), [("ru-RU", "питон", "Python"), ("en-GB", "page mark", "Page markup")]
)
async def test_skills_are_chosen_by_keyboard(
    browser: Browser, stocked: str, locale: str, typed: str, name: str
) -> None:
    async with visit(browser, locale=locale) as watched:
        page = watched.page
        await page.goto(f"{stocked}/orders")
        box = page.locator(INPUT)
        await expect(box).to_have_role("combobox")
        await expect(box).to_have_accessible_name("Навыки" if locale == "ru-RU" else "Skills")
        await type_word(page, typed)
        await expect(page.locator(OPTIONS).first).to_have_text(name)
        await expect(box).to_have_attribute("aria-expanded", "true")
        await expect(page.locator(".suggest [role=status]")).to_contain_text(
            "Подсказок:" if locale == "ru-RU" else "Suggestions:"
        )
        await page.press(INPUT, "ArrowDown")
        active = await box.get_attribute("aria-activedescendant")
        await expect(page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
        assert await violations(page) == []
        await page.press(INPUT, "Enter")
        await expect(box).to_have_value(f"{name}, ")
        await expect(page.locator("#list-skills")).to_be_hidden()
        await type_word(page, "SQL")
        await expect(page.locator(OPTIONS).first).to_be_visible()
        await page.press(INPUT, "Escape")
        await expect(page.locator("#list-skills")).to_be_hidden()
        await expect(box).to_have_value(f"{name}, SQL")
        await page.press(INPUT, "Enter")
        await page.wait_for_url("**/orders?*skills=*")
        assert await page.locator(".chip").count() == 2
        await watched.check()


async def test_a_finger_takes_a_suggestion_inside_the_sheet(browser: Browser, stocked: str) -> None:
    async with visit(browser, viewport=PHONE) as watched:
        page = watched.page
        await page.goto(f"{stocked}/orders")
        await page.click(".filters > summary")
        await type_word(page, "pyhton")
        await page.locator(OPTIONS, has_text="Python").first.click()
        await expect(page.locator(INPUT)).to_have_value("Python, ")
        await type_word(page, "python")
        await expect(page.locator(".suggest [role=status]")).not_to_contain_text("Added")
        assert "Python" not in await page.locator(OPTIONS).all_inner_texts()
        await watched.check()


async def test_without_a_script_it_is_a_text_field(browser: Browser, stocked: str) -> None:
    async with visit(browser, script=False) as watched:
        page = watched.page
        await page.goto(f"{stocked}/orders")
        await page.fill(INPUT, "питон, SQL")
        await page.press(INPUT, "Enter")
        await page.wait_for_url("**/orders?*skills=*")
        assert sorted(await page.locator(".chip span:not(.sr)").all_inner_texts()) == ["Python", "SQL"]


@pytest.mark.parametrize(
    ("locale", "typed", "name"), [("ru-RU", "веб", "Веб-разработка"), ("en-GB", "web dev", "Web development")]
)
async def test_the_search_leads_to_a_field_of_work(
    browser: Browser, stocked: str, locale: str, typed: str, name: str
) -> None:
    async with visit(browser, locale=locale, viewport=PHONE) as watched:
        page = watched.page
        await page.goto(f"{stocked}/orders")
        await page.type("#search", typed)
        first = page.locator("#places [role=option]").first
        await expect(first).to_contain_text(name)
        assert await violations(page) == []
        assert await watched.overflow() == 0
        await page.press("#search", "ArrowDown")
        await page.press("#search", "Enter")
        await page.wait_for_url("**/orders?category=web-development")
        await expect(page.locator(".chip", has_text=name).first).to_be_visible()
        await page.type("#search", "магазин")
        await page.press("#search", "Enter")
        await page.wait_for_url("**/orders?q=*")
        await watched.check()
