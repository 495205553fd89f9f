"""The line below an amount field says how the server reads what is typed, or why it is not understood."""

from playwright.async_api import Browser, Page, expect

from tests.browser.chromium import PHONE, visit
from tests.browser.scenario import make_world, new_person
from tests.browser.test_appearance import violations


async def reads(page: Page, field: str, typed: str, words: str) -> None:
    await page.locator(f"#field-{field}").fill(typed)
    await expect(page.locator(f"#amount-{field}")).to_contain_text(words)


async def test_an_amount_is_shown_as_it_is_read(browser: Browser, site: str) -> None:
    person = await new_person(browser, site, "amounts", "en-GB")
    async with visit(browser, context=person.context) as watched:
        page = watched.page
        await page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a size
        await page.goto(f"{site}/orders/new")
        note = page.locator("#amount-budget")
        await expect(note).to_have_attribute("aria-live", "polite")
        await expect(note).to_be_empty()
        await page.select_option("#field-currency", "USD")
        await reads(page, "budget", "1,500", "Amount: $1,500")
        await page.select_option("#field-currency", "EUR")
        await expect(note).to_have_text("Amount: €1,500")
        await reads(page, "budget", "1 500,000", "can be read in two ways")
        await reads(page, "budget", "$20", "“$” in the amount is not EUR.")
        await reads(page, "budget", "1e5", "amount")
        await expect(note).not_to_contain_text("Amount:")
        assert await watched.overflow() <= 0
        assert await violations(page) == []
        await reads(page, "budget", "2k", "Amount: €2,000")
        await page.fill("#field-budget", " ")
        await expect(note).to_be_empty()
        await watched.check()
    await person.context.close()


async def test_milestones_have_a_line_each(browser: Browser, site: str) -> None:
    world = await make_world(browser, site, "en-GB")
    async with visit(browser, context=world.freelancer.context) as watched:
        page = watched.page
        await page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a size
        await page.goto(f"{site}/proposals/{world.proposal_id}/edit")
        await expect(page.locator("#amount-price")).to_have_text("Amount: ₽140,000")
        await page.locator("#field-milestones > summary").click()
        amounts, notes = page.locator("[name=milestone_amount]"), page.locator(".milestone .amount-note")
        await amounts.nth(0).fill("15 тыс. руб.")
        await expect(notes.nth(0)).to_have_text("Amount: ₽15,000")
        await expect(notes.nth(1)).to_be_empty()
        await amounts.nth(1).fill("1,5,0")
        await expect(notes.nth(1)).not_to_be_empty()
        await expect(notes.nth(1)).not_to_contain_text("Amount:")
        assert await watched.overflow() <= 0
        assert await violations(page) == []
        await watched.check()
    for person in (world.customer, world.freelancer):
        await person.context.close()
