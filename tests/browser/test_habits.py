"""What people do: Back with an open sheet, several tabs, two clicks, a password that was forgotten, no confirmation."""

import re

import pytest
from playwright.async_api import Browser, Page, Response, expect

from app.core.ids import new_id
from tests.browser.chromium import DESKTOP, PHONE, visit
from tests.browser.scenario import PASSWORD, Person, make_world, new_person
from tests.browser.test_appearance import violations

TITLE = "Сайт для пекарни с доставкой"
TEXT = "Печём хлеб и продаём его сами. Нужен быстрый сайт, и ничего не должно пропасть."


@pytest.fixture
async def person(browser: Browser, site: str) -> Person:
    return await new_person(browser, site, "habit", "en-GB")


async def sign_in(page: Page, person: Person) -> None:
    await page.fill("#field-identifier", person.name)
    await page.fill("#field-password", PASSWORD)
    await page.press("#field-password", "Enter")
    await page.wait_for_url(lambda url: "/sign-in" not in url)


async def test_back_closes_an_open_sheet_and_then_leaves(browser: Browser, site: str) -> None:
    async with visit(browser, viewport=PHONE) as watched:
        page = watched.page
        await page.goto(f"{site}/")
        await page.goto(f"{site}/orders")
        for _turn in range(2):
            await page.click(".filters > summary")
            await expect(page.locator("[data-sheet-close]")).to_be_focused()
            await page.go_back()
            await expect(page.locator(".filters")).not_to_have_attribute("open", "")
            assert page.url == f"{site}/orders"
        await page.click(".filters > summary")
        await page.click("[data-sheet-close]")
        await expect(page.locator(".filters")).not_to_have_attribute("open", "")
        await page.wait_for_function("!history.state?.sheet")  # the script leaves the place of the sheet by itself
        await page.go_back()
        await expect(page).to_have_url(f"{site}/")
        await watched.check()


async def test_the_time_zone_is_told_for_a_signed_in_person_only(browser: Browser, site: str, person: Person) -> None:
    async def zone() -> str | None:
        found = await page.context.cookies()
        return next((str(cookie.get("value")) for cookie in found if cookie.get("name") == "time_zone"), None)

    state = await person.context.storage_state()
    context = await browser.new_context(storage_state=state, timezone_id="Asia/Vladivostok", locale="en-GB")
    async with visit(browser, context=context) as watched:
        page = watched.page
        await page.goto(f"{site}/orders")
        assert await zone() == "Asia/Vladivostok"
        await watched.check()
    await context.close()
    async with visit(browser) as watched:
        page = watched.page
        await page.goto(f"{site}/orders")
        assert await zone() is None


async def test_the_reset_page_takes_over_what_was_typed(browser: Browser, site: str) -> None:
    async with visit(browser) as watched:
        page = watched.page
        await page.goto(f"{site}/sign-in")
        await page.fill("#field-identifier", "anna+1@example.org")
        await page.click("main a[href^='/reset']")
        await expect(page).to_have_url(re.compile(r"/reset\?identifier=anna%2B1%40example\.org$"))
        await expect(page.locator("#field-identifier")).to_have_value("anna+1@example.org")
        await watched.check()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_a_form_of_before_another_sign_in_is_shown_again_and_then_taken(
    browser: Browser, site: str, person: Person, viewport: dict[str, int]
) -> None:
    async with visit(browser, context=person.context) as first, visit(browser, context=person.context) as second:
        page = first.page
        await page.set_viewport_size(viewport)  # type: ignore[arg-type]  # a size
        await page.goto(f"{site}/orders/new")
        await page.fill("#field-title", TITLE)
        await page.fill("#field-description", TEXT)
        await second.page.goto(site)
        await second.page.click("summary[aria-label^=Account]")
        second.page.on("dialog", lambda dialog: dialog.accept())
        await second.page.click("form[action='/sign-out'] button")
        await second.page.wait_for_url(f"{site}/")
        await second.page.goto(f"{site}/sign-in")
        await sign_in(second.page, person)
        await page.click("button[value=draft]")
        await expect(page.locator("main")).to_contain_text("This page is older than your sign-in")
        await expect(page.locator("textarea[name=description]")).to_have_value(TEXT)
        assert await first.overflow() <= 0
        assert await violations(page) == []
        await page.get_by_role("button", name=f"Send as {person.name}").click()
        await page.wait_for_url(re.compile(r"/orders/[0-9a-f-]{36}$"))
        await expect(page.locator("h1")).to_have_text(TITLE)
        await expect(page.locator("main")).to_contain_text(TEXT)
    await person.context.close()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
