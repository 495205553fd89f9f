"""Journeys on a phone, in both languages: profile, portfolio and the catalogue of freelancers (P4 to P8, P12, P25)."""

import pytest
from playwright.async_api import Browser, FilePayload, expect

from tests.browser.phone_user import LOCALES, PhoneUser, phone_user
from tests.factories.files import PDF, picture

ORDER = "Бот для записи в кружок вышивки"


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_freelancer_shows_themselves_and_is_found(browser: Browser, stocked: str, locale: str) -> None:
    async with (
        phone_user(browser, stocked, "vera", locale) as vera,
        phone_user(browser, stocked, "olga", locale) as olga,
    ):
        headline = f"Вышиваю вымпелы для {vera.person.name}"
        await _says_who_she_is(vera, headline)
        await _shows_work(vera)
        await _finds(olga, vera.person.name, headline)
        await _invites(olga, headline)
        await vera.account("My invitations")
        await vera.sees(ORDER)
        await vera.open(vera.say("Open and answer: {order}", order=ORDER))
        await vera.reads("Send a proposal")
        await vera.follow("Orders")
        await vera.follow("For you")
        await vera.sees(ORDER)


async def _says_who_she_is(vera: PhoneUser, headline: str) -> None:
    """P4, P5, P7: one account for both sides; the profile, with suggested skills, as others see it."""
    await vera.account("Settings")
    await vera.follow("Public profile")
    await vera.fill("In one line", headline)
    await vera.fill("About", "Шью **быстро**. [Работы](https://example.org)")
    await vera.page.locator("[name=skills_expert]").press_sequentially("pyth")
    await vera.page.get_by_role("option", name="Python", exact=True).click()
    await vera.fill("Rate for an hour", "1 500")
    await vera.page.locator("[name=language_0]").select_option("ru")
    await vera.fill("Town", "Тула")
    await vera.page.locator("[name=time_zone]").select_option("Europe/Moscow")
    await vera.page.locator("[name=link_0]").fill("https://example.org/vera")
    await vera.page.locator("[name=link_title_0]").fill("Вымпелы")
    await vera.tick("Show me among the freelancers")
    await vera.press("Save")
    await vera.follow("See it as others do")
    await vera.sees(headline, "Python", "Тула", "Вымпелы")
    await vera.reads("This is how everybody sees you.")
    await expect(vera.page.locator("main strong", has_text="быстро")).to_have_count(1)


async def _shows_work(vera: PhoneUser) -> None:
    """P6, P25: portfolio items with a picture and a document, sorted by their owner."""
    await vera.follow("Portfolio")
    for title, files in (("Флаг клуба", [_png("flag.png"), _pdf("plan.pdf")]), ("Знамя школы", [])):
        await vera.follow("Add a piece of work")
        await vera.fill("What it is", title)
        if files:
            await vera.attach(*files)
        await vera.press("Save")
    await vera.press("Down")
    await expect(vera.page.locator("main").get_by_text("Знамя школы").first).to_be_visible()


async def _finds(olga: PhoneUser, name: str, headline: str) -> None:
    """P8: found by other word forms, viewed with the portfolio, and added to favourites."""
    await olga.page.locator(".foot a[href='/freelancers']").click()
    await olga.unfold("Filters")
    await olga.fill("Words", f"вымпелов {name}")
    await olga.press("Show")
    await olga.open(name)
    await olga.sees(headline, "Знамя школы", "Флаг клуба")
    await expect(olga.page.locator(".work-pictures img").first).to_be_visible()
    await olga.press("Keep for later")
    await olga.account("Favourites")
    await olga.sees(headline)


async def _invites(olga: PhoneUser, headline: str) -> None:
    """P12: an order recommends matching freelancers, and one is invited."""
    await olga.follow("Post")
    await olga.fill("What needs to be done", ORDER)
    await olga.fill("Description", "Дети записываются по телефону, нужна запись через бота.")
    await olga.page.locator("[name=skills]").fill("Python")
    await olga.fill("Budget", "40 000")
    await olga.press("Publish order")
    await olga.more("Whom to invite")
    await olga.sees(headline)
    card = olga.page.locator("main .order-card", has_text=headline)
    await olga.follow("Invite", card)
    await olga.press("Invite")


def _png(name: str) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": picture(size=(400, 300))}


def _pdf(name: str) -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": PDF}
