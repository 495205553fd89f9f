"""Unsent input is restored: after a reload, in a new window, after the end of a session, after a refusal."""

import re

import pytest
from playwright.async_api import Browser, Dialog, Page

from tests.browser.chromium import visit
from tests.browser.scenario import PASSWORD, Person, World, make_world, new_person

TEXT = "Печём хлеб и продаём его сами.\n\nНужен быстрый сайт, и ничего не должно пропасть."
TITLE = "Интернет-магазин для пекарни"
KEPT = "[data-draft-note]:not([hidden])"
NOTICE = "[data-draft-notice]:not([hidden])"


async def wait_until_kept(page: Page, words: str) -> None:
    """Wait: input is saved a moment after the last key."""
    for _attempt in range(50):
        if words in str(await page.evaluate("JSON.stringify(localStorage)")):
            return
        await page.wait_for_timeout(100)
    raise AssertionError(words)


async def write_order(page: Page, site: str) -> None:
    await page.goto(f"{site}/orders/new")
    await page.fill("#field-title", TITLE)
    await page.fill("#field-description", TEXT)
    await page.fill("#field-skills", "Печь, хлеб")
    await page.check("input[name=budget_kind][value=hourly]")
    await page.select_option("#field-currency", "USD")
    await page.wait_for_selector(KEPT)
    await wait_until_kept(page, "USD")


async def holds(page: Page) -> bool:
    return (
        await page.input_value("#field-title") == TITLE
        and await page.input_value("#field-description") == TEXT
        and await page.input_value("#field-skills") == "Печь, хлеб"
        and await page.is_checked("input[name=budget_kind][value=hourly]")
        and await page.input_value("#field-currency") == "USD"
    )


async def drafts(page: Page) -> list[str]:
    found = await page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft:'))")
    return [str(key) for key in found]


async def sign_in(page: Page, person: Person) -> None:
    await page.fill("#field-identifier", person.name)
    await page.fill("#field-password", PASSWORD)
    await page.press("#field-password", "Enter")
    await page.wait_for_url(lambda url: "/sign-in" not in url)


@pytest.fixture
async def person(browser: Browser, site: str) -> Person:
    return await new_person(browser, site, "draft", "en-GB")


async def test_a_text_outlives_its_window_and_can_be_removed_and_put_back(
    browser: Browser, site: str, person: Person
) -> None:
    async with visit(browser, context=person.context) as first:
        await write_order(first.page, site)
        assert re.match(r"Kept in this browser at \d", await first.page.inner_text(KEPT))
    kept = await person.context.storage_state()
    await person.context.close()
    # The new browser context has only what the old one stored on disk.
    context = await browser.new_context(storage_state=kept, locale="en-GB")
    async with visit(browser, context=context) as watched:
        page = watched.page
        await page.goto(f"{site}/orders/new")
        assert await holds(page)
        assert "is here again" in await page.inner_text(NOTICE)
        button = page.locator(f"{NOTICE} button")
        await button.click()
        assert await page.input_value("#field-title") == await page.input_value("#field-description") == ""
        assert await page.is_checked("input[name=budget_kind][value=fixed]")
        assert await drafts(page) == []
        assert await button.inner_text() == "Put my text back"
        await button.click()
        assert await holds(page)
        assert len(await drafts(page)) == 1
        await button.click()
        await page.reload()
        assert await page.locator(NOTICE).count() == 0
        assert await page.input_value("#field-title") == ""
        await watched.check()
    await context.close()


async def test_a_text_outlives_the_session_in_which_it_was_typed(browser: Browser, site: str, person: Person) -> None:
    async with visit(browser, context=person.context) as watched:
        page = watched.page
        await write_order(page, site)
        await person.context.clear_cookies()
        await page.click("button[value=draft]")
        await page.wait_for_url("**/sign-in?next=%2Forders%2Fnew")
        assert "nothing was sent" in await page.inner_text(".flashes")
        await sign_in(page, person)
        await page.wait_for_url("**/orders/new")
        assert await holds(page)
        await page.click("button[value=draft]")
        await page.wait_for_url(re.compile(r"/orders/[0-9a-f-]{36}$"))
        assert await page.inner_text("h1") == TITLE
        assert await drafts(page) == []
        await page.goto(f"{site}/orders/new")
        assert await page.input_value("#field-title") == ""
        assert await page.locator(NOTICE).count() == 0


