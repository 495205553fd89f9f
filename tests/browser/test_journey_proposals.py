"""Journeys on a phone, in both languages: sending proposals and choosing (P13, P14, P25, N5)."""

import re

import pytest
from playwright.async_api import Browser, FilePayload, Locator, expect

from tests.browser.phone_user import LOCALES, SLOW, PhoneUser, phone_user

COVER_LETTER = "Рисую вывески двенадцать лет, начну с трёх набросков в понедельник."
SKETCH: FilePayload = {"name": "набросок.txt", "mimeType": "text/plain", "buffer": "Кит и чашка.".encode()}


@pytest.mark.parametrize("locale", LOCALES)
async def test_freelancers_answer_and_one_is_chosen(browser: Browser, stocked: str, locale: str) -> None:
    async with (
        phone_user(browser, stocked, "rita", locale) as rita,
        phone_user(browser, stocked, "ivan", locale) as ivan,
        phone_user(browser, stocked, "lida", locale) as lida,
        phone_user(browser, stocked, "egor", locale) as egor,
    ):
        title = f"Роспись стены в кафе {rita.person.name}"
        await _posts(rita, title)
        cover_letters = (
            COVER_LETTER,
            f"{COVER_LETTER} Со мной напарник.",
            "Распишу за день, опыт большой, кисти и краски мои.",
        )
        for person, price, cover_letter in zip(
            (ivan, lida, egor), ("50 000", "60 000", "90 000"), cover_letters, strict=True
        ):
            await _answers(person, title, price, cover_letter)
        await _saves_the_cover_letter(ivan)
        await _edits(ivan, title)
        await _compares(rita, title, (ivan, lida, egor))
        await _exchange_messages(rita, ivan, title)
        await _declines(rita, title, egor)
        await egor.follow("Proposals")
        await egor.open(title)
        await egor.sees("Слишком дорого для нас.")
        await _agrees(rita, ivan, title)
        await lida.follow("Proposals")
        await lida.reads("Another freelancer was chosen")


async def _posts(rita: PhoneUser, title: str) -> None:
    await rita.follow("Post")
    await rita.fill("What needs to be done", title)
    await rita.fill("Description", "Стена четыре на три метра, эскиз обсудим вместе.")
    await rita.fill("Budget", "60 000")
    await rita.fill("Questions to freelancers", "Чем защитите краску?")
    await rita.press("Publish order")