async def test_two_clicks_make_one_thing(browser: Browser, site: str, person: Person, script: bool) -> None:
    sent: list[Response] = []
    state = await person.context.storage_state()
    context = await browser.new_context(storage_state=state, locale="en-GB", java_script_enabled=script)
    async with visit(browser, context=context, script=script) as watched:
        page = watched.page
        page.on("response", lambda answer: sent.append(answer) if answer.request.method == "POST" else None)
        await page.goto(f"{site}/orders/new")
        await page.fill("#field-title", TITLE)
        await page.locator("button[value=draft]").dblclick(no_wait_after=True)
        await page.wait_for_url(re.compile(r"/orders/[0-9a-f-]{36}$"))
        await page.goto(f"{site}/my/orders?status=draft")
        found = page.locator("main a[href^='/orders/']", has_text=TITLE)
        links = await found.evaluate_all("(all) => all.map((a) => a.href)")
        assert len(set(links)) == 1, links
    await context.close()


async def test_an_unconfirmed_person_is_told_before_writing(browser: Browser, site: str) -> None:
    context = await browser.new_context(locale="en-GB", viewport=PHONE)  # type: ignore[arg-type]  # a size
    customer = Person(f"unconfirmed{new_id().hex[-8:]}", site, context, "en-GB")
    mail = f"{customer.name}@example.com"
    await customer.call("/auth/register", {"username": customer.name, "email": mail, "password": PASSWORD})
    order = await customer.call("/orders", {"title": TITLE, "description": TEXT, "budget_kind": "open"})
    await customer.call(f"/orders/{order['id']}/publish")
    freelancer = await new_person(browser, site, "answers", "en-GB")
    terms = {"price": {"amount": 5_000_00, "currency": "RUB"}, "term_days": 5, "letter": "I can make it."}
    proposal = await freelancer.call(f"/orders/{order['id']}/proposals", terms)
    async with visit(browser, context=context) as watched:
        for address, words in (
            (f"/orders/{order['id']}/invitations", "Confirm your e-mail address or phone number to invite people."),
            (f"/proposals/{proposal['id']}/messages", "Confirm your e-mail address or phone number to write first."),
        ):
            await watched.page.goto(site + address)
            hint = watched.page.locator("main .alert", has_text=words)
            await expect(hint.get_by_role("link")).to_have_attribute("href", "/settings/security")
            assert await watched.overflow() <= 0
            assert await violations(watched.page) == []
    for someone in (customer, freelancer):
        await someone.context.close()


async def test_news_about_one_thing_are_counted_in_one_notice(browser: Browser, site: str) -> None:
    world = await make_world(browser, site, "en-GB")
    for description in (TEXT, f"{TEXT} Ещё нужна оплата."):
        await world.customer.call(f"/orders/{world.order_id}", {"description": description}, method="PATCH")
    async with visit(browser, context=world.freelancer.context) as watched:
        page = watched.page
        await page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a size
        counted = page.locator(".notice .badge", has_text="2 times")
        for _attempt in range(60):  # the worker records both after their commits
            await page.goto(f"{site}/notifications")
            if await counted.count():
                break
            await page.wait_for_timeout(500)
        await expect(counted).to_have_count(1)
        assert await watched.overflow() <= 0
        assert await violations(page) == []
    for someone in (world.customer, world.freelancer):
        await someone.context.close()