async def test_a_long_form_says_its_parts_and_where_one_stands(browser: Browser, site: str, person: Person) -> None:
    async def stands(passed: int, name: str) -> None:
        await page.wait_for_selector(f".parts a[aria-current=step]:text-is('{name}')")
        assert await page.locator(".parts a[data-passed]").count() == passed

    async with visit(browser, context=person.context) as watched:
        page = watched.page
        await page.goto(f"{site}/orders/new")
        await stands(0, "Task")
        await page.mouse.wheel(0, 1000)
        await stands(1, "Payment")
        await page.focus("#field-questions")
        await stands(2, "Who fits")
        await page.click(".parts a:text-is('Access')")
        await stands(3, "Access")
        top = await page.evaluate("document.querySelector('#access-name').getBoundingClientRect().top")
        line = await page.evaluate("document.querySelector('.parts').getBoundingClientRect().bottom")
        assert line <= top < 900, "its name is not hidden by the line"
        await page.fill("#field-title", TITLE)
        await page.fill("#field-budget", "minus five")
        await page.click("button[value=publish]")
        await page.wait_for_selector(".summary")
        assert await page.locator(".parts a[data-bad]").all_inner_texts() == ["Payment"]
        await watched.check()


async def test_a_refused_form_keeps_its_text_and_says_so_once(browser: Browser, site: str, person: Person) -> None:
    async with visit(browser, context=person.context) as watched:
        page = watched.page
        await write_order(page, site)
        await page.fill("#field-budget", "minus five")
        await page.click("button[value=publish]")
        await page.wait_for_selector(".summary")
        assert await holds(page)
        assert await page.locator(NOTICE).count() == 0
        assert len(await drafts(page)) == 1
        await page.goto(f"{site}/orders/new")
        assert await holds(page)
        assert await page.input_value("#field-budget") == "minus five"


async def test_nobody_else_at_this_browser_gets_the_text_and_signing_out_removes_it(
    browser: Browser, site: str, person: Person
) -> None:
    answers: list[bool] = [False, True]
    asked: list[str] = []

    async def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await (dialog.accept() if answers.pop(0) else dialog.dismiss())

    other = await new_person(browser, site, "other", "en-GB")
    async with visit(browser, context=person.context) as watched:
        page = watched.page
        page.on("dialog", answer)
        await write_order(page, site)
        await person.context.clear_cookies()
        await page.goto(f"{site}/sign-in?next=/orders/new")
        await sign_in(page, other)
        assert await page.input_value("#field-title") == ""
        assert await page.locator(NOTICE).count() == 0
        await person.context.clear_cookies()
        await page.goto(f"{site}/sign-in?next=/orders/new")
        await sign_in(page, person)
        assert await holds(page)
        for left in (1, 0):
            await page.click("summary[aria-label^=Account]")
            await page.click("form[action='/sign-out'] button")
            if left:
                assert page.url == f"{site}/orders/new"
                await page.keyboard.press("Escape")
            else:
                await page.wait_for_url(f"{site}/")
            assert len(await drafts(page)) == left
        assert len(asked) == 2
        assert "Signing out removes them" in asked[0]
    await other.context.close()


async def test_a_text_typed_over_an_older_state_is_kept_aside(browser: Browser, site: str) -> None:
    world: World = await make_world(browser, site, "en-GB")
    customer = world.customer
    async with visit(browser, context=customer.context) as watched:
        page = watched.page
        address = f"{site}/orders/{world.order_id}/edit"
        await page.goto(address)
        await page.fill("#field-title", TITLE)
        await page.wait_for_selector(KEPT)
        async with visit(browser, context=customer.context) as second:
            await second.page.goto(address)
            assert await second.page.input_value("#field-title") == TITLE
            await second.page.fill("#field-title", "Сайт пекарни с доставкой по районам")
            await second.page.evaluate("localStorage.clear()")
            await second.page.click("button[value=save]")
            await second.page.wait_for_url(f"**/orders/{world.order_id}")
        await page.fill("#field-title", TITLE + " и кафе")
        await wait_until_kept(page, "кафе")
        await page.goto(address)
        assert await page.input_value("#field-title") == "Сайт пекарни с доставкой по районам"
        assert "kept aside" in await page.inner_text(NOTICE)
        await page.click(f"{NOTICE} button")
        assert await page.input_value("#field-title") == TITLE + " и кафе"
        await page.click("button[value=save]")
        await page.wait_for_url(f"**/orders/{world.order_id}")
        assert await page.inner_text("h1") == TITLE + " и кафе"
        assert await drafts(page) == []
    async with visit(browser, context=world.freelancer.context) as watched:
        page = watched.page
        await page.goto(f"{site}/proposals/{world.proposal_id}/edit")
        await page.fill("#field-letter", TEXT)
        await page.wait_for_selector(KEPT)
        await page.reload()
        assert await page.input_value("#field-letter") == TEXT
    await customer.context.close()
    await world.freelancer.context.close()


async def test_a_browser_that_keeps_nothing_says_so(browser: Browser, site: str, person: Person) -> None:
    async with visit(browser, context=person.context) as watched:
        page = watched.page
        await page.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); }")
        await page.goto(f"{site}/orders/new")
        await page.fill("#field-title", TITLE)
        await page.wait_for_selector(KEPT)
        assert "keeps nothing" in await page.inner_text(KEPT)