async def _answers(person: PhoneUser, title: str, price: str, cover_letter: str) -> None:
    """P13, N5: price, days, cover letter, answers, milestones and a file, beside the customer's statistics."""
    await person.follow("Orders")
    await person.search(title)
    await person.open(title)
    await person.reads("Orders posted", "Here since")
    await person.follow("Send a proposal")
    await person.fill("Your price", price)
    await person.fill("Term, days", "12")
    await person.fill("Letter", cover_letter)
    await person.fill("Чем защитите краску?", "Матовым лаком в два слоя.")
    await person.unfold("Milestones")
    half = str(int(price.replace(" ", "")) // 2)
    for number, part in enumerate(("Эскиз", "Роспись")):
        await person.page.locator("[name=milestone_title]").nth(number).fill(part)
        await person.page.locator("[name=milestone_amount]").nth(number).fill(half)
        await person.page.locator("[name=milestone_days]").nth(number).fill("6")
    await person.attach(SKETCH)
    await person.press("Send proposal")
    await person.sees(cover_letter, "Матовым лаком", "Эскиз", "набросок.txt")


async def _saves_the_cover_letter(ivan: PhoneUser) -> None:
    await ivan.follow("Keep the letter")
    await ivan.fill("Name of the letter", "О вывесках")
    await ivan.press("Keep the letter")
    await ivan.sees("О вывесках")


async def _edits(ivan: PhoneUser, title: str) -> None:
    await ivan.follow("Proposals")
    await ivan.open(title)
    await ivan.follow("Edit")
    await ivan.fill("Letter", f"{COVER_LETTER} Лак входит в цену.")
    await ivan.press("Save")
    await ivan.sees("Лак входит в цену.")


async def _compares(rita: PhoneUser, title: str, people: tuple[PhoneUser, ...]) -> None:
    """P14: seen marks, the shortlist, a note, comparing side by side."""
    await rita.follow("Mine")
    await rita.open(title)
    await rita.sees(*(person.person.name for person in people))
    await people[0].page.reload()
    await people[0].reads("seen by the customer")
    await rita.press("Put the proposal of {name} on the short list", _card(rita, people[0]))
    await rita.reads("On the short list")
    for person in people:
        await rita.page.get_by_label(rita.say("Compare: {name}", name=person.person.name)).check()
    await rita.press("Compare the ticked ones")
    await rita.sees(*(person.person.name for person in people), "Матовым лаком")
    await rita.follow(title[:20])


def _card(rita: PhoneUser, person: PhoneUser) -> Locator:
    return rita.page.locator("main article.card", has_text=person.person.name)


async def _exchange_messages(rita: PhoneUser, ivan: PhoneUser, title: str) -> None:
    """P14: chat before choosing. New messages appear on the open page, and each side sees what was read."""
    await rita.follow("Write to {name}", _card(rita, ivan))
    await rita.fill("Message", "Лак не пожелтеет на солнце?")
    await rita.press("Send")
    await rita.sees("Лак не пожелтеет на солнце?")
    await ivan.page.locator('header a[href="/messages"]').first.click()
    await ivan.arrive()
    await ivan.open(rita.person.name)
    await ivan.sees("Лак не пожелтеет на солнце?", title)
    await ivan.fill("Message", "Нет: он с защитой, покажу стену трёхлетней давности.")
    await ivan.press("Send")
    news = rita.page.locator("ol.talk")
    await expect(news).to_contain_text("стену трёхлетней давности", timeout=SLOW)
    await expect(news.locator(".talk-read").first).to_be_visible()
    await expect(ivan.page.locator(".talk-read").first).to_be_visible(timeout=SLOW)
    await rita.follow(title[:20])


async def _declines(rita: PhoneUser, title: str, egor: PhoneUser) -> None:
    """P14: decline with a reason that the freelancer reads."""
    await (
        rita.page.locator("main article.card", has_text=egor.person.name)
        .get_by_role("link", name=rita.say("Decline the proposal of {name}", name=egor.person.name))
        .click()
    )
    await rita.page.locator("main [name=reason]").first.check(force=True)
    await rita.fill("A word to the freelancer", "Слишком дорого для нас.")
    await rita.press("Decline")
    await rita.sees(title)


async def _agrees(rita: PhoneUser, ivan: PhoneUser, title: str) -> None:
    """P14: an offer, a counter-offer, and its acceptance."""
    await rita.page.get_by_role("link", name=rita.say("Offer terms to {name}", name=ivan.person.name)).click()
    await rita.fill("Price", "48 000")
    await rita.fill("A word to it", "Возьмём сразу две стены.")
    parts = rita.page.locator("[name^=milestone_]")  # the milestones of the proposal, whose sum is another price
    for number in range(await parts.count()):
        await parts.nth(number).fill("")
    await rita.press("Offer these terms")
    await rita.reads("Your terms")
    await ivan.follow("Proposals")
    await ivan.open(title)
    await ivan.follow("Answer the terms")
    await ivan.sees("Возьмём сразу две стены.")
    await ivan.follow("Answer with other terms")
    await ivan.fill("Price", "49 000")
    await ivan.press("Offer these terms")
    await rita.page.reload()
    await rita.follow("Mine")
    await rita.open(title)
    await rita.follow("Answer the terms")
    await rita.press("Agree to the terms")
    await rita.reads("You have agreed. Both sides see it now.")
    await ivan.follow("Proposals")
    await ivan.sees(title)
    await ivan.reads("Chosen")
    await ivan.open(title)
    await expect(ivan.page.locator("main")).to_contain_text(re.compile(r"49[\s,]000"))
