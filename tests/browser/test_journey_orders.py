"""Journeys on a phone, in both languages: an order's lifecycle, search, saved searches (P9, P10, P11, N8)."""

import re

import pytest
from playwright.async_api import Browser, FilePayload, expect

from tests.browser.phone_user import LOCALES, PhoneUser, phone_user


@pytest.mark.parametrize("locale", LOCALES)
async def test_an_order_is_posted_found_changed_and_closed(browser: Browser, stocked: str, locale: str) -> None:
    async with (
        phone_user(browser, stocked, "nina", locale) as nina,
        phone_user(browser, stocked, "gleb", locale) as gleb,
    ):
        title = f"Вывеска для чайной {nina.person.name}"
        await _posts(nina, title)
        await _finds(gleb, title, nina.person.name)
        await _keeps_the_search(gleb, nina.person.name)
        await _changes(nina, title)
        await gleb.open(title)
        await gleb.unfold("Edited {count} time: what changed")
        await expect(gleb.page.locator("main ins").filter(visible=True).first).to_contain_text("зелёным")
        await _ends(nina, title)
        await gleb.page.reload()
        await gleb.reads("Closed")


def _plan() -> FilePayload:
    return {"name": "эскиз.txt", "mimeType": "text/plain", "buffer": "Две чашки и пар.".encode()}


async def _posts(nina: PhoneUser, title: str) -> None:
    """P9: a draft with a question and a file, previewed before it is published."""
    await nina.follow("Post")
    await nina.fill("What needs to be done", title)
    await nina.fill("Description", "Нарисовать вывеску: две чашки, пар и название синим.")
    await nina.page.locator("[name=skills]").fill("Figma")
    await nina.fill("Budget", "30 000")
    await nina.fill("Questions to freelancers", "Сколько вариантов покажете?")
    await nina.attach(_plan())
    await nina.press("Save and preview")
    await nina.sees(title, "Сколько вариантов покажете?", "эскиз.txt")
    await nina.reads("Draft")
    await nina.press("Publish order")
    await nina.reads("Open", "If nobody acts until {date}, the order expires.")


async def _finds(gleb: PhoneUser, title: str, owner: str) -> None:
    """P10, N8: search by other word forms, with a typing error, by filters; sort with reasons."""
    await gleb.follow("Orders")
    await gleb.search(f"вывесок чайных {owner}")
    await gleb.sees(title)
    await gleb.follow("Best match")
    await gleb.reads("Here because: {reasons}")
    await gleb.follow("How this is counted")
    await gleb.reads("How the best match is counted")
    await gleb.search(f"вывеска {owner}")
    await gleb.unfold("Filters")
    await gleb.page.locator("[name=skills]").fill("Figma")
    await gleb.fill("Budget from", "20 000")
    await gleb.press("Show")
    await gleb.sees(title)
    await gleb.unfold("Filters")
    await gleb.fill("Budget from", "31 000")
    await gleb.press("Show")
    await gleb.reads("Nothing fits")
    filters = gleb.page.get_by_role("link", name=re.compile(re.escape(gleb.say("Remove the filter"))))
    await filters.last.click()
    await gleb.arrive()


async def _keeps_the_search(gleb: PhoneUser, owner: str) -> None:
    """P11: save a search with a daily e-mail, open its feed, delete it."""
    await gleb.search(f"вывеска {owner}")
    await gleb.follow("Save this search")
    await gleb.fill("Name", "Вывески")
    await gleb.choose("Mails about new orders", "Once a day")
    await gleb.press("Save the search")
    await gleb.sees("Вывески")
    feed = gleb.page.locator("main a[type='application/atom+xml']").first
    answer = await gleb.page.request.get(f"{gleb.person.origin}{await feed.get_attribute('href')}")
    assert answer.ok
    assert owner not in gleb.page.url
    await gleb.press("Show orders")
    await gleb.sees(owner)


async def _changes(nina: PhoneUser, title: str) -> None:
    """P9: an edit with a public history; pause and resume."""
    await nina.follow("Edit")
    await nina.fill("Description", "Нарисовать вывеску: две чашки, пар и название зелёным.")
    await nina.press("Save changes")
    await nina.sees("зелёным")
    await nina.more("Pause")
    await nina.reads("Paused")
    await nina.press("Open again")
    await nina.reads("Open")
    await nina.more("Keep as a template")
    await nina.press("Keep the template")
    await nina.follow("Mine")
    await nina.follow("Templates")
    await nina.sees(title)
    await nina.press("Begin an order")
    await expect(nina.page.locator("[name=title]")).to_have_value(title)
    await (
        nina.page.locator("main")
        .get_by_label(re.compile(re.escape(nina.say("Only those I invite"))))
        .first.check(force=True)
    )
    await nina.press("Save and preview")
    await nina.reads("Draft", "Only those I invite")


async def _ends(nina: PhoneUser, title: str) -> None:
    """P9: a copy is a separate draft; closing asks for the reason."""
    await nina.follow("Mine")
    await nina.page.locator("main .order-card", has_text=nina.say("Open")).get_by_role("link", name=title).first.click()
    await nina.more("Copy")
    await nina.reads("This is a copy. Nobody sees it until you publish.")
    await nina.follow("Mine")
    await nina.page.locator("main .order-card", has_text=nina.say("Open")).get_by_role("link", name=title).first.click()
    await nina.more("Close order")
    await nina.page.locator("main [name=reason]").first.check(force=True)
    await nina.press("Close order")
    await nina.reads("Closed")
